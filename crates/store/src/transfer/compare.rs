//! Reads back what an import has written.

use futures_util::{StreamExt, stream};
use tickseed_session::{Clock, Revision, Session, SessionId, SessionStore, StoreError, Timestamp};

use super::digest::LineHash;
use super::imported::{ImportError, ImportOptions, Imported};
use super::line::hash_of;
use super::patience::patiently;

/// What is remembered of a session that is in the store: 64 bytes or so, instead of the session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied {
    pub(super) id: SessionId,
    pub(super) revision: Revision,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) hash: LineHash,
}

/// Compares every copy with the export.
pub(super) async fn compare(
    store: &dyn SessionStore,
    clock: &dyn Clock,
    ImportOptions { patience, at_once, .. }: ImportOptions,
    copies: &[Copied],
    imported: &mut Imported,
) -> Result<(), ImportError> {
    let reads = copies.iter().map(|copied| async move {
        let found = patiently(patience, async || store.find(copied.id).await).await?;
        Ok::<_, StoreError>((copied, found))
    });
    let mut reads = stream::iter(reads).buffer_unordered(at_once.max(1));
    while let Some(read) = reads.next().await {
        let (copied, found) = read?;
        compare_one(copied, found.as_ref(), clock.now(), imported)?;
    }
    Ok(())
}

fn compare_one(
    copied: &Copied,
    found: Option<&Session>,
    now: Timestamp,
    imported: &mut Imported,
) -> Result<(), ImportError> {
    match found {
        Some(found) if hash_of(found)? == copied.hash => {
            imported.compared += 1;
            imported.digest_of_copies.add(&copied.hash);
        }
        Some(found) if found.revision > copied.revision => imported.changed += 1,
        None if copied.expires_at.is_some_and(|expires_at| expires_at <= now) => imported.gone += 1,
        _ => return Err(ImportError::Lost(copied.id)),
    }
    Ok(())
}
