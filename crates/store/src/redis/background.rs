//! The thread of the connections to Redis. It is not one of those that serve requests, so that it notices a silent Redis also
//! when they are busy.

use std::future::Future;
use std::io;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

/// A thread with a runtime. It ends when this is dropped.
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

    /// Runs a future and returns its output.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        self.runtime.spawn(work).await
    }

    /// Runs a future until it is done or this is dropped.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        drop(self.runtime.spawn(work));
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end.cancel();
    }
}
