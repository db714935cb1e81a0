//! Creates the sessions of an export in a store.

use std::io::BufRead;

use futures_util::{StreamExt, stream};
use tickseed_session::{Clock, Created, Session, SessionStore, StoreError};

use super::compare::{self, Copied};
use super::imported::{ImportError, ImportOptions, Imported};
use super::line::{Line, hash_of};
use super::patience::patiently;
use super::reader::{ReadError, Reader};
use super::{Observer, left_out};

/// How many sessions are read before they are created.
const CHUNK_LENGTH: usize = 1024;

/// What has become of one session.
enum Outcome {
    Created,
    AlreadyThere,
    Conflict(String),
}

/// Creates every session of an export that is not there yet and has not expired, then reads all of them back and compares. A session
/// is never overwritten. Without a store it only says what it would do with an empty one. A dry run writes nothing, and compares
/// nothing.
///
/// `imported` has the numbers also if this fails.
///
/// # Errors
///
/// [`ImportError`] if a line is not as it must be, a part is missing, or the store fails.
pub async fn import(
    store: Option<&dyn SessionStore>,
    clock: &dyn Clock,
    input: impl BufRead,
    options: ImportOptions,
    imported: &mut Imported,
    observer: &mut dyn Observer,
) -> Result<(), ImportError> {
    let mut reader = Reader::open(input)?;
    let mut copies = Vec::new();
    let (mut chunk, mut read) = (Vec::with_capacity(CHUNK_LENGTH), Ok(true));
    while matches!(read, Ok(true)) {
        read = read_chunk(&mut reader, &mut chunk, imported, observer);
        let now = clock.now();
        let before = chunk.len();
        chunk.retain(|session: &Session| !session.has_expired(now));
        imported.expired += (before - chunk.len()) as u64;
        create_all(store, options, &mut chunk, imported, &mut copies, observer).await?;
        observer.progressed(imported.done());
    }
    read?;
    imported.digest = reader.digest();
    match store {
        Some(store) if !options.is_dry => compare::compare(store, clock, options, &copies, imported).await,
        _ => Ok(()),
    }
}

/// Reads sessions into a chunk. Returns whether there are more.
fn read_chunk(
    reader: &mut Reader<impl BufRead>,
    chunk: &mut Vec<Session>,
    imported: &mut Imported,
    observer: &mut dyn Observer,
) -> Result<bool, ReadError> {
    while chunk.len() < CHUNK_LENGTH {
        match reader.next()? {
            Line::Session(session) => chunk.push(*session),
            Line::Newer { id, reason } => {
                imported.newer += 1;
                observer.left_out(id, &format!("line {}: a later version wrote it: {reason}", reader.line()));
            }
            Line::End(end) => {
                imported.left_out = end.left_out;
                return Ok(false);
            }
        }
    }
    Ok(true)
}

async fn create_all(
    store: Option<&dyn SessionStore>,
    options: ImportOptions,
    chunk: &mut Vec<Session>,
    imported: &mut Imported,
    copies: &mut Vec<Copied>,
    observer: &mut dyn Observer,
) -> Result<(), ImportError> {
    let Some(store) = store else {
        imported.created += chunk.drain(..).count() as u64;
        return Ok(());
    };
    let creates = chunk.drain(..).map(|session| async move {
        let outcome = create(store, options, &session).await?;
        Ok::<_, StoreError>((Copied::of(&session)?, outcome))
    });
    let mut outcomes = stream::iter(creates).buffer_unordered(options.at_once.max(1));
    while let Some(outcome) = outcomes.next().await {
        let (copied, outcome) = outcome?;
        match outcome {
            Outcome::Created => imported.created += 1,
            Outcome::AlreadyThere => imported.already_there += 1,
            Outcome::Conflict(reason) => {
                imported.conflicts += 1;
                observer.left_out(copied.id, &reason);
                continue;
            }
        }
        copies.push(copied);
    }
    Ok(())
}

async fn create(
    store: &dyn SessionStore,
    ImportOptions { is_dry, patience, .. }: ImportOptions,
    session: &Session,
) -> Result<Outcome, StoreError> {
    if !is_dry && patiently(patience, async || store.create(session.clone()).await).await? == Created::Yes {
        return Ok(Outcome::Created);
    }
    // The first attempt may have taken effect although its answer was lost: then this is what it has written.
    match patiently(patience, async || store.find(session.id).await).await {
        Ok(Some(found)) if found == *session => Ok(Outcome::AlreadyThere),
        Ok(Some(found)) => Ok(Outcome::Conflict(conflict(session, &found))),
        Ok(None) if is_dry => Ok(Outcome::Created),
        Ok(None) => Ok(Outcome::Conflict(
            "another record had its id and is gone now; import the file again".to_owned(),
        )),
        Err(error) => match left_out(&error) {
            Some((_, reason)) => Ok(Outcome::Conflict(format!("another record has its id, and {reason}"))),
            None => Err(error),
        },
    }
}

fn conflict(session: &Session, found: &Session) -> String {
    format!(
        "another record has its id: revision {} in the store, {} in the file; it was not overwritten",
        found.revision.get(),
        session.revision.get()
    )
}

impl Copied {
    fn of(session: &Session) -> Result<Self, StoreError> {
        let Session { id, revision, expires_at, .. } = *session;
        Ok(Self { id, revision, expires_at, hash: hash_of(session)? })
    }
}
