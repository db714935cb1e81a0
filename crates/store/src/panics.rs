//! Tells when a thread or task of a store has panicked, so that the server can end instead of only looking alive.

use std::thread;

use tickseed_session::StoreError;
use tokio::sync::watch;

/// The panics of a store's threads and tasks. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Panics {
    /// The part that panicked first.
    first: watch::Sender<Option<&'static str>>,
}

/// Reports a panic that happens while it exists.
pub(crate) struct PanicGuard {
    panics: Panics,
    part: &'static str,
}

impl Panics {
    /// Watches the thread or task that owns the returned guard. `part` is its name in the error.
    pub(crate) fn guard(&self, part: &'static str) -> PanicGuard {
        PanicGuard { panics: self.clone(), part }
    }

    /// Completes after the first panic.
    pub(crate) async fn first(&self) -> StoreError {
        let mut first = self.first.subscribe();
        let part = first.wait_for(Option::is_some).await.ok().and_then(|part| *part);
        StoreError::unavailable(format!("{} has panicked", part.unwrap_or("a thread")))
    }
}

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if thread::panicking() {
            self.panics.first.send_if_modified(|first| {
                let is_first = first.is_none();
                first.get_or_insert(self.part);
                is_first
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tickseed_session::error_chain;

    use super::*;

    #[test]
    fn the_first_panic_is_reported_and_nothing_else() {
        let panics = Panics::default();
        drop(panics.guard("one that ends"));
        assert!(panics.first().now_or_never().is_none());
        for part in ["the first", "the second"] {
            let guard = panics.guard(part);
            let thread = thread::spawn(move || {
                let _guard = guard;
                panic!("planted");
            });
            assert!(thread.join().is_err());
        }
        let error = panics.first().now_or_never().unwrap();
        assert_eq!(error_chain(&error), "the store is unavailable: the first has panicked");
    }

    #[tokio::test]
    async fn a_panic_in_a_task_is_reported() {
        let panics = Panics::default();
        let guard = panics.guard("the task");
        let task = tokio::spawn(async move {
            let _guard = guard;
            tokio::task::yield_now().await;
            panic!("planted");
        });
        assert!(panics.first().await.to_string().contains("unavailable"));
        assert!(task.await.unwrap_err().is_panic());
        let aborted = tokio::spawn({
            let guard = Panics::default().guard("a task that is aborted");
            async move {
                let _guard = guard;
                std::future::pending::<()>().await;
            }
        });
        aborted.abort();
        assert!(aborted.await.unwrap_err().is_cancelled());
    }
}
