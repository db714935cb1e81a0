//! The writes that have begun and not ended, and the time of the embedded store.
//!
//! A write becomes visible at some instant before it ends, and nobody can say when. So nothing is certain about a session after
//! the beginning of a write to it that has not ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tickseed_session::{CLOCK_TOLERANCE, Clock, SessionId, Timestamp};

/// The writes in flight, and a clock that never goes backward: the server's, but not before any instant that was certain.
pub(super) struct PendingWrites {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The latest instant that was certain, in milliseconds.
    latest_ms: i64,
    writes: HashMap<SessionId, Pending>,
}

/// The writes to one session.
struct Pending {
    /// When the first of them began.
    since: Timestamp,
    count: usize,
}

/// A write that has not ended. It ends when this is dropped.
pub(super) struct PendingWrite {
    id: SessionId,
    writes: Arc<PendingWrites>,
}

impl PendingWrites {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Begins a write.
    pub(super) fn begin(self: &Arc<Self>, id: SessionId) -> PendingWrite {
        let mut state = self.lock();
        let since = self.now_with(&state);
        state.writes.entry(id).or_insert(Pending { since, count: 0 }).count += 1;
        PendingWrite { id, writes: Arc::clone(self) }
    }

    /// Returns the instant such that a read which begins now misses nothing that becomes visible before it.
    pub(super) fn certain(&self, id: SessionId) -> Timestamp {
        let mut state = self.lock();
        let now = self.now_with(&state);
        let certain = state.writes.get(&id).map_or(now, |pending| pending.since.min(now));
        state.latest_ms = state.latest_ms.max(certain.millis());
        certain
    }

    /// Returns the time of the store.
    pub(super) fn now(&self) -> Timestamp {
        self.now_with(&self.lock())
    }

    /// Returns whether the server's clock has not been set back below an instant that was certain.
    pub(super) fn is_clock_sure(&self) -> bool {
        let latest_ms = self.lock().latest_ms;
        self.clock.now().after(CLOCK_TOLERANCE).is_none_or(|now| now.millis() >= latest_ms)
    }

    fn now_with(&self, state: &State) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millis(state.latest_ms).map_or(now, |latest| latest.max(now))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PendingWrite {
    fn drop(&mut self) {
        let mut state = self.writes.lock();
        if let Some(pending) = state.writes.get_mut(&self.id) {
            pending.count -= 1;
            if pending.count == 0 {
                state.writes.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tickseed_session::acceptance::{NOW, TestClock, now};

    use super::*;

    fn writes() -> (TestClock, Arc<PendingWrites>, SessionId) {
        let clock = TestClock::new();
        let writes = Arc::new(PendingWrites::new(Arc::new(clock.clone())));
        (clock, writes, SessionId::random(now()))
    }

    #[test]
    fn nothing_is_certain_after_the_beginning_of_a_write_that_has_not_ended() {
        let (clock, writes, id) = writes();
        assert_eq!(writes.certain(id), now());
        let first = writes.begin(id);
        clock.advance(Duration::from_millis(10));
        let second = writes.begin(id);
        clock.advance(Duration::from_millis(10));
        assert_eq!(writes.certain(id), now());
        drop(first);
        assert_eq!(writes.certain(id), now(), "the other one may have begun at any time");
        assert_eq!(writes.certain(SessionId::random(now())), clock.now());
        drop(second);
        assert_eq!(writes.certain(id), clock.now());
    }

    #[test]
    fn the_time_of_the_store_is_never_before_an_instant_that_was_certain() {
        let (clock, writes, id) = writes();
        clock.advance(Duration::from_secs(1));
        let certain = writes.certain(id);
        clock.set(NOW);
        assert_eq!(writes.now(), certain);
        assert_eq!(writes.certain(id), certain);
        assert!(!writes.is_clock_sure());
        clock.advance(Duration::from_millis(1_000 - 375));
        assert!(writes.is_clock_sure());
    }
}
