//! When a session is at which step, computed as plainly as possible: every answer folds the whole list of changes.

use tickseed_session::{Session, Status};

/// What decides about the state of a session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Plain {
    /// When step 0 begins, in milliseconds.
    pub start_at: i64,
    /// The first length of a tick.
    pub tick_ms: u32,
    /// The instants of the changes, and the length of a tick from there on, or 0 for a pause.
    pub changes: Vec<(i64, u32)>,
    /// When it stops.
    pub stopped_at: Option<i64>,
}

/// What everybody sees at an instant: the step, if the session has started, and whether it runs.
pub type Seen = (Option<i64>, Status);

/// Where the fold has got to.
struct Point {
    at: i64,
    step: i64,
    phase: i64,
    tick: i64,
}

impl Plain {
    /// Takes what decides from a session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let schedule = &session.schedule;
        Self {
            start_at: schedule.start_at(),
            tick_ms: schedule.tick_ms(),
            changes: schedule.changes().map(|change| (change.at(), change.tick_ms())).collect(),
            stopped_at: session.stopped_at.map(tickseed_session::Timestamp::millis),
        }
    }

    /// Returns what everybody sees at an instant.
    #[must_use]
    pub fn seen_at(&self, instant: i64) -> Seen {
        let has_stopped = self.stopped_at.is_some_and(|stopped_at| stopped_at <= instant);
        let effective = self.stopped_at.map_or(instant, |stopped_at| stopped_at.min(instant));
        let point = self.point_at(effective);
        let status = match &point {
            _ if has_stopped => Status::Stopped,
            Some(point) if point.tick == 0 => Status::Paused,
            _ => Status::Running,
        };
        (point.map(|point| point.step), status)
    }

    /// Returns the fold at an instant, or `None` before the start.
    fn point_at(&self, instant: i64) -> Option<Point> {
        if instant < self.start_at {
            return None;
        }
        let mut point = Point { at: self.start_at, step: 0, phase: 0, tick: i64::from(self.tick_ms) };
        for &(at, tick) in self.changes.iter().take_while(|(at, _)| *at <= instant) {
            point.advance_to(at);
            point.tick = i64::from(tick);
        }
        point.advance_to(instant);
        Some(point)
    }

    /// Returns the first instant at which the two are seen differently. They differ first where one of them changes, or where the
    /// first or second tick after that begins.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<i64> {
        let mut instants: Vec<i64> = self.borders().chain(other.borders()).collect();
        let ticks = instants.iter().flat_map(|border| [self, other].map(|plain| plain.next_ticks(*border)));
        instants.extend(ticks.flatten().collect::<Vec<_>>());
        let mut instants: Vec<i64> = instants.iter().flat_map(|at| [at - 1, *at, at + 1]).collect();
        instants.sort_unstable();
        instants.dedup();
        instants.into_iter().find(|instant| self.seen_at(*instant) != other.seen_at(*instant))
    }

    fn borders(&self) -> impl Iterator<Item = i64> {
        let changes = self.changes.iter().map(|(at, _)| *at);
        [self.start_at].into_iter().chain(changes).chain(self.stopped_at)
    }

    /// Returns where the next two ticks begin after an instant.
    fn next_ticks(&self, instant: i64) -> impl Iterator<Item = i64> + use<> {
        let point = self.point_at(instant).filter(|point| point.tick > 0);
        let next = point.map(|point| (instant + point.tick - point.phase, point.tick));
        next.into_iter().flat_map(|(at, tick)| [at, at + tick])
    }
}

impl Point {
    fn advance_to(&mut self, instant: i64) {
        if self.tick > 0 {
            let passed = self.phase + instant - self.at;
            self.step += passed / self.tick;
            self.phase = passed % self.tick;
        }
        self.at = instant;
    }
}
