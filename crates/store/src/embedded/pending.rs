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
    /// Whether the log says that the clock has been set back.
    is_logged: bool,
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

    /// Returns whether the server's clock has not been set back below an instant that was certain. Logs when that changes.
    pub(super) fn is_clock_sure(&self) -> bool {
        let behind_ms = self.behind_ms();
        match self.turn(behind_ms) {
            Some(true) => tracing::warn!(
                "the clock has been set back by {behind_ms} ms, and more than {} ms is too much: sessions with a notice cannot be \
                 changed, and nothing is promised about them, until it has caught up",
                CLOCK_TOLERANCE.as_millis()
            ),
            Some(false) => tracing::info!(
                "the clock has caught up: promises about sessions with a notice are made again"
            ),
            None => {}
        }
        is_near(behind_ms)
    }

    /// Returns how far the server's clock is behind the latest instant that was certain, in milliseconds.
    fn behind_ms(&self) -> i64 {
        self.lock().latest_ms.saturating_sub(self.clock.now().millis()).max(0)
    }

    /// Returns whether the log is to say that the clock has been set back, or that this is over, if it is to say either.
    fn turn(&self, behind_ms: i64) -> Option<bool> {
        let is_back = !is_near(behind_ms);
        let was_back = std::mem::replace(&mut self.lock().is_logged, is_back);
        (is_back != was_back).then_some(is_back)
    }

    fn now_with(&self, state: &State) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_millis(state.latest_ms).map_or(now, |latest| latest.max(now))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_near(behind_ms: i64) -> bool {
    u128::from(behind_ms.unsigned_abs()) <= CLOCK_TOLERANCE.as_millis()
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

    #[test]
    fn a_clock_that_is_set_back_gets_one_line_and_so_does_its_end() {
        let (clock, writes, id) = writes();
        let turn = || writes.turn(writes.behind_ms());
        for seconds in [1, 2] {
            clock.advance(Duration::from_secs(1));
            assert_eq!((writes.certain(id), turn()), (clock.now(), None));
            clock.set(NOW);
            assert_eq!((writes.behind_ms(), turn(), turn()), (seconds * 1_000, Some(true), None));
            clock.advance(Duration::from_millis(seconds.unsigned_abs() * 1_000 - 375));
            assert_eq!((writes.behind_ms(), turn(), turn()), (375, Some(false), None));
            clock.set(NOW);
            assert_eq!(turn(), Some(true));
            clock.advance(Duration::from_secs(seconds.unsigned_abs()));
            assert_eq!((turn(), turn()), (Some(false), None));
        }
    }
}
