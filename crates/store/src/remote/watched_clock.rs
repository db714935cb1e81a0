//! The clock of a store or of one of its nodes, which is measured again and again, and what the log says of it.

use std::time::Duration;

use tickseed_session::{CLOCK_TOLERANCE, READY_CLOCK_DISTANCE};

use super::clock_distance::{ClockReading, Measurement, RecentMeasurements};
use super::log_line::LogLine;

/// A clock that is measured again and again.
pub(crate) struct WatchedClock {
    last: Measurement,
    recent: RecentMeasurements,
    /// What the log has said of it last.
    logged: Logged,
}

/// Whether a clock agrees with the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Agreement {
    Close,
    Far,
    Unknown,
}

/// What the log says of a clock. An [`Agreement`] decides about promises only; this also says whether the server is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Logged {
    /// The clock agrees with the server's.
    Close,
    /// It agrees well enough for promises, but the server is not ready.
    Apart,
    /// It does not agree: the server is not ready, and makes no promises.
    Far,
    /// It has not been read lately: the server makes no promises.
    Unknown,
}

impl Agreement {
    fn of(distance: Option<Duration>) -> Self {
        match distance {
            Some(distance) if distance <= CLOCK_TOLERANCE => Self::Close,
            Some(_) => Self::Far,
            None => Self::Unknown,
        }
    }
}

impl WatchedClock {
    pub(crate) fn new(measured: Measurement) -> Self {
        let mut clock = Self { last: measured, recent: RecentMeasurements::default(), logged: Logged::Close };
        clock.note(measured);
        clock
    }

    /// Notes what the clock showed.
    pub(crate) fn note(&mut self, measured: Measurement) {
        self.last = measured;
        self.recent.note(measured);
    }

    /// Returns the last measurement.
    pub(crate) const fn last(&self) -> Measurement {
        self.last
    }

    /// Returns whether the clock agrees with the server's, by the last measurement.
    pub(crate) fn agreement(&self, now: ClockReading) -> Agreement {
        Agreement::of(self.last.distance(now))
    }

    /// Returns how far the clocks are apart at most, by the sharpest recent measurement.
    pub(crate) fn distance(&self, now: ClockReading) -> Option<Duration> {
        self.recent.distance(now)
    }

    /// Returns a line for the log if the clock no longer agrees, or does again. `kind` is the kind of store: `Redis`.
    pub(crate) fn change(&mut self, now: ClockReading, kind: &str) -> Option<LogLine> {
        let (logged, distance) = self.to_log(now);
        let before = std::mem::replace(&mut self.logged, logged);
        (before != logged).then(|| line(before, logged, distance, kind))
    }

    /// Returns what the log should say, and the distance that it names.
    fn to_log(&self, now: ClockReading) -> (Logged, Duration) {
        let last = self.last.distance(now);
        match (Agreement::of(last), self.distance(now)) {
            (Agreement::Close, Some(distance)) if distance > READY_CLOCK_DISTANCE => {
                (Logged::Apart, distance)
            }
            (Agreement::Close, _) => (Logged::Close, Duration::ZERO),
            (Agreement::Far, _) => (Logged::Far, last.unwrap_or_default()),
            (Agreement::Unknown, _) => (Logged::Unknown, Duration::ZERO),
        }
    }
}

fn line(before: Logged, after: Logged, distance: Duration, kind: &str) -> LogLine {
    match after {
        Logged::Close if before == Logged::Apart => {
            LogLine::Info("has a clock that agrees with this server's again".to_owned())
        }
        Logged::Close => LogLine::Info(
            "has a clock that agrees with this server's again: promises about sessions with a notice are made again"
                .to_owned(),
        ),
        Logged::Apart => LogLine::Warning(format!(
            "has a clock that may be {} ms away from this server's, and more than {} ms is too much: /readyz responds with 503; keep \
             the clocks of {kind} and of all servers in step with NTP",
            distance.as_millis(),
            READY_CLOCK_DISTANCE.as_millis()
        )),
        Logged::Far => LogLine::Warning(format!(
            "has a clock that may be {} ms away from this server's, and more than {} ms is too much: sessions with a notice cannot \
             be changed, nothing is promised about them, and /readyz responds with 503; keep the clocks of {kind} and of all servers \
             in step with NTP",
            distance.as_millis(),
            CLOCK_TOLERANCE.as_millis()
        )),
        Logged::Unknown => LogLine::Warning(
            "has not told its time for 2 s: its sessions with a notice cannot be changed, and nothing new is promised about them"
                .to_owned(),
        ),
    }
}
