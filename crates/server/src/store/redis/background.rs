//! The thread that the connections to Redis live on, apart from those that serve requests: it must notice that Redis does
//! not answer also when they are busy.

use std::future::Future;
use std::io;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

/// A thread with a runtime, which ends when this is dropped.
pub(super) struct Background {
    runtime: Handle,
    end: CancellationToken,
}

impl Background {
    /// Starts the thread.
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, end) = (runtime.handle().clone(), CancellationToken::new());
        let ended = end.clone();
        let run = move || runtime.block_on(ended.cancelled());
        thread::Builder::new().name("redis".to_owned()).spawn(run)?;
        Ok(Self { runtime: handle, end })
    }

    /// Runs something and gives what it comes to.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        self.runtime.spawn(work).await
    }

    /// Runs something until it is done or this is dropped.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.spawn(work));
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end.cancel();
    }
}
