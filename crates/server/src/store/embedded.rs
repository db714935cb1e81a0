//! A durable store in one file of this process: redb.
//!
//! A write is on the disk (fsync) before it is acknowledged. One thread does all the writing: it takes whatever has
//! queued up, writes it in one transaction and answers everybody, so that many writers share one fsync.
//!
//! After a failed write, of a full disk say, the file is opened anew, and the next write is tried again.

mod file;
mod tables;
mod writer;

use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use self::file::StoreFile;
use self::tables::{Change, Outcome, REMOVE_LENGTH};
use self::writer::{Write, Writer};
use super::record;
use crate::session::{
    Clock, Created, Follower, News, Replaced, Session, SessionId, SessionStore, StoreError, Timestamp,
};

pub use self::file::OpenError;

/// Sessions in one file, kept by this process alone.
pub struct EmbeddedStore {
    file: Arc<StoreFile>,
    follower: Arc<OnceLock<Weak<dyn Follower>>>,
    /// `None` only while the store is being dropped.
    writes: Option<mpsc::Sender<Write>>,
    writer: Option<JoinHandle<()>>,
}

impl EmbeddedStore {
    /// Opens the store in a data folder, which is made if need be. The clock decides about deadlines.
    ///
    /// After an unclean end the file is repaired first; the log says so.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if the folder or the file cannot be made or opened, or another process has it open.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let file = Arc::new(StoreFile::open(folder)?);
        let follower = Arc::default();
        let (writes, writer) =
            writer::start(Writer { file: Arc::clone(&file), clock, follower: Arc::clone(&follower) })?;
        Ok(Self { file, follower, writes: Some(writes), writer: Some(writer) })
    }

    async fn write(&self, change: Change) -> Result<Outcome, StoreError> {
        let ended = || StoreError::unavailable("the writer has ended");
        let (reply, answer) = oneshot::channel();
        let writes = self.writes.as_ref().ok_or_else(ended)?;
        writes.send(Write { change, reply }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    async fn find_bytes(&self, id: SessionId) -> Result<Option<Vec<u8>>, StoreError> {
        let file = Arc::clone(&self.file);
        let found = tokio::task::spawn_blocking(move || file.read(|database| tables::find(database, id)));
        found.await.map_err(StoreError::unavailable)?
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
        match self.write(Change::Create(Box::new(session))).await? {
            Outcome::Refused => Ok(Created::IdTaken),
            Outcome::Done | Outcome::Removed(_) => Ok(Created::Yes),
        }
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let bytes = self.find_bytes(id).await?;
        bytes.map(|bytes| record::decode(id, &bytes)).transpose()
    }

    async fn replace(&self, session: Session, deadline: Option<Timestamp>) -> Result<Replaced, StoreError> {
        match self.write(Change::Replace(Box::new(session), deadline)).await? {
            Outcome::Refused => Ok(Replaced::No),
            Outcome::Done | Outcome::Removed(_) => Ok(Replaced::Yes),
        }
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut removed = 0;
        while let Outcome::Removed(count) = self.write(Change::RemoveExpired(now)).await? {
            removed += count as u64;
            if count < REMOVE_LENGTH {
                break;
            }
        }
        Ok(removed)
    }

    async fn check(&self) -> Result<(), StoreError> {
        if self.writes.as_ref().is_none_or(mpsc::Sender::is_closed) {
            return Err(StoreError::unavailable("the writer has ended"));
        }
        self.find_bytes(SessionId::from_bytes([0; 16])).await?;
        Ok(())
    }

    fn follow(&self, follower: Weak<dyn Follower>) {
        if let Some(follower) = self.follower.get_or_init(|| follower).upgrade() {
            follower.begins(News::AtOnce);
        }
    }
}
