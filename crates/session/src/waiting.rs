//! Sessions that wait to be read.

use std::collections::{HashSet, VecDeque};

use crate::SessionId;

/// A queue in which each session waits at most once, however often it is added.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    queue: VecDeque<SessionId>,
    ids: HashSet<SessionId>,
}

impl Waiting {
    /// Adds the sessions that do not wait yet.
    pub(crate) fn extend(&mut self, ids: impl IntoIterator<Item = SessionId>) {
        self.queue.extend(ids.into_iter().filter(|id| self.ids.insert(*id)));
    }

    /// Takes the session that has waited longest.
    pub(crate) fn pop(&mut self) -> Option<SessionId> {
        let id = self.queue.pop_front()?;
        self.ids.remove(&id);
        Some(id)
    }

    /// Returns whether no session waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn a_session_waits_once_and_may_wait_again_afterwards() {
        let (first, second) = (SessionId::random(Timestamp::MAX), SessionId::random(Timestamp::MAX));
        let mut waiting = Waiting::default();
        waiting.extend([first, second, first]);
        waiting.extend([second]);
        assert_eq!(waiting.pop(), Some(first));
        waiting.extend([first]);
        assert_eq!([waiting.pop(), waiting.pop(), waiting.pop()], [Some(second), Some(first), None]);
        assert!(waiting.is_empty());
    }
}
