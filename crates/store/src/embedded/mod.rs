//! A durable store in one file that belongs to one process, made with redb.
//!
//! A write is on the disk (fsync) before it is acknowledged. One thread does all the writing: it takes everything in the
//! queue, writes it in one transaction and then acknowledges it, so that many writers share one fsync.
//!
//! When nothing has been written for a moment, the thread makes a checkpoint. If the process is killed after that, the file opens
//! at once; otherwise it is read completely and repaired first.
//!
//! While the file cannot be written, for example because the disk is full, writes are refused and reads go on. The thread probes
//! the disk and goes on by itself.

mod clock_trust;
mod disk;
mod file;
mod file_error;
mod frozen;
mod outages;
mod pending;
mod tables;
mod write_fault;
mod writer;

use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use self::clock_trust::ClockTrust;
use self::file::StoreFile;
use self::outages::Outages;
use self::pending::PendingWrites;
use self::tables::{Outcome, REMOVE_LENGTH, Write};
use self::writer::{QueuedWrite, Writer};
use crate::panics::Panics;
use crate::record;
use crate::write_health::WriteHealth;
use tickseed_session::{
    ChangeFeed, Clock, Created, Deadline, NodeVitals, Replaced, Session, SessionId, SessionStore, StoreError,
    Subscriber, Terms, Timestamp, Vitals,
};

pub use self::file_error::FileError;

/// Sessions in one file that belongs to this process.
pub struct EmbeddedStore {
    file: Arc<StoreFile>,
    subscriber: Arc<OnceLock<Weak<dyn Subscriber>>>,
    health: Arc<WriteHealth>,
    panics: Panics,
    pending: Arc<PendingWrites>,
    trust: Arc<ClockTrust>,
    /// `None` only while the store is being dropped.
    writes: Option<mpsc::Sender<QueuedWrite>>,
    writer: Option<JoinHandle<()>>,
}

impl EmbeddedStore {
    /// Opens the store in a data folder, and makes the folder if it does not exist. The clock decides whether a deadline has passed.
    ///
    /// After an unclean end the file is repaired first, and the log says so. If the disk is full, the sessions of an existing file
    /// can be read, and writes begin to work when there is room.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the folder or the file cannot be made or opened, the file is empty, or another process has it open.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, FileError> {
        Self::open_confirmed(folder, clock, None)
    }

    /// Opens the store as [`open`](Self::open) does. The clock counts as right as long as it shows an instant before `confirmed_until`.
    ///
    /// Otherwise a clock that is more than an hour ahead of the last instant that the store has seen is not trusted: expired sessions
    /// stay in the store for as long as it is ahead, six hours at most.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_confirmed(
        folder: &Path,
        clock: Arc<dyn Clock>,
        confirmed_until: Option<Timestamp>,
    ) -> Result<Self, FileError> {
        let (file, reason) = StoreFile::open(folder)?;
        // What cannot be read now fails again at the first request.
        let latest = file.with_database(tables::latest).unwrap_or_default();
        let trust = Arc::new(ClockTrust::new(Arc::clone(&clock), latest, confirmed_until));
        let (file, health) = (Arc::new(file), Arc::default());
        let outages = Outages::new(Arc::clone(&file), Arc::clone(&health), reason);
        let subscriber = Arc::default();
        let pending = Arc::new(PendingWrites::new(Arc::clone(&clock)));
        let writer = Writer {
            file: Arc::clone(&file),
            clock,
            subscriber: Arc::clone(&subscriber),
            outages,
            pending: Arc::clone(&pending),
            trust: Arc::clone(&trust),
            unsettled: Vec::new(),
            needs_checkpoint: true,
        };
        let panics = Panics::default();
        let (writes, writer) = writer::start(writer, panics.guard("the writer of the embedded store"))?;
        let (writes, writer) = (Some(writes), Some(writer));
        Ok(Self { file, subscriber, health, panics, pending, trust, writes, writer })
    }

    async fn write(&self, write: Write) -> Result<Outcome, StoreError> {
        let ended = || StoreError::unavailable("the writer has ended");
        let (reply, answer) = oneshot::channel();
        let writes = self.writes.as_ref().ok_or_else(ended)?;
        let pending = write.replaced().map(|id| self.pending.begin(id));
        writes.send(QueuedWrite { write, reply, pending }).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    async fn find_bytes(&self, id: SessionId) -> Result<Option<Vec<u8>>, StoreError> {
        let file = Arc::clone(&self.file);
        let found = tokio::task::spawn_blocking(move || file.read(|database| tables::find(database, id)));
        let found = found.await.map_err(StoreError::unavailable)?;
        if found.is_err() {
            self.wake_writer();
        }
        found
    }

    /// Lets the writer find out that the file has to be opened anew: after a read that failed, redb refuses everything.
    fn wake_writer(&self) {
        if let (Some(writes), Ok(past)) = (&self.writes, Timestamp::from_millis(0)) {
            // It removes nothing. If the queue is full, there are writes enough.
            let (reply, _) = oneshot::channel();
            drop(writes.try_send(QueuedWrite { write: Write::RemoveExpired(past), reply, pending: None }));
        }
    }
}

impl Drop for EmbeddedStore {
    /// Waits until everything in the queue is on the disk.
    fn drop(&mut self) {
        drop(self.writes.take());
        if let Some(Err(_)) = self.writer.take().map(JoinHandle::join) {
            tracing::error!("the writer of the embedded store has panicked");
        }
    }
}

#[async_trait]
impl SessionStore for EmbeddedStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        match self.write(Write::Create(Box::new(session))).await? {
            Outcome::Refused | Outcome::TooLate => Ok(Created::IdTaken),
            Outcome::Done | Outcome::Removed(_) => Ok(Created::Yes),
        }
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let bytes = self.find_bytes(id).await?;
        bytes.map(|bytes| record::decode(id, &bytes)).transpose()
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        match self.write(Write::CompareAndSet(Box::new(session), deadline)).await? {
            Outcome::Refused => Ok(Replaced::No),
            Outcome::TooLate => Ok(Replaced::TooLate),
            Outcome::Done | Outcome::Removed(_) => Ok(Replaced::Yes),
        }
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        if self.trust.waits().is_some() {
            return Ok(0);
        }
        let mut removed = 0;
        while let Outcome::Removed(ids) = self.write(Write::RemoveExpired(now)).await? {
            removed += ids.len() as u64;
            if ids.len() < REMOVE_LENGTH {
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

    fn certain(&self, id: SessionId) -> Option<Timestamp> {
        self.pending.is_clock_sure().then(|| self.pending.certain(id))
    }

    /// It loses nothing that it has acknowledged.
    fn terms(&self, _id: SessionId) -> Terms {
        Terms { loss: Duration::ZERO, is_clock_sure: self.pending.is_clock_sure() }
    }

    fn write_failure(&self) -> Option<StoreError> {
        self.health.failure()
    }

    fn vitals(&self) -> Vitals {
        let mut node = NodeVitals::new("embedded".to_owned());
        // Every change is reported before it is acknowledged.
        node.feed_age = Some(Duration::ZERO);
        (node.used_bytes, node.limit_bytes) = disk::space(self.file.path()).unzip();
        let mut vitals = Vitals::default();
        (vitals.nodes, vitals.sweeping_waits) = (vec![node], self.trust.waits());
        vitals
    }

    async fn broken(&self) -> StoreError {
        self.panics.first().await
    }

    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        Some(self)
    }
}

impl ChangeFeed for EmbeddedStore {
    fn subscribe(&self, subscriber: Weak<dyn Subscriber>) {
        if let Some(subscriber) = self.subscriber.get_or_init(|| subscriber).upgrade() {
            writer::begin_feed(&*subscriber);
        }
    }
}
