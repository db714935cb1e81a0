//! A durable store in one file of this process: redb.
//!
//! A write is on the disk (fsync) before it is acknowledged. One thread does all the writing: it takes whatever has
//! queued up, writes it in one transaction and answers everybody, so that many writers share one fsync.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use redb::{Builder, Database, DatabaseError, ReadableDatabase, ReadableTable, Table, TableDefinition};
use tokio::sync::{mpsc, oneshot};

use super::record;
use crate::session::{Created, Replaced, Session, SessionId, SessionStore, StoreError, Timestamp};

const SESSIONS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("sessions");
/// What expires when: milliseconds since the Unix epoch, then the session. Kept in the same transaction as the session.
const EXPIRIES: TableDefinition<(i64, &[u8; 16]), ()> = TableDefinition::new("expiries");

const FILE_NAME: &str = "sessions.redb";
/// How many bytes of the file are kept in memory at most. Sessions are small; redb's own default is 1 GiB.
const CACHE_BYTES: usize = 64 * 1024 * 1024;
/// How many writes may wait; further callers wait for a place.
const QUEUE_LENGTH: usize = 4096;
/// How many writes one transaction holds at most.
const BATCH_LENGTH: usize = 1024;
/// How many expired sessions one transaction removes at most, so that other writes need not wait long.
const REMOVE_LENGTH: usize = 1000;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The data folder cannot be made.
    #[error("the data folder {} cannot be made", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// Another process has the store open.
    #[error("{} is in use by another process; stop it, or choose another data folder", .0.display())]
    InUse(PathBuf),
    /// The file cannot be opened.
    #[error("{} cannot be opened", .0.display())]
    File(PathBuf, #[source] redb::Error),
}

/// Sessions in one file, kept by this process alone.
pub struct EmbeddedStore {
    database: Arc<Database>,
    /// `None` only while the store is being dropped.
    writes: Option<mpsc::Sender<Write>>,
    writer: Option<JoinHandle<()>>,
}

impl EmbeddedStore {
    /// Opens the store in a data folder, which is made if need be.
    ///
    /// After an unclean end the file is repaired first; the log says so.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the folder or the file cannot be made or opened, or another process has it open.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(folder).map_err(|error| OpenError::Folder(folder.to_owned(), error))?;
        let path = folder.join(FILE_NAME);
        let database = open_file(&path)?;
        let database = Arc::new(database);
        let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
        let writer = thread::Builder::new().name("store-writer".to_owned()).spawn({
            let database = Arc::clone(&database);
            move || write_all(&database, receiver)
        });
        let writer = writer.map_err(|error| OpenError::File(path, redb::Error::Io(error)))?;
        Ok(Self { database, writes: Some(sender), writer: Some(writer) })
    }

    /// How many sessions the file holds, expired ones that were not removed yet among them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if the file cannot be read.
    pub fn count(&self) -> Result<u64, StoreError> {
        let count = || -> Result<u64, redb::Error> {
            use redb::ReadableTableMetadata;
            Ok(self.database.begin_read()?.open_table(SESSIONS)?.len()?)
        };
        count().map_err(unavailable)
    }

    async fn write<T>(&self, write: impl FnOnce(Reply<T>) -> Write) -> Result<T, StoreError> {
        let closed = || unavailable("the store is closing");
        let (reply, answer) = oneshot::channel();
        let writes = self.writes.as_ref().ok_or_else(closed)?;
        writes.send(write(reply)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Database) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let database = Arc::clone(&self.database);
        tokio::task::spawn_blocking(move || read(&database)).await.map_err(unavailable)?
    }
}

impl Drop for EmbeddedStore {
    /// Waits until everything that was queued is on the disk.
    fn drop(&mut self) {
        drop(self.writes.take());
        if let Some(Err(_)) = self.writer.take().map(JoinHandle::join) {
            tracing::error!("the writer of the embedded store had panicked");
        }
    }
}

#[async_trait]
impl SessionStore for EmbeddedStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.write(|reply| Write::Create(Box::new(session), reply)).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.read(move |database| {
            let bytes = find_bytes(database, id).map_err(unavailable)?;
            bytes.map(|bytes| record::decode(id, &bytes)).transpose()
        })
        .await
    }

    async fn replace(&self, session: Session) -> Result<Replaced, StoreError> {
        self.write(|reply| Write::Replace(Box::new(session), reply)).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut removed = 0;
        loop {
            let count = self.write(|reply| Write::RemoveExpired(now, reply)).await?;
            removed += count as u64;
            if count < REMOVE_LENGTH {
                return Ok(removed);
            }
        }
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.read(|database| {
            find_bytes(database, SessionId::from_bytes([0; 16])).map_err(unavailable)?;
            Ok(())
        })
        .await
    }
}

/// Where the answer to a write goes.
type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

enum Write {
    Create(Box<Session>, Reply<Created>),
    Replace(Box<Session>, Reply<Replaced>),
    RemoveExpired(Timestamp, Reply<usize>),
}

/// Sends the answer to one write, given why the transaction is not on the disk, if it is not.
type Answer = Box<dyn FnOnce(Option<&str>)>;

fn open_file(path: &Path) -> Result<Database, OpenError> {
    let shown = path.display().to_string();
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_repair_callback(move |repair| {
        tracing::warn!(
            file = shown,
            progress = repair.progress(),
            "repairing the store after an unclean end"
        );
    });
    let failed = |error: redb::Error| OpenError::File(path.to_owned(), error);
    let database = builder.create(path).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse(path.to_owned()),
        error => failed(error.into()),
    })?;
    make_tables(&database).map_err(failed)?;
    Ok(database)
}

/// Makes the tables, so that readers of a new file find them.
fn make_tables(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    transaction.open_table(SESSIONS)?;
    transaction.open_table(EXPIRIES)?;
    transaction.commit()?;
    Ok(())
}

fn find_bytes(database: &Database, id: SessionId) -> Result<Option<Vec<u8>>, redb::Error> {
    let table = database.begin_read()?.open_table(SESSIONS)?;
    Ok(table.get(id.as_bytes())?.map(|bytes| bytes.value().to_vec()))
}

/// The writer thread: one transaction after the other until the store is dropped.
fn write_all(database: &Database, mut writes: mpsc::Receiver<Write>) {
    let mut batch = Vec::new();
    while writes.blocking_recv_many(&mut batch, BATCH_LENGTH) > 0 {
        write_batch(database, batch.drain(..));
    }
}

/// Writes a batch in one transaction and answers everybody once it is on the disk.
fn write_batch(database: &Database, batch: impl Iterator<Item = Write>) {
    let mut answers = Vec::new();
    let written = write_transaction(database, batch, &mut answers);
    let failure = written.err().map(|error| {
        tracing::error!(%error, "the embedded store could not be written");
        error.to_string()
    });
    for answer in answers {
        answer(failure.as_deref());
    }
}

fn write_transaction(
    database: &Database,
    batch: impl Iterator<Item = Write>,
    answers: &mut Vec<Answer>,
) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    {
        let mut tables = Tables {
            sessions: transaction.open_table(SESSIONS)?,
            expiries: transaction.open_table(EXPIRIES)?,
        };
        for write in batch {
            answers.push(tables.apply(write)?);
        }
    }
    transaction.commit()?;
    Ok(())
}

struct Tables<'transaction> {
    sessions: Table<'transaction, &'static [u8; 16], &'static [u8]>,
    expiries: Table<'transaction, (i64, &'static [u8; 16]), ()>,
}

impl Tables<'_> {
    fn apply(&mut self, write: Write) -> Result<Answer, redb::Error> {
        Ok(match write {
            Write::Create(session, reply) => answer(reply, self.create(&session)?),
            Write::Replace(session, reply) => answer(reply, self.replace(&session)?),
            Write::RemoveExpired(now, reply) => answer(reply, Ok(self.remove_expired(now)?)),
        })
    }

    fn create(&mut self, session: &Session) -> Result<Result<Created, StoreError>, redb::Error> {
        if self.sessions.get(session.id.as_bytes())?.is_some() {
            return Ok(Ok(Created::NameTaken));
        }
        Ok(self.put(session)?.map(|()| Created::Yes))
    }

    fn replace(&mut self, session: &Session) -> Result<Result<Replaced, StoreError>, redb::Error> {
        let Some(bytes) = self.sessions.get(session.id.as_bytes())?.map(|bytes| bytes.value().to_vec())
        else {
            return Ok(Ok(Replaced::Changed));
        };
        let before = match record::decode(session.id, &bytes) {
            Ok(before) => before,
            Err(error) => return Ok(Err(error)),
        };
        if before.revision + 1 != session.revision {
            return Ok(Ok(Replaced::Changed));
        }
        if let Some(expires_at) = before.expires_at {
            self.expiries.remove((expires_at.millis(), session.id.as_bytes()))?;
        }
        Ok(self.put(session)?.map(|()| Replaced::Yes))
    }

    fn put(&mut self, session: &Session) -> Result<Result<(), StoreError>, redb::Error> {
        let bytes = match record::encode(session) {
            Ok(bytes) => bytes,
            Err(error) => return Ok(Err(error)),
        };
        self.sessions.insert(session.id.as_bytes(), bytes.as_slice())?;
        if let Some(expires_at) = session.expires_at {
            self.expiries.insert((expires_at.millis(), session.id.as_bytes()), ())?;
        }
        Ok(Ok(()))
    }

    fn remove_expired(&mut self, now: Timestamp) -> Result<usize, redb::Error> {
        let mut expired = Vec::new();
        for entry in self.expiries.range(..=(now.millis(), &[u8::MAX; 16]))?.take(REMOVE_LENGTH) {
            let (key, _) = entry?;
            let (expires_at, id) = key.value();
            expired.push((expires_at, *id));
        }
        for (expires_at, id) in &expired {
            self.sessions.remove(id)?;
            self.expiries.remove((*expires_at, id))?;
        }
        Ok(expired.len())
    }
}

/// The answer to one write: its result if the transaction is on the disk, else that it is not.
fn answer<T: 'static>(reply: Reply<T>, result: Result<T, StoreError>) -> Answer {
    Box::new(move |failure| {
        let result = failure.map_or(result, |reason| Err(unavailable(reason)));
        // Whoever asked may have gone; what was written stays written.
        drop(reply.send(result));
    })
}

fn unavailable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable(error.into())
}
