//! What everybody sees of a session, computed by the plain reference.

use tickseed_reference::reference::{Change, ChangedSchedule};
use tickseed_session::{Session, Status, Timestamp};

/// What decides about the step of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    schedule: ChangedSchedule,
    /// When step 0 begins and when changes take effect, in milliseconds.
    borders: Vec<i64>,
    stopped_at: Option<i64>,
}

/// What everybody sees at an instant: the step, if the session has started, and whether it runs.
pub type Seen = (Option<u64>, Status);

impl Plain {
    /// Takes what decides from a session.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let schedule = &session.schedule;
        let changes: Vec<_> = schedule.changes().map(|change| (change.at(), change.tick_ms())).collect();
        let plain = Self::new((schedule.start_at(), schedule.tick_ms()), &changes);
        let stopped_at = session.stopped_at.map(Timestamp::millis);
        Self { stopped_at, ..plain.expect("servers hand out valid schedules only") }
    }

    /// Makes a session from its start and the first length of a tick, and from the instants and lengths of a tick of its changes.
    /// Returns `None` if they are not valid.
    fn new((start_at, tick_ms): (i64, u32), changes: &[(i64, u32)]) -> Option<Self> {
        let borders = [start_at].into_iter().chain(changes.iter().map(|(at, _)| *at)).collect();
        let changes: Vec<_> =
            changes.iter().map(|(at, tick_ms)| Change { at: *at, tick_ms: *tick_ms }).collect();
        let schedule = ChangedSchedule::new(start_at, tick_ms, &changes).ok()?;
        Some(Self { schedule, borders, stopped_at: None })
    }

    /// Returns what everybody sees at an instant. From the stop on, everything is as it was then.
    #[must_use]
    pub fn seen_at(&self, instant: i64) -> Seen {
        let effective = self.stopped_at.map_or(instant, |stopped_at| stopped_at.min(instant));
        let is_paused = self.schedule.is_paused(effective) == Ok(true);
        let status = match self.stopped_at {
            Some(stopped_at) if stopped_at <= instant => Status::Stopped,
            _ if is_paused => Status::Paused,
            _ => Status::Running,
        };
        (self.schedule.step_at(effective).ok().flatten(), status)
    }

    /// Returns the first instant at which the two are seen differently. They differ first where one of them changes, or where the
    /// first or second tick after that begins.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<i64> {
        let borders: Vec<i64> = self.borders().chain(other.borders()).collect();
        let ticks = borders.iter().flat_map(|border| [self, other].map(|plain| plain.next_ticks(*border)));
        let ticks: Vec<i64> = ticks.flatten().collect();
        let near = |at: &i64| [at - 1, *at, at + 1];
        let mut instants: Vec<i64> = borders.iter().chain(&ticks).flat_map(near).collect();
        instants.sort_unstable();
        instants.dedup();
        instants.into_iter().find(|instant| self.seen_at(*instant) != other.seen_at(*instant))
    }

    fn borders(&self) -> impl Iterator<Item = i64> {
        self.borders.iter().copied().chain(self.stopped_at)
    }

    /// Returns where the next two ticks begin after an instant, as far as they do.
    fn next_ticks(&self, instant: i64) -> impl Iterator<Item = i64> {
        let step = self.schedule.step_at(instant).ok().flatten();
        let next = step.into_iter().flat_map(|step| [step + 1, step + 2]);
        next.filter_map(|step| self.schedule.time_of(step).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Makes a list of changes that is valid.
    fn any_plain(random: &mut Random) -> ((i64, u32), Vec<(i64, u32)>) {
        loop {
            let start_at = random.between(1, 50);
            let tick_ms = |random: &mut Random, low| u32::try_from(random.between(low, 20).max(0)).unwrap();
            let start = (start_at, tick_ms(random, 1));
            let mut at = start_at;
            let changes: Vec<_> = (0..random.between(0, 4))
                .map(|_| {
                    at += random.between(1, 60);
                    (at, tick_ms(random, -10))
                })
                .collect();
            if Plain::new(start, &changes).is_some() {
                return (start, changes);
            }
        }
    }

    #[test]
    fn the_first_difference_is_the_first() {
        let mut random = Random::new(2);
        for _ in 0..3_000 {
            let [one, other] = [0; 2].map(|_| any_plain(&mut random));
            // Half of the pairs differ only in their last change and in their stops.
            let other = if random.percent(50) {
                let (start, changes) = &one;
                (*start, changes[..changes.len().saturating_sub(1)].to_vec())
            } else {
                other
            };
            let [one, other] = [one, other].map(|(start, changes)| {
                let stopped_at = random.percent(30).then(|| random.between(1, 250));
                Plain { stopped_at, ..Plain::new(start, &changes).unwrap() }
            });
            let first = (0..500).find(|instant| one.seen_at(*instant) != other.seen_at(*instant));
            assert_eq!(one.first_difference(&other), first, "{one:?} and {other:?}");
        }
    }
}
