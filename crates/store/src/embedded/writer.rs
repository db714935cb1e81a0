//! The thread that writes the file of the embedded store.

use std::io;
use std::num::NonZeroU64;
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tickseed_session::{
    Clock, FeedPart, Metadata, ReportedRecord, Session, SessionId, StoreChange, StoreError, Subscriber,
};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::clock_trust::ClockTrust;
use super::file::StoreFile;
use super::file_error::FileError;
use super::outages::Outages;
use super::pending::{PendingWrite, PendingWrites};
use super::tables::{self, Outcome, Write};
use crate::panics::PanicGuard;

/// How many writes may wait in the queue. Further callers wait for a place.
const QUEUE_LENGTH: usize = 4096;
/// How many writes one transaction holds at most.
const BATCH_LENGTH: usize = 1024;

/// How long after the last write a checkpoint follows. A checkpoint costs two syncs of the file; made with every write, it would
/// make creating sessions about 40 % slower. Only a large file has one with every write.
const CHECKPOINT_AFTER: Duration = Duration::from_millis(100);

/// A write, and where to send its result once it is on the disk.
pub(super) struct QueuedWrite {
    pub(super) write: Write,
    pub(super) reply: oneshot::Sender<Result<Outcome, StoreError>>,
    /// Ends after the result has been reported.
    pub(super) pending: Option<PendingWrite>,
}

/// The file to write, and the subscriber to report to.
pub(super) struct Writer {
    pub(super) file: Arc<StoreFile>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) subscriber: Arc<OnceLock<Weak<dyn Subscriber>>>,
    pub(super) outages: Outages,
    pub(super) pending: Arc<PendingWrites>,
    pub(super) trust: Arc<ClockTrust>,
    /// The writes that have failed and may have taken effect all the same. Nobody knows until the outage ends.
    pub(super) unsettled: Vec<PendingWrite>,
    /// How many sessions there may be.
    pub(super) max_sessions: Option<NonZeroU64>,
    /// Whether something was written since the last checkpoint.
    pub(super) needs_checkpoint: bool,
}

/// Starts the thread. It ends when the sender is dropped and everything in the queue is on the disk.
pub(super) fn start(
    writer: Writer,
    guard: PanicGuard,
) -> Result<(mpsc::Sender<QueuedWrite>, JoinHandle<()>), FileError> {
    let path = writer.file.path().to_owned();
    let (sender, receiver) = mpsc::channel(QUEUE_LENGTH);
    let thread = spawn(writer, receiver, guard);
    Ok((sender, thread.map_err(|error| FileError::file(path, error))?))
}

fn spawn(
    writer: Writer,
    queue: mpsc::Receiver<QueuedWrite>,
    guard: PanicGuard,
) -> io::Result<JoinHandle<()>> {
    let timer = Builder::new_current_thread().enable_time().build()?;
    thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        let _guard = guard;
        writer.run(queue, &timer);
    })
}

impl Writer {
    fn run(mut self, mut queue: mpsc::Receiver<QueuedWrite>, timer: &Runtime) {
        let mut batch = Vec::new();
        while self.wait(&mut queue, &mut batch, timer) {
            if self.outages.end_if_possible() {
                self.needs_checkpoint = true;
                self.restart_feed();
                self.unsettled.clear();
            }
            if let Some(error) = self.outages.refuse(batch.len()) {
                for queued in batch.drain(..) {
                    drop(queued.reply.send(Err(error.clone())));
                }
            } else if batch.is_empty() {
                self.make_checkpoint();
            } else {
                self.write(batch.drain(..));
            }
        }
    }

    /// Waits for writes, or until something else is due: the end of an outage, or a checkpoint. Returns false if there will be no
    /// more writes.
    fn wait(
        &self,
        queue: &mut mpsc::Receiver<QueuedWrite>,
        batch: &mut Vec<QueuedWrite>,
        timer: &Runtime,
    ) -> bool {
        let checkpoint = self.needs_checkpoint.then_some(CHECKPOINT_AFTER);
        let Some(time_left) = self.outages.time_left().or(checkpoint) else {
            return queue.blocking_recv_many(batch, BATCH_LENGTH) > 0;
        };
        let received = async { timeout(time_left, queue.recv_many(batch, BATCH_LENGTH)).await };
        !matches!(timer.block_on(received), Ok(0))
    }

    /// Writes a batch in one transaction, and replies when it is on the disk or has failed.
    fn write(&mut self, batch: impl Iterator<Item = QueuedWrite>) {
        let (writes, others): (Vec<_>, Vec<_>) =
            batch.map(|queued| (queued.write, (queued.reply, queued.pending))).unzip();
        let is_checkpoint = self.file.is_large();
        let apply = |database: &_| {
            let (clock, pending, trust) = (&*self.clock, &self.pending, &self.trust);
            tables::apply(database, is_checkpoint, clock, pending, self.max_sessions, trust, &writes)
        };
        let written = self.file.with_database(apply);
        let has_failed = written.is_err();
        let outcomes = match written {
            Ok(outcomes) => {
                self.outages.succeeded();
                self.needs_checkpoint = !is_checkpoint;
                outcomes
            }
            Err(error) => {
                let error = self.outages.failed(error, writes.len());
                // A write may have taken effect although it failed, so nothing in memory is certain any more.
                self.restart_feed();
                writes.iter().map(|_| Err(error.clone())).collect()
            }
        };
        for ((write, (reply, pending)), outcome) in writes.into_iter().zip(others).zip(outcomes) {
            // Report here and not where the reply arrives: the caller may have gone, but the write remains.
            self.report(&write, &outcome);
            if has_failed {
                self.unsettled.extend(pending);
            }
            drop(reply.send(outcome));
        }
    }

    fn make_checkpoint(&mut self) {
        self.needs_checkpoint = false;
        if let Err(error) = self.file.make_checkpoint() {
            self.outages.failed(error, 0);
            self.restart_feed();
        }
    }

    fn report(&self, write: &Write, outcome: &Result<Outcome, StoreError>) {
        let Some(subscriber) = self.subscriber.get().and_then(Weak::upgrade) else { return };
        match (write, outcome) {
            (Write::CompareAndSet(session, _), Ok(Outcome::Done)) => report_replaced(&*subscriber, session),
            (Write::Delete(session, _), Ok(Outcome::Done)) => {
                subscriber.changed(StoreChange::Deleted { id: session.id });
            }
            (_, Ok(Outcome::Removed { ids, .. })) => report_removed(&*subscriber, ids),
            _ => {}
        }
    }

    fn restart_feed(&self) {
        if let Some(subscriber) = self.subscriber.get().and_then(Weak::upgrade) {
            begin_feed(&*subscriber);
        }
    }
}

/// Begins the feed, which is always caught up: every change is reported before it is acknowledged, and no other process writes
/// to the file.
pub(super) fn begin_feed(subscriber: &dyn Subscriber) {
    subscriber.restarted(FeedPart::default());
    subscriber.caught_up_to(FeedPart::default(), Duration::MAX, None);
}

fn report_replaced(subscriber: &dyn Subscriber, session: &Session) {
    let (id, revision) = (session.id, session.revision);
    let bytes = session.metadata.as_ref().map_or(0, Metadata::bytes) + session.unknown_fields.bytes();
    let session = session.clone();
    let record = ReportedRecord::new(bytes, move || Ok(session.clone()));
    subscriber.changed(StoreChange::Replaced { id, revision, record: Some(record) });
}

fn report_removed(subscriber: &dyn Subscriber, ids: &[SessionId]) {
    for id in ids {
        subscriber.changed(StoreChange::Removed { id: *id });
    }
}
