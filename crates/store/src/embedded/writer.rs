//! The thread that writes the file of the embedded store.

use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tickseed_session::{Change, Clock, FeedPart, Session, SessionId, StoreError, Subscriber, error_chain};
use tokio::sync::{mpsc, oneshot};

use super::file::{FileError, StoreFile};
use super::tables::{self, Outcome, Write};
use crate::panics::PanicGuard;

/// How many writes may wait in the queue. Further callers wait for a place.
const QUEUE_LENGTH: usize = 4096;
/// How many writes one transaction holds at most.
const BATCH_LENGTH: usize = 1024;

/// A write, and where to send its result once it is on the disk.
pub(super) struct QueuedWrite {
    pub(super) write: Write,
    pub(super) reply: oneshot::Sender<Result<Outcome, StoreError>>,
}

/// The file to write, and the subscriber to report to.
pub(super) struct Writer {
    pub(super) file: Arc<StoreFile>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) subscriber: Arc<OnceLock<Weak<dyn Subscriber>>>,
}

/// Starts the thread. It ends when the sender is dropped and everything in the queue is on the disk.
pub(super) fn start(
    writer: Writer,
    guard: PanicGuard,
) -> Result<(mpsc::Sender<QueuedWrite>, JoinHandle<()>), FileError> {
    let path = writer.file.path().to_owned();
    let (sender, mut receiver) = mpsc::channel(QUEUE_LENGTH);
    let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        let _guard = guard;
        let mut batch = Vec::new();
        while receiver.blocking_recv_many(&mut batch, BATCH_LENGTH) > 0 {
            writer.write(batch.drain(..));
        }
    });
    Ok((sender, thread.map_err(|error| FileError::File(path, redb::Error::Io(error)))?))
}

impl Writer {
    /// Writes a batch in one transaction, and replies when it is on the disk or has failed.
    fn write(&self, batch: impl Iterator<Item = QueuedWrite>) {
        let (writes, replies): (Vec<_>, Vec<_>) = batch.map(|queued| (queued.write, queued.reply)).unzip();
        let written = self.file.with_database(|database| tables::apply(database, &*self.clock, &writes));
        let outcomes = match written {
            Ok(outcomes) => outcomes,
            Err(error) => {
                let reason = error_chain(&error);
                tracing::error!(error = reason, "the embedded store could not be written");
                self.reopen();
                writes.iter().map(|_| Err(StoreError::unavailable(reason.clone()))).collect()
            }
        };
        for ((write, reply), outcome) in writes.into_iter().zip(replies).zip(outcomes) {
            // Report here and not where the reply arrives: the caller may have gone, but the write remains.
            self.report(&write, &outcome);
            drop(reply.send(outcome));
        }
    }

    fn report(&self, write: &Write, outcome: &Result<Outcome, StoreError>) {
        let Some(subscriber) = self.subscriber.get().and_then(Weak::upgrade) else { return };
        match (write, outcome) {
            (Write::CompareAndSet(session, _), Ok(Outcome::Done)) => report_replaced(&*subscriber, session),
            (_, Ok(Outcome::Removed(ids))) => report_removed(&*subscriber, ids),
            _ => {}
        }
    }

    fn reopen(&self) {
        match self.file.reopen() {
            Ok(()) => {
                tracing::info!("the embedded store has been reopened");
                // The write may have taken effect although it failed, so nothing in memory is certain any more.
                if let Some(subscriber) = self.subscriber.get().and_then(Weak::upgrade) {
                    begin_feed(&*subscriber);
                }
            }
            Err(error) => {
                tracing::error!(error = error_chain(&error), "the embedded store cannot be reopened");
            }
        }
    }
}

/// Begins the feed, which is always caught up: every change is reported before it is acknowledged, and no other process writes
/// to the file.
pub(super) fn begin_feed(subscriber: &dyn Subscriber) {
    subscriber.restarted(FeedPart::default());
    subscriber.caught_up_to(FeedPart::default(), Duration::MAX);
}

fn report_replaced(subscriber: &dyn Subscriber, session: &Session) {
    let record = || Ok(session.clone());
    let (id, revision) = (session.id, session.revision);
    subscriber.changed(Change::Replaced { id, revision, record: Some(&record) });
}

fn report_removed(subscriber: &dyn Subscriber, ids: &[SessionId]) {
    for id in ids {
        subscriber.changed(Change::Removed { id: *id });
    }
}
