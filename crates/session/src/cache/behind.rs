//! The sessions whose listeners may have missed a change.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::SessionId;

/// Collects the sessions to read again for their listeners.
#[derive(Debug, Default)]
pub(super) struct Behind {
    sessions: Mutex<Sessions>,
    added: Notify,
}

#[derive(Debug, Default)]
struct Sessions {
    /// Every session that has listeners.
    all: bool,
    some: HashSet<SessionId>,
}

impl Behind {
    /// Adds one session.
    pub(super) fn add(&self, id: SessionId) {
        self.lock().some.insert(id);
        self.added.notify_one();
    }

    /// Adds every session that has listeners.
    pub(super) fn add_all(&self) {
        self.lock().all = true;
        self.added.notify_one();
    }

    /// Waits until there are sessions to read and takes them; `all` lists every session that has listeners.
    pub(super) async fn take(&self, all: impl Fn() -> Vec<SessionId>) -> Vec<SessionId> {
        loop {
            let added = std::mem::take(&mut *self.lock());
            if added.all {
                return all();
            }
            if !added.some.is_empty() {
                return added.some.into_iter().collect();
            }
            self.added.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
