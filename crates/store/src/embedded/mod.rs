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

mod backup;
mod clock_trust;
mod compaction;
mod disk;
mod file;
mod file_error;
mod frozen;
mod outages;
mod pending;
mod requests;
mod tables;
mod write_fault;
mod writer;

use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use redb::Database;
use tokio::sync::{mpsc, oneshot};

use self::clock_trust::ClockTrust;
use self::file::StoreFile;
use self::outages::Outages;
use self::pending::PendingWrites;
use self::tables::{Outcome, Write};
use self::writer::{QueuedWrite, Writer};
use crate::panics::Panics;
use crate::record;
use crate::write_health::WriteHealth;
use tickseed_session::{
    ChangeFeed, Clock, Created, Deadline, Deleted, NodeVitals, Replaced, RequestStore, Session, SessionId,
    SessionPage, SessionStore, StoreError, Subscriber, Terms, Timestamp, Vitals,
};

pub use self::backup::{Backup, BackupError, back_up};
pub use self::compaction::{Compaction, compact};
pub use self::file_error::FileError;

#[cfg(unix)]
type Backups = backup::BackupSocket;
/// Never made: only Unix has such sockets.
#[cfg(not(unix))]
enum Backups {}

/// Sessions in one file that belongs to this process.
pub struct EmbeddedStore {
    file: Arc<StoreFile>,
    subscriber: Arc<OnceLock<Weak<dyn Subscriber>>>,
    health: Arc<WriteHealth>,
    panics: Panics,
    pending: Arc<PendingWrites>,
    trust: Arc<ClockTrust>,
    backups: Option<Backups>,
    /// `None` only while the store is being dropped.
    writes: Option<mpsc::Sender<QueuedWrite>>,
    writer: Option<JoinHandle<()>>,
}

/// Options of the embedded store.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmbeddedOptions {
    /// How many sessions there may be at most. Those that have expired count until they are removed. Beyond that, a new session gives
    /// [`StoreError::TooManySessions`].
    pub max_sessions: Option<NonZeroU64>,
    /// The clock counts as right as long as it shows an instant before this one. Otherwise a clock that is more than an hour ahead of
    /// the last instant that the store has seen is not trusted: expired sessions stay in the store for as long as it is ahead, six
    /// hours at most.
    pub clock_confirmed_until: Option<Timestamp>,
    /// Whether [`back_up`] can be called for this store while it is open: then there is a socket beside its file, for this user only.
    /// Only Unix has such sockets.
    pub hands_out_backups: bool,
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
        Self::open_with(folder, clock, EmbeddedOptions::default())
    }

    /// As [`open`](Self::open), with options.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(
        folder: &Path,
        clock: Arc<dyn Clock>,
        EmbeddedOptions { max_sessions, clock_confirmed_until, hands_out_backups }: EmbeddedOptions,
    ) -> Result<Self, FileError> {
        let (file, reason) = StoreFile::open(folder)?;
        // What cannot be read now fails again at the first request.
        let latest = file.with_database(tables::latest).unwrap_or_default();
        let trust = Arc::new(ClockTrust::new(Arc::clone(&clock), latest, clock_confirmed_until));
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
            max_sessions,
            needs_checkpoint: true,
        };
        let panics = Panics::default();
        let backups = hands_out_backups.then(|| open_backups(folder, &file, &panics)).flatten();
        let (writes, writer) = writer::start(writer, panics.guard("the writer of the embedded store"))?;
        let (writes, writer) = (Some(writes), Some(writer));
        Ok(Self { file, subscriber, health, panics, pending, trust, backups, writes, writer })
    }

    /// Returns the file of the store in a data folder.
    pub(crate) fn file(folder: &Path) -> PathBuf {
        folder.join(file::FILE_NAME)
    }

    /// Checks that there is a store in a data folder.
    pub(crate) fn must_exist(folder: &Path) -> Result<(), FileError> {
        let path = Self::file(folder);
        file::length(&path).map(drop)
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
        self.read(move |database| tables::find(database, id)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        access: impl Fn(&Database) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        let file = Arc::clone(&self.file);
        let read = tokio::task::spawn_blocking(move || file.read(access));
        let read = read.await.map_err(StoreError::unavailable)?;
        if read.is_err() {
            self.wake_writer();
        }
        read
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

/// Opens the socket for backups. A store without one is as good otherwise.
#[cfg(unix)]
fn open_backups(folder: &Path, file: &Arc<StoreFile>, panics: &Panics) -> Option<Backups> {
    let opened = backup::BackupSocket::open(folder, file, panics.guard("the backups of the embedded store"));
    let refused = |error: &std::io::Error| {
        tracing::warn!(
            error = tickseed_session::error_chain(error),
            "there are no backups while this server runs: the socket for them cannot be made in the data folder"
        );
    };
    opened.inspect_err(refused).ok()
}

#[cfg(not(unix))]
fn open_backups(_folder: &Path, _file: &Arc<StoreFile>, _panics: &Panics) -> Option<Backups> {
    None
}

impl Drop for EmbeddedStore {
    /// Waits until everything in the queue is on the disk.
    fn drop(&mut self) {
        self.backups = None;
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
            Outcome::Done => Ok(Created::Yes),
            _ => Ok(Created::IdTaken),
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
            Outcome::Done => Ok(Replaced::Yes),
            Outcome::TooLate => Ok(Replaced::TooLate),
            _ => Ok(Replaced::No),
        }
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        match self.write(Write::Delete(Box::new(session), deadline)).await? {
            Outcome::Done => Ok(Deleted::Yes),
            Outcome::TooLate => Ok(Deleted::TooLate),
            _ => Ok(Deleted::No),
        }
    }

    /// The file is in the order of the ids, so it needs no other table for the list.
    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        self.read(move |database| tables::list(database, after, limit)).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        if self.trust.waits().is_some() {
            return Ok(0);
        }
        let mut removed = 0;
        while let Outcome::Removed { ids, is_complete } = self.write(Write::RemoveExpired(now)).await? {
            removed += ids.len() as u64;
            if is_complete {
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

    fn requests(&self) -> Option<&dyn RequestStore> {
        Some(self)
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
