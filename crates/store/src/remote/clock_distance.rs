//! How far the clock of a store, or of one of its nodes, is from the server's.
//!
//! A store reads its clock at some time between a question and its answer, so the distance is known to within half of that time.

use std::collections::VecDeque;
use std::time::Duration;

use tickseed_session::{Clock, Timestamp};

/// How long a measurement counts.
const COUNTS_FOR: Duration = Duration::from_secs(2);

/// How many measurements are looked at to find the sharpest one: about a second of them.
const RECENT: usize = 40;

/// What the server's clock shows, and how long the process has been running by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClockReading {
    /// Microseconds since the Unix epoch.
    pub(crate) time_us: i64,
    pub(crate) uptime: Duration,
}

/// What the clock of a store showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measurement {
    asked_at: ClockReading,
    answered_at: ClockReading,
    /// How far the clocks were apart at most, in microseconds.
    distance_us: u64,
    /// By how many microseconds the clock of the store was ahead, as far as that is known.
    ahead_us: i64,
}

impl ClockReading {
    /// Returns the present.
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self { time_us: clock.now_us(), uptime: clock.uptime() }
    }

    /// Returns the time that the clock shows.
    pub(crate) fn time(self) -> Timestamp {
        Timestamp::from_millis(self.time_us / 1_000).unwrap_or(Timestamp::MAX)
    }

    /// Returns by how much the clock has been set since an earlier reading, in microseconds.
    fn set_since(self, earlier: Self) -> u64 {
        let elapsed = micros(self.uptime.saturating_sub(earlier.uptime));
        self.time_us.saturating_sub(earlier.time_us).abs_diff(elapsed)
    }
}

impl Measurement {
    /// Takes the time that a store has given, in microseconds since the Unix epoch.
    pub(crate) fn new(asked_at: ClockReading, time_us: i64, answered_at: ClockReading) -> Self {
        let half_us = micros(answered_at.uptime.saturating_sub(asked_at.uptime)).div_euclid(2) + 1;
        let halfway_us = answered_at.time_us.saturating_sub(half_us);
        let (ahead_us, apart_us) = (time_us.saturating_sub(halfway_us), time_us.abs_diff(halfway_us));
        let distance_us =
            apart_us.saturating_add(half_us.unsigned_abs()).saturating_add(answered_at.set_since(asked_at));
        Self { asked_at, answered_at, distance_us, ahead_us }
    }

    /// Returns how far the clocks are apart at most, or `None` if the measurement is too old. If the server's clock has been set
    /// meanwhile, they may be that much further apart.
    pub(crate) fn distance(&self, now: ClockReading) -> Option<Duration> {
        let age = now.uptime.saturating_sub(self.answered_at.uptime);
        let distance_us = self.distance_us.saturating_add(now.set_since(self.answered_at));
        (age <= COUNTS_FOR).then(|| Duration::from_micros(distance_us))
    }

    /// Returns by how many microseconds the clock of the store is ahead, or `None` if the measurement is too old.
    pub(crate) fn ahead_us(&self, now: ClockReading) -> Option<i64> {
        self.distance(now).map(|_| self.ahead_us)
    }

    /// Returns how long ago the store was asked.
    #[cfg(feature = "redis")]
    pub(crate) fn age(&self, now: ClockReading) -> Duration {
        now.uptime.saturating_sub(self.asked_at.uptime)
    }

    /// Returns the time at which the store was asked.
    #[cfg(feature = "redis")]
    pub(crate) fn asked_at(&self) -> Timestamp {
        self.asked_at.time()
    }
}

/// The last measurements of one clock. Each of them bounds the distance, so the sharpest one counts: a single slow answer does not
/// make a clock seem far away.
#[derive(Debug, Default)]
pub(crate) struct RecentMeasurements(VecDeque<Measurement>);

impl RecentMeasurements {
    /// Adds a measurement, in the place of the oldest one.
    pub(crate) fn note(&mut self, measured: Measurement) {
        if self.0.len() == RECENT {
            self.0.pop_front();
        }
        self.0.push_back(measured);
    }

    /// Returns how far the clocks are apart at most, or `None` if every measurement is too old.
    pub(crate) fn distance(&self, now: ClockReading) -> Option<Duration> {
        self.0.iter().filter_map(|measured| measured.distance(now)).min()
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_US: i64 = 1_700_000_000_000_000;

    /// The reading this many milliseconds after the start, by a clock that is `set_ms` ahead of where it was then.
    fn reading(millis: u32, set_ms: i64) -> ClockReading {
        let time_us = START_US + (i64::from(millis) + set_ms) * 1_000;
        ClockReading { time_us, uptime: Duration::from_millis(1_000 + u64::from(millis)) }
    }

    /// A store whose clock is `ahead_ms` ahead takes 20 ms to answer, and reads its clock `after_ms` after the question.
    fn measurement(ahead_ms: i64, after_ms: i64) -> Measurement {
        let time_us = START_US + (after_ms + ahead_ms) * 1_000;
        Measurement::new(reading(0, 0), time_us, reading(20, 0))
    }

    fn distance_ms(measurement: &Measurement, now: ClockReading) -> Option<u128> {
        measurement.distance(now).map(|distance| distance.as_millis())
    }

    #[test]
    fn the_distance_contains_half_of_the_round_trip() {
        let now = reading(20, 0);
        for (ahead_ms, after_ms, distance) in
            [(0, 10, 10), (0, 0, 20), (0, 20, 20), (300, 10, 310), (-300, 10, 310), (300, 20, 320)]
        {
            let measured = measurement(ahead_ms, after_ms);
            assert_eq!(distance_ms(&measured, now), Some(distance), "{ahead_ms} {after_ms}");
            let error_us = measured.ahead_us(now).unwrap().abs_diff(ahead_ms * 1_000);
            assert!(error_us <= 10_001, "{ahead_ms} {after_ms}: {error_us}");
        }
    }

    #[test]
    fn a_distance_counts_for_two_seconds() {
        let measured = measurement(0, 10);
        assert_eq!(distance_ms(&measured, reading(2_020, 0)), Some(10));
        assert_eq!(distance_ms(&measured, reading(2_021, 0)), None);
    }

    #[test]
    fn a_clock_that_has_been_set_is_noticed_at_once() {
        let measured = measurement(0, 10);
        for set_ms in [-400, 400] {
            assert_eq!(distance_ms(&measured, reading(30, set_ms)), Some(410));
            let during = Measurement::new(reading(0, 0), START_US + 10_000, reading(20, set_ms));
            assert!(distance_ms(&during, reading(20, set_ms)) >= Some(410), "{set_ms}");
        }
    }

    #[test]
    fn a_slow_answer_does_not_make_a_clock_seem_far_away() {
        let slow = Measurement::new(reading(20, 0), START_US + 30_000, reading(420, 0));
        let mut recent = RecentMeasurements::default();
        let distance = |recent: &RecentMeasurements, at, set_ms| {
            recent.distance(reading(at, set_ms)).map(|distance| distance.as_millis())
        };
        recent.note(slow);
        assert!(distance(&recent, 420, 0) > Some(300));
        recent.note(measurement(0, 10));
        recent.note(slow);
        assert_eq!(distance(&recent, 420, 0), Some(10));
        assert_eq!(distance(&recent, 420, 900), Some(910), "the clock has been set");
        assert!(distance(&recent, 2_200, 0) > Some(300), "the sharp one is too old");
        assert_eq!(distance(&recent, 2_500, 0), None);
        for _ in 0..RECENT {
            recent.note(measurement(500, 10));
        }
        assert_eq!(distance(&recent, 30, 0), Some(510), "the clock of the store has been set");
    }

    #[test]
    fn no_time_that_a_store_gives_is_too_far() {
        for time_us in [i64::MIN, i64::MAX] {
            assert!(
                Measurement::new(reading(0, 0), time_us, reading(0, 0)).distance(reading(0, 0)).is_some()
            );
        }
    }
}
