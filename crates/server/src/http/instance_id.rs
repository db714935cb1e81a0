//! Identifies the server process that sent a response, and the clock that it goes by.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde::{Serialize, Serializer};
use tickseed_session::{Clock, clock_base_us};
use uuid::Uuid;

/// Setting the clock of the machine by more than this makes it another clock for clients.
const STEP_US: u64 = 100_000;

/// How many microseconds of drift between the clock and the uptime do not count as a step. On some systems NTP adjusts the rate of
/// the clock but not that of the uptime.
const DRIFT_US: RangeInclusive<u64> = 1_000..=5_000;

/// The base of a clock that has not been read yet.
const UNKNOWN: i64 = i64::MIN;

/// The id of a server process: 12 hexadecimal digits. It is random, so it reveals nothing about the machine.
///
/// It changes when the clock of the machine is set by more than 100 ms. Otherwise clients would take the step for time that has
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
        // A busy machine can run something else in between, so the base is known only to within that time.
        let before = clock.uptime();
        let time_us = clock.now_us();
        let (earliest, latest) = (clock_base_us(time_us, clock.uptime()), clock_base_us(time_us, before));
        let known_us = self.0.base_us.load(Ordering::Relaxed);
        if known_us == UNKNOWN {
            if earliest.abs_diff(latest) <= *DRIFT_US.end() {
                self.0.base_us.store(earliest, Ordering::Relaxed);
            }
            return time_us;
        }
        let base_us = known_us.clamp(earliest, latest);
        let set_us = base_us.abs_diff(known_us);
        if set_us > STEP_US {
            self.renew(base_us, known_us);
        } else if DRIFT_US.contains(&set_us) {
            self.0.base_us.store(base_us, Ordering::Relaxed);
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

    use tickseed_session::acceptance::TestClock;

    use super::*;

    /// The clock of a busy machine: time passes whenever the uptime is read.
    struct BusyClock {
        clock: TestClock,
        held_up_ms: AtomicU64,
    }

    impl Clock for BusyClock {
        fn now_us(&self) -> i64 {
            self.clock.now_us()
        }

        fn uptime(&self) -> Duration {
            let uptime = self.clock.uptime();
            self.clock.pass(Duration::from_millis(self.held_up_ms.load(Ordering::SeqCst)));
            uptime
        }
    }

    fn id_now(id: &InstanceId, clock: &dyn Clock) -> String {
        id.time_us(clock);
        id.to_string()
    }

    fn step(clock: &TestClock, millis: i64) {
        let distance = Duration::from_millis(millis.unsigned_abs());
        if millis < 0 { clock.set_back(distance) } else { clock.advance(distance) }
    }

    #[test]
    fn the_id_changes_when_the_clock_is_set_and_only_then() {
        let (clock, id) = (TestClock::stopped(), InstanceId::random());
        let id_now = || id_now(&id, &clock);
        let first = id_now();
        assert_eq!(first.len(), 12);
        clock.pass(Duration::from_hours(9));
        assert_eq!(id_now(), first, "time has passed");
        step(&clock, 90);
        assert_eq!(id_now(), first, "a small step");
        let mut names = vec![first];
        for step_ms in [110, 200, -200, 3_600_000, -3_600_000] {
            step(&clock, step_ms);
            let name = id_now();
            assert!(!names.contains(&name), "{step_ms}");
            assert_eq!(id_now(), name, "{step_ms}");
            names.push(name);
        }
    }

    #[test]
    fn a_clock_that_drifts_from_the_uptime_has_not_been_set() {
        let (clock, id) = (TestClock::stopped(), InstanceId::random());
        let first = id_now(&id, &clock);
        for _ in 0..100 {
            step(&clock, 3);
            assert_eq!(id_now(&id, &clock), first);
        }
    }

    #[test]
    fn a_machine_that_is_busy_between_two_readings_has_not_set_its_clock() {
        let clock = BusyClock { clock: TestClock::stopped(), held_up_ms: AtomicU64::new(300) };
        let id = InstanceId::random();
        let first = id_now(&id, &clock);
        for held_up_ms in [0, 500, 0] {
            clock.held_up_ms.store(held_up_ms, Ordering::SeqCst);
            assert_eq!(id_now(&id, &clock), first, "{held_up_ms}");
        }
        step(&clock.clock, 700);
        assert_ne!(id_now(&id, &clock), first);
    }
}
