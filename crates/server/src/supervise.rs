//! Background tasks that must not end before the server does.

use std::collections::HashMap;
use std::future::Future;

use tokio::task::{Id, JoinSet};

/// Tasks on the current thread. They end when this is dropped.
#[derive(Default)]
pub(crate) struct Supervised {
    tasks: JoinSet<()>,
    names: HashMap<Id, &'static str>,
}

impl Supervised {
    /// Starts a task. `name` is its name in the error.
    pub(crate) fn spawn(&mut self, name: &'static str, work: impl Future<Output = ()> + 'static) {
        self.names.insert(self.tasks.spawn_local(work).id(), name);
    }

    /// Waits until a task ends or panics, and says which. Never completes without tasks.
    pub(crate) async fn first_end(&mut self) -> String {
        let (id, end) = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => (id, "has ended"),
            Some(Err(error)) => (error.id(), "has panicked"),
            None => return std::future::pending().await,
        };
        format!("{} {end}", self.names.get(&id).unwrap_or(&"a task"))
    }
}
