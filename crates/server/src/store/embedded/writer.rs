//! The thread that does all the writing of the embedded store.

use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};

use super::file::{OpenError, StoreFile};
use super::tables::{self, Change, Outcome};
use crate::error_chain::error_chain;
use crate::session::{Clock, Follower, StoreError};

/// How many writes may wait; further callers wait for a place.
const QUEUE_LENGTH: usize = 4096;
/// How many writes one transaction holds at most.
const BATCH_LENGTH: usize = 1024;

/// A change, and where its outcome goes once it is on the disk.
pub(super) struct Write {
    pub(super) change: Change,
    pub(super) reply: oneshot::Sender<Result<Outcome, StoreError>>,
}

/// What the thread writes to, and whom it tells.
pub(super) struct Writer {
    pub(super) file: Arc<StoreFile>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) follower: Arc<OnceLock<Weak<dyn Follower>>>,
}

/// Starts the thread. It ends once the sender is dropped and everything that was queued is on the disk.
pub(super) fn start(writer: Writer) -> Result<(mpsc::Sender<Write>, JoinHandle<()>), OpenError> {
    let path = writer.file.path().to_owned();
    let (sender, mut receiver) = mpsc::channel(QUEUE_LENGTH);
    let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        let mut batch = Vec::new();
        while receiver.blocking_recv_many(&mut batch, BATCH_LENGTH) > 0 {
            writer.write(batch.drain(..));
        }
    });
    Ok((sender, thread.map_err(|error| OpenError::File(path, redb::Error::Io(error)))?))
}

impl Writer {
    /// Writes a batch in one transaction and answers everybody once it is on the disk, or has failed.
    fn write(&self, batch: impl Iterator<Item = Write>) {
        let (changes, replies): (Vec<_>, Vec<_>) = batch.map(|write| (write.change, write.reply)).unzip();
        let outcomes = match self.file.read(|database| tables::apply(database, &*self.clock, &changes)) {
            Ok(outcomes) => outcomes,
            Err(error) => {
                let reason = error_chain(&error);
                tracing::error!(error = reason, "the embedded store could not be written");
                self.reopen();
                changes.iter().map(|_| Err(StoreError::unavailable(reason.clone()))).collect()
            }
        };
        for ((change, reply), outcome) in changes.into_iter().zip(replies).zip(outcomes) {
            // Told here, not where the answer arrives: whoever asked may have gone. What was written stays written.
            self.tell(change, &outcome);
            drop(reply.send(outcome));
        }
    }

    fn tell(&self, change: Change, outcome: &Result<Outcome, StoreError>) {
        if let (Change::Replace(session, _), Ok(Outcome::Done), Some(follower)) =
            (change, outcome, self.follower.get().and_then(Weak::upgrade))
        {
            follower.replaced(*session);
        }
    }

    fn reopen(&self) {
        match self.file.reopen() {
            Ok(()) => tracing::info!("the embedded store was opened anew"),
            Err(error) => {
                tracing::error!(error = error_chain(&error), "the embedded store cannot be opened anew");
            }
        }
    }
}
