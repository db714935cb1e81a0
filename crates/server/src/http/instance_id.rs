//! Identifies the server process that sent a response, and the clock that it goes by.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde::{Serialize, Serializer};
use tickseed_session::{Clock, clock_base_us};
use uuid::Uuid;

/// How far somebody may set the clock of the machine before clients have to take it for another clock.
const STEP_US: u64 = 1_000_000;

/// The base of a clock that has not been read yet.
const UNKNOWN: i64 = i64::MIN;

/// The id of a server process: 12 hexadecimal digits. It is random, so it reveals nothing about the machine.
///
/// It changes when the clock of the machine is set by more than a second. Otherwise clients would take the step for time that has
/// passed. Clones are the same id.
#[derive(Debug, Clone)]
pub struct InstanceId(Arc<State>);

#[derive(Debug)]
struct State {
    /// The digits as a number.
    id: AtomicU64,
    /// The base of the clock when it was last set.
    base_us: AtomicI64,
}

impl InstanceId {
    /// Creates a random id.
    #[must_use]
    pub fn random() -> Self {
        Self(Arc::new(State { id: AtomicU64::new(random_id()), base_us: AtomicI64::new(UNKNOWN) }))
    }

    /// Returns the time of the server, in microseconds since the Unix epoch. Send it together with this id, read afterwards.
    pub(super) fn time_us(&self, clock: &dyn Clock) -> i64 {
        let time_us = clock.now_us();
        let base_us = clock_base_us(time_us, clock.uptime());
        let known_us = self.0.base_us.load(Ordering::Relaxed);
        if known_us == UNKNOWN {
            self.0.base_us.store(base_us, Ordering::Relaxed);
        } else if base_us.abs_diff(known_us) > STEP_US {
            self.renew(base_us, known_us);
        }
        time_us
    }

    /// Takes another id.
    fn renew(&self, base_us: i64, known_us: i64) {
        let State { id, base_us: known } = &*self.0;
        // The thread that comes first renews it; another one that has noticed the same step goes on with the new id.
        if known.compare_exchange(known_us, base_us, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            id.store(random_id(), Ordering::SeqCst);
            let forward_ms = base_us.saturating_sub(known_us) / 1_000;
            tracing::warn!(
                forward_ms,
                "the clock has been set, so /v1/time answers under another server name from now on"
            );
        }
    }
}

/// Returns random digits as a number. In a UUID of version 4 the first 48 bits are all random; the next ones are not.
fn random_id() -> u64 {
    Uuid::new_v4().as_u64_pair().0 >> 16
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0.id.load(Ordering::SeqCst))
    }
}

impl Serialize for InstanceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tickseed_session::acceptance::{NOW, TestClock};

    use super::*;

    #[test]
    fn the_id_changes_when_the_clock_is_set_and_only_then() {
        let (clock, id) = (TestClock::new(), InstanceId::random());
        let id_now = || {
            id.time_us(&clock);
            id.to_string()
        };
        let first = id_now();
        assert_eq!(first.len(), 12);
        clock.pass(Duration::from_hours(9));
        assert_eq!(id_now(), first, "time has passed");
        clock.advance(Duration::from_millis(900));
        assert_eq!(id_now(), first, "a small step");
        clock.advance(Duration::from_millis(1_100));
        let second = id_now();
        assert_ne!(second, first);
        assert_eq!(id_now(), second);
        clock.set(NOW);
        assert_ne!(id_now(), second, "the clock was set back");
    }
}
