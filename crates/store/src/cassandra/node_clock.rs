//! The clocks of the nodes, as this server has last read them. They decide about deadlines: Cassandra dates a change by the clock of
//! the node that carries it out, and any node may.
//!
//! A reading bounds what the clock shows later: two clocks drift apart by less than a thousandth of the time that passes. So a
//! deadline by the clock of the server becomes the earliest instant that any of the nodes may show by then, and a change that
//! is answered before the latest instant that any of them can show was in time.

use std::time::Duration;

/// How long a reading counts for a deadline.
const COUNTS_FOR: Duration = Duration::from_secs(10);

/// How long a reading counts for the answer that a change was in time.
const PROVES_FOR: Duration = Duration::from_secs(2);

/// Two clocks drift apart by less than one part in this many.
const DRIFT: i64 = 1_000;

/// Nodes tell their time in whole milliseconds.
pub(super) const RESOLUTION_US: i64 = 1_000;

/// What the clock of a node showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// Microseconds since the Unix epoch.
    pub(super) time_us: i64,
    /// The uptime at which the node was asked.
    pub(super) asked_at: Duration,
    /// The uptime at which its answer had arrived.
    pub(super) answered_at: Duration,
}

impl Reading {
    /// Returns the earliest instant that the clock can show `later_us` after `uptime`. `None` if the reading is too old.
    pub(super) fn earliest_us(&self, uptime: Duration, later_us: i64) -> Option<i64> {
        let passed = uptime.saturating_sub(self.answered_at);
        let passed_us = micros(passed).saturating_add(later_us);
        (passed <= COUNTS_FOR).then(|| self.time_us.saturating_add(passed_us - passed_us / DRIFT))
    }

    /// Returns the latest instant that the clock can show at `uptime`. `None` if the reading is too old.
    pub(super) fn latest_us(&self, uptime: Duration) -> Option<i64> {
        let passed = uptime.saturating_sub(self.asked_at);
        let passed_us = micros(passed) + RESOLUTION_US;
        (passed <= PROVES_FOR).then(|| self.time_us.saturating_add(passed_us + passed_us / DRIFT + 1))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    fn reading() -> Reading {
        let (asked_at, answered_at) = (Duration::from_secs(99), Duration::from_secs(100));
        Reading { time_us: 5_000 * SECOND_US, asked_at, answered_at }
    }

    #[test]
    fn a_reading_bounds_what_the_clock_shows_later() {
        let uptime = Duration::from_millis(100_500);
        assert_eq!(reading().earliest_us(uptime, 0), Some(5_000 * SECOND_US + 499_500));
        assert_eq!(reading().earliest_us(uptime, SECOND_US), Some(5_000 * SECOND_US + 1_498_500));
        assert_eq!(reading().earliest_us(uptime, -SECOND_US), Some(5_000 * SECOND_US - 499_500));
        assert_eq!(reading().latest_us(uptime), Some(5_000 * SECOND_US + 1_501_000 + 1_501 + 1));
    }

    #[test]
    fn an_old_reading_says_nothing() {
        assert_eq!(reading().latest_us(Duration::from_millis(101_001)), None);
        assert!(reading().earliest_us(Duration::from_secs(110), 0).is_some());
        assert_eq!(reading().earliest_us(Duration::from_millis(110_001), 0), None);
    }

    #[test]
    fn the_last_instant_is_a_possible_deadline() {
        assert!(reading().earliest_us(Duration::from_secs(100), i64::MAX) > Some(0));
    }
}
