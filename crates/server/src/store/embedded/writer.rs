//! The thread that does all the writing of the embedded store.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot};

use super::file::{OpenError, StoreFile};
use super::tables::{self, Change, Outcome};
use crate::error_chain::error_chain;
use crate::session::{Clock, StoreError};

/// How many writes may wait; further callers wait for a place.
const QUEUE_LENGTH: usize = 4096;
/// How many writes one transaction holds at most.
const BATCH_LENGTH: usize = 1024;

/// A change, and where its outcome goes once it is on the disk.
pub(super) struct Write {
    pub(super) change: Change,
    pub(super) reply: oneshot::Sender<Result<Outcome, StoreError>>,
}

/// Starts the thread. It ends once the sender is dropped and everything that was queued is on the disk.
pub(super) fn start(
    file: Arc<StoreFile>,
    clock: Arc<dyn Clock>,
) -> Result<(mpsc::Sender<Write>, JoinHandle<()>), OpenError> {
    let path = file.path().to_owned();
    let (sender, mut receiver) = mpsc::channel(QUEUE_LENGTH);
    let writer = thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
        let mut batch = Vec::new();
        while receiver.blocking_recv_many(&mut batch, BATCH_LENGTH) > 0 {
            write(&file, &*clock, batch.drain(..));
        }
    });
    Ok((sender, writer.map_err(|error| OpenError::File(path, redb::Error::Io(error)))?))
}

/// Writes a batch in one transaction and answers everybody once it is on the disk, or has failed.
fn write(file: &StoreFile, clock: &dyn Clock, batch: impl Iterator<Item = Write>) {
    let (changes, replies): (Vec<_>, Vec<_>) = batch.map(|write| (write.change, write.reply)).unzip();
    let outcomes = match file.read(|database| tables::apply(database, clock, &changes)) {
        Ok(outcomes) => outcomes,
        Err(error) => {
            let reason = error_chain(&error);
            tracing::error!(error = reason, "the embedded store could not be written");
            reopen(file);
            changes.iter().map(|_| Err(StoreError::Unavailable(reason.clone().into()))).collect()
        }
    };
    for (reply, outcome) in replies.into_iter().zip(outcomes) {
        // Whoever asked may have gone; what was written stays written.
        drop(reply.send(outcome));
    }
}

fn reopen(file: &StoreFile) {
    match file.reopen() {
        Ok(()) => tracing::info!("the embedded store was opened anew"),
        Err(error) => {
            tracing::error!(error = error_chain(&error), "the embedded store cannot be opened anew");
        }
    }
}
