//! Writes the sessions of a store as lines.

use std::io::{self, Write};
use std::time::Duration;

use tickseed_session::{Clock, SessionStore, StoreError};

use super::digest::{SessionDigest, hash};
use super::line::{End, Origin, first_line, last_line, session_line};
use super::patience::patiently;
use super::{Observer, left_out};

/// How many sessions are read from the store at once.
const PAGE_LENGTH: usize = 500;

/// What has been exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// How many sessions were written.
    pub sessions: u64,
    /// How many had expired, and were not written.
    pub expired: u64,
    /// How many were not written because this version cannot read their record.
    pub left_out: u64,
    /// The digest over the sessions that were written.
    pub digest: SessionDigest,
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The store cannot be read.
    #[error("the store cannot be read")]
    Store(#[from] StoreError),
    /// The output cannot be written.
    #[error("the output cannot be written")]
    Output(#[from] io::Error),
}

/// Writes all sessions of a store that have not expired. What is created, changed or deleted meanwhile comes as it was or as it is,
/// as [`SessionStore::list`] says. A call that fails is tried again for `patience`.
///
/// # Errors
///
/// [`ExportError`] if the store cannot be read or the output cannot be written. Then the last line is missing.
pub async fn export(
    store: &dyn SessionStore,
    clock: &dyn Clock,
    origin: &Origin,
    patience: Duration,
    output: &mut dyn Write,
    observer: &mut dyn Observer,
) -> Result<Exported, ExportError> {
    writeln!(output, "{}", first_line(origin, clock.now()))?;
    let (mut exported, mut after) = (Exported::default(), None);
    loop {
        let page = patiently(patience, async || store.list(after, PAGE_LENGTH).await).await?;
        for error in &page.left_out {
            exported.left_out += 1;
            if let Some((id, reason)) = left_out(error) {
                observer.left_out(id, &reason);
            }
        }
        for session in &page.sessions {
            if session.has_expired(clock.now()) {
                exported.expired += 1;
                continue;
            }
            let line = session_line(session)?;
            writeln!(output, "{line}")?;
            exported.digest.add(&hash(line.as_bytes()));
            exported.sessions += 1;
        }
        observer.progressed(exported.sessions);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let Exported { sessions, left_out, digest, .. } = exported;
    writeln!(output, "{}", last_line(&End { sessions, digest, left_out }))?;
    output.flush()?;
    Ok(exported)
}
