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

#[cfg(test)]
mod tests {
    use tickseed_engine::{Change, Schedule};
    use tickseed_session::scheduled;

    use super::*;
    use crate::random::Random;

    /// Makes a list of changes that the engine accepts.
    fn any_plain(random: &mut Random) -> Plain {
        loop {
            let start_at = random.between(0, 50);
            let tick_ms = u32::try_from(random.between(1, 20)).unwrap();
            let mut at = start_at;
            let changes: Vec<_> = (0..random.between(0, 4))
                .map(|_| {
                    at += random.between(1, 60);
                    (at, u32::try_from(random.between(-10, 20).max(0)).unwrap())
                })
                .collect();
            let stopped_at = random.percent(30).then(|| random.between(0, 250));
            let plain = Plain { start_at, tick_ms, changes, stopped_at };
            if schedule_of(&plain).is_some() {
                return plain;
            }
        }
    }

    fn schedule_of(plain: &Plain) -> Option<tickseed_session::SessionSchedule> {
        let changes = plain.changes.iter().map(|(at, tick_ms)| Change::new(*at, *tick_ms).unwrap());
        scheduled(&Schedule::new(plain.start_at, plain.tick_ms).unwrap(), &changes.collect::<Vec<_>>()).ok()
    }

    #[test]
    fn it_agrees_with_the_engine() {
        let mut random = Random::new(1);
        for _ in 0..2_000 {
            let plain = Plain { stopped_at: None, ..any_plain(&mut random) };
            let schedule = schedule_of(&plain).unwrap();
            for instant in 0..300 {
                let step = schedule.step_at(instant).unwrap().map(|step| i64::try_from(step.get()).unwrap());
                assert_eq!(plain.seen_at(instant).0, step, "{plain:?} at {instant}");
                let is_paused = schedule.status_at(instant).unwrap() == tickseed_engine::Status::Paused;
                assert_eq!(plain.seen_at(instant).1 == Status::Paused, is_paused, "{plain:?} at {instant}");
            }
        }
    }

    #[test]
    fn the_first_difference_is_the_first() {
        let mut random = Random::new(2);
        for _ in 0..5_000 {
            let [one, other] = [0; 2].map(|_| any_plain(&mut random));
            // Half of the pairs differ only in their last change.
            let other = if random.percent(50) {
                let changes = one.changes.iter().take(one.changes.len().saturating_sub(1)).copied().collect();
                Plain { changes, ..one.clone() }
            } else {
                other
            };
            let first = (-1..500).find(|instant| one.seen_at(*instant) != other.seen_at(*instant));
            assert_eq!(one.first_difference(&other), first, "{one:?} and {other:?}");
        }
    }
}
