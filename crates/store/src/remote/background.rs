//! The thread of the connections to a store. It is not one of those that serve requests, so that it notices a silent store also
//! when they are busy.

use std::any::type_name;
use std::future::Future;
use std::io;
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use crate::panics::Panics;

/// A thread with a runtime. It ends when this is dropped.
pub(crate) struct Background {
    runtime: Handle,
    panics: Panics,
    end: CancellationToken,
}

impl Background {
    /// Starts the thread. `name` is that of the kind of store: `redis`.
    pub(crate) fn start(name: &'static str) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, end) = (runtime.handle().clone(), CancellationToken::new());
        let ended = end.clone();
        let panics = Panics::default();
        let guard = panics.guard("the thread for the store");
        let run = move || {
            let _guard = guard;
            runtime.block_on(ended.cancelled());
        };
        thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self { runtime: handle, panics, end })
    }

    /// Returns what spawns tasks on the thread.
    #[cfg(feature = "postgres")]
    pub(crate) fn handle(&self) -> Handle {
        self.runtime.clone()
    }

    /// Runs a future and returns its output.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, JoinError> {
        self.runtime.spawn(work).await
    }

    /// Runs a future until it is done or this is dropped. A panic is reported under the name of the function that made it.
    pub(crate) fn spawn<Work: Future<Output = ()> + Send + 'static>(&self, work: Work) {
        let guard = self.panics.guard(type_name::<Work>().trim_end_matches("::{{closure}}"));
        drop(self.runtime.spawn(async move {
            let _guard = guard;
            work.await;
        }));
    }

    /// Returns the panics of the thread and of its tasks.
    pub(crate) const fn panics(&self) -> &Panics {
        &self.panics
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

#[cfg(test)]
mod tests {
    use tickseed_session::error_chain;

    use super::*;

    #[tokio::test]
    async fn a_panic_in_a_task_is_reported_and_the_others_go_on() {
        let background = Background::start("test").unwrap();
        background.spawn(async { panic!("planted") });
        let error = background.panics().first().await;
        assert!(
            error_chain(&error).contains("a_panic_in_a_task_is_reported_and_the_others_go_on has panicked"),
            "{error:?}"
        );
        assert_eq!(background.run(async { 1 }).await.unwrap(), 1);
    }
}
