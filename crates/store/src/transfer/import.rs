//! Creates the sessions of an export in a store.

use std::io::{self, BufRead};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tickseed_session::{Clock, Created, Session, SessionId, SessionStore, StoreError};

use super::compare::{self, Copied};
use super::digest::SessionDigest;
use super::line::{Line, LineError, hash_of};
use super::patience::patiently;
use super::reader::{ReadError, Reader};
use super::{Observer, left_out};

/// How many sessions are read before they are created.
const CHUNK_LENGTH: usize = 1024;

/// How to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportOptions {
    /// Whether only to say what would be done.
    pub is_dry: bool,
    /// For how long to try a call again that the store cannot answer at the moment.
    pub patience: Duration,
    /// How many sessions to create or read back at once; 0 counts as 1.
    /// [`StoreAddress::calls_at_once`](crate::StoreAddress::calls_at_once) has a good number.
    pub at_once: usize,
}

/// What has become of the sessions of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many were created, or would be without a store.
    pub created: u64,
    /// How many were there already, exactly as in the export.
    pub already_there: u64,
    /// How many were not created because another record has their id.
    pub conflicts: u64,
    /// How many had expired, and were not created.
    pub expired: u64,
    /// How many were not created because only a later version understands them.
    pub newer: u64,
    /// How many the export says it left out, because they could not be read.
    pub left_out: u64,
    /// How many were read back and are as in the export.
    pub compared: u64,
    /// How many of those that were there have been changed meanwhile by a server.
    pub changed: u64,
    /// How many have expired meanwhile.
    pub gone: u64,
    /// The digest of the export.
    pub digest: SessionDigest,
    /// The digest over the sessions that were read back and are as in the export.
    pub digest_of_copies: SessionDigest,
}

impl Imported {
    /// Returns whether every session of the export is in the store now, unless it has expired or a server has changed it.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.conflicts == 0 && self.newer == 0 && self.left_out == 0
    }

    /// Returns how many sessions have been dealt with.
    const fn done(&self) -> u64 {
        self.created + self.already_there + self.conflicts + self.expired + self.newer
    }
}

/// Why an import failed. What was created before stays, and another import of the same file goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A line is not as it must be, or the input was cut off.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The input cannot be read.
    #[error("the input cannot be read")]
    Input(#[from] io::Error),
    /// The store cannot be read or written.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A session is not as it was written.
    #[error("{0} is not in the store as it was written: the store has lost or changed it")]
    Lost(SessionId),
}

impl From<ReadError> for ImportError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Line(error) => Self::Line(error),
            ReadError::Input(error) => Self::Input(error),
        }
    }
}

/// What has become of one session.
enum Outcome {
    Created,
    AlreadyThere,
    Conflict(String),
}

/// Creates every session of an export that is not there yet and has not expired, then reads all of them back and compares. A session is
/// never overwritten. Without a store it only says what it would do with an empty one. A dry run writes nothing, and compares
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
            (Some(_), reason) => Ok(Outcome::Conflict(format!("another record has its id, and {reason}"))),
            (None, _) => Err(error),
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
