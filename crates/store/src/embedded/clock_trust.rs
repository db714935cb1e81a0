//! Whether the clock of the server may decide that sessions have expired.
//!
//! A clock that is far ahead would make the server remove every session at once. So the store remembers the last instant that it has
//! seen, and compares the clock with that at the start, and with the uptime of the process from then on. After a jump forward,
//! nothing is removed for as long as the clock has jumped, [`LONGEST_WAIT`] at most: had the clock been right before, nothing would
//! have expired earlier either.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tickseed_session::{Clock, Timestamp, clock_base_us};

/// How far ahead of the last instant that the store has seen the clock may be at the start. Restarts rarely take longer.
const MOST_AT_START: Duration = Duration::from_hours(1);

/// How far the clock may be set forward while the process runs: more than NTP sets a clock in one step in normal operation.
const MOST_WHILE_RUNNING: Duration = Duration::from_secs(1);

/// For how long nothing is removed at most. A clock that has run evenly for this long counts as right.
const LONGEST_WAIT: Duration = Duration::from_hours(6);

/// How often the log repeats that nothing is removed.
const LOG_EVERY: Duration = Duration::from_mins(10);

/// Watches the clock.
pub(super) struct ClockTrust {
    clock: Arc<dyn Clock>,
    /// Until when the operator says that the clock is right.
    confirmed_until: Option<Timestamp>,
    state: Mutex<State>,
}

struct State {
    /// The base of the clock when it was last trusted, in microseconds.
    trusted_base_us: i64,
    doubt: Option<Doubt>,
}

/// A jump of the clock that has not been waited for.
#[derive(Debug, Clone, Copy)]
struct Doubt {
    base_us: i64,
    /// The uptime at which it was noticed.
    since: Duration,
    logged_at: Duration,
}

impl ClockTrust {
    /// Compares the clock with the last instant that the store has seen, if it has seen one.
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        latest: Option<Timestamp>,
        confirmed_until: Option<Timestamp>,
    ) -> Self {
        let base_us = base_us(&*clock);
        let most_us = micros(MOST_AT_START);
        let ahead_us = latest.map_or(0, |latest| clock.now_us().saturating_sub(latest.millis() * 1_000));
        let trusted_base_us = if ahead_us > most_us { base_us.saturating_sub(ahead_us) } else { base_us };
        Self { clock, confirmed_until, state: Mutex::new(State { trusted_base_us, doubt: None }) }
    }

    /// Returns for how much longer nothing may be removed, or `None` if the clock is trusted. Logs when that changes.
    pub(super) fn waits(&self) -> Option<Duration> {
        let (base_us, uptime) = (base_us(&*self.clock), self.clock.uptime());
        let mut state = self.lock();
        let jump_us = base_us.saturating_sub(state.trusted_base_us);
        let is_confirmed = self.confirmed_until.is_some_and(|until| self.clock.now() < until);
        if jump_us <= micros(MOST_WHILE_RUNNING) || is_confirmed {
            state.trust(base_us);
            return None;
        }
        let jump = Duration::from_micros(jump_us.unsigned_abs());
        let doubt = state.doubt_at(base_us, uptime);
        let left = jump.min(LONGEST_WAIT).saturating_sub(uptime.saturating_sub(doubt.since));
        if left.is_zero() {
            state.trust(base_us);
            return None;
        }
        state.log(uptime, jump, left);
        Some(left)
    }

    /// Returns the present if the clock is trusted: the store may remember it.
    pub(super) fn trusted_now(&self) -> Option<Timestamp> {
        self.waits().is_none().then(|| self.clock.now())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Trusts the clock as it is now. A clock that was set back removes less, so it needs no doubt.
    fn trust(&mut self, base_us: i64) {
        self.trusted_base_us = base_us;
        if self.doubt.take().is_some() {
            tracing::info!("the clock is trusted again: expired sessions are removed");
        }
    }

    /// Returns the doubt about the clock, which begins anew when the clock is set again.
    fn doubt_at(&mut self, base_us: i64, uptime: Duration) -> Doubt {
        let is_known =
            |doubt: &Doubt| base_us.abs_diff(doubt.base_us) <= micros(MOST_WHILE_RUNNING).unsigned_abs();
        if let Some(doubt) = self.doubt.filter(is_known) {
            return doubt;
        }
        // The first line is due at once.
        let logged_at = uptime.saturating_sub(LOG_EVERY);
        let doubt = Doubt { base_us, since: uptime, logged_at };
        self.doubt = Some(doubt);
        doubt
    }

    fn log(&mut self, uptime: Duration, jump: Duration, left: Duration) {
        let Some(doubt) = &mut self.doubt else { return };
        if uptime.saturating_sub(doubt.logged_at) < LOG_EVERY && uptime != doubt.since {
            return;
        }
        doubt.logged_at = uptime;
        tracing::warn!(
            ahead_seconds = jump.as_secs(),
            seconds_left = left.as_secs(),
            "the clock is ahead of the last instant that the store has seen, so expired sessions are kept for now: if the clock is \
             right, wait, or start the server with --clock-confirmed-until and an instant a little later than now; if not, set it"
        );
    }
}

/// Returns the time minus the uptime.
fn base_us(clock: &dyn Clock) -> i64 {
    clock_base_us(clock.now_us(), clock.uptime())
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use tickseed_session::acceptance::{NOW, TestClock, instant, now};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const HOUR: Duration = Duration::from_hours(1);

    fn trust(latest: Option<Timestamp>, confirmed_until: Option<Timestamp>) -> (TestClock, ClockTrust) {
        let clock = TestClock::new();
        let trust = ClockTrust::new(Arc::new(clock.clone()), latest, confirmed_until);
        (clock, trust)
    }

    /// Returns the seconds left, rounded, because a little real time passes.
    fn seconds(trust: &ClockTrust) -> Option<u64> {
        trust.waits().map(|left| (left + SECOND / 2).as_secs())
    }

    #[test]
    fn a_clock_is_trusted_at_the_start_up_to_an_hour_after_the_last_instant() {
        for (latest, waits) in [
            (None, None),
            (Some(NOW), None),
            (Some("2026-01-31T11:00:00.000Z"), None),
            (Some("2026-01-31T10:59:59.999Z"), Some(3_600)),
            (Some("2026-01-31T09:30:00.000Z"), Some(9_000)),
            (Some("2025-01-31T12:00:00.000Z"), Some(6 * 3_600)),
            (Some("2027-01-31T12:00:00.000Z"), None),
        ] {
            let (_, trust) = trust(latest.map(instant), None);
            assert_eq!(seconds(&trust), waits, "{latest:?}");
            assert_eq!(trust.trusted_now(), waits.is_none().then(now), "{latest:?}");
        }
    }

    #[test]
    fn a_jump_is_waited_for_as_long_as_it_is() {
        let (clock, trust) = trust(None, None);
        clock.pass(HOUR);
        assert_eq!(seconds(&trust), None, "time has passed");
        clock.advance(SECOND / 2);
        assert_eq!(seconds(&trust), None, "a small step");
        clock.advance(100 * SECOND);
        assert_eq!(seconds(&trust), Some(100));
        clock.pass(40 * SECOND);
        assert_eq!(seconds(&trust), Some(60));
        clock.pass(61 * SECOND);
        assert_eq!(seconds(&trust), None);
        clock.pass(HOUR);
        assert_eq!(seconds(&trust), None, "it stays trusted");
    }

    #[test]
    fn a_clock_that_is_set_again_is_waited_for_anew_and_one_that_is_set_back_is_trusted() {
        let (clock, trust) = trust(None, None);
        clock.advance(100 * SECOND);
        assert_eq!(seconds(&trust), Some(100));
        clock.pass(90 * SECOND);
        clock.advance(100 * SECOND);
        assert_eq!(seconds(&trust), Some(200));
        clock.set("2026-01-31T12:01:30.000Z");
        assert_eq!(seconds(&trust), None, "90 s have passed since 12:00");
        clock.set(NOW);
        assert_eq!(seconds(&trust), None);
        clock.advance(90 * SECOND);
        assert_eq!(seconds(&trust), Some(90), "it was trusted as it was");
    }

    #[test]
    fn the_operator_can_confirm_the_clock() {
        let latest = Some(instant("2025-01-31T12:00:00.000Z"));
        for (until, is_trusted) in [("2026-01-31T12:00:00.001Z", true), (NOW, false)] {
            let (_, trust) = trust(latest, Some(instant(until)));
            assert_eq!(trust.waits().is_none(), is_trusted, "{until}");
        }
        let (clock, trust) = trust(latest, Some(instant("2026-01-31T12:00:01.000Z")));
        assert_eq!(trust.waits(), None);
        clock.pass(HOUR);
        assert_eq!(trust.waits(), None, "what was confirmed stays so");
        clock.advance(HOUR);
        assert_eq!(seconds(&trust), Some(3_600), "but not a later jump");
    }
}
