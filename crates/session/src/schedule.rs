//! When a session may be paused, resumed and given another rate (docs/schedule.md, sections 2 and 3).

use tickseed_engine::{Change, Segment, Status as Pace};

use crate::{Notice, Session, Timestamp};

/// How long before it takes effect a change without notice becomes final. That is longer than it takes to write its replacement
/// and to report it to every server, and leaves room for clocks that differ.
pub(crate) const FINAL_BEFORE_MS: i64 = 500;

/// A change that leaves `at` out follows the last one, if that lies less than this after the earliest possible instant: the clocks
/// of two servers differ.
const FOLLOWS_WITHIN_MS: i64 = 1_000;

/// A request to change the schedule of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleRequest {
    /// Pause.
    Pause(When),
    /// Go on where the session was paused, with this rate, or else with the one before the pause.
    Resume(When, Option<TickMs>),
    /// Another rate, from the next beginning of a tick.
    Rate(When, TickMs),
    /// Take back the changes at or after an instant, or else all that are not final.
    Withdraw(Option<Timestamp>),
}

/// When a change takes effect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct When {
    /// The instant, or `None` for the earliest possible one.
    pub at: Option<Timestamp>,
    /// Whether to take back the changes at or after that instant.
    pub replace_later: bool,
}

/// The length of a tick of a running session, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickMs(u32);

impl TickMs {
    /// Takes milliseconds.
    ///
    /// # Errors
    ///
    /// As [`tickseed_engine::Schedule::new`] for `tick_ms`.
    pub fn new(millis: impl Into<i128>) -> Result<Self, tickseed_engine::Error> {
        tickseed_engine::Schedule::new(0, millis).map(|schedule| Self(schedule.tick_ms()))
    }

    /// Returns milliseconds.
    #[must_use]
    pub const fn millis(self) -> u32 {
        self.0
    }
}

/// Why the schedule of a session cannot be changed as requested. The order is the order of the checks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The session has stopped.
    #[error("the session has stopped at {stopped_at}")]
    Stopped {
        /// When it stopped.
        stopped_at: Timestamp,
    },
    /// The session stops before the change could take effect.
    #[error("the session stops at {stopped_at}, so a change at {at} would have no effect")]
    StopsBefore {
        /// When it stops.
        stopped_at: Timestamp,
        /// The instant of the change.
        at: Timestamp,
    },
    /// The change is not after the start.
    #[error("a change must be after the start of the session at {start_at}, and this one would be at {at}")]
    NotStarted {
        /// When the session starts.
        start_at: Timestamp,
        /// The instant of the change.
        at: Timestamp,
    },
    /// The change is too near, or in the past.
    #[error("at must be {earliest} or later, got {at}")]
    TooSoon {
        /// The earliest instant that is possible now.
        earliest: Timestamp,
        /// The instant of the change.
        at: Timestamp,
    },
    /// There are changes at or after the new one.
    #[error("the session has changes at or after {at}; replace_later takes them back")]
    LaterChanges {
        /// The instant of the new change.
        at: Timestamp,
        /// The changes that are there.
        changes: Vec<Change>,
    },
    /// Another caller has added changes meanwhile, which this one cannot mean to take back.
    #[error(
        "another caller has just changed the session at or after {at}; try again if you want to take that back"
    )]
    NewLaterChanges {
        /// The instant of the new change, or of the first one that would be taken back.
        at: Timestamp,
        /// The changes that are there.
        changes: Vec<Change>,
    },
    /// A change would be taken back that is final.
    #[error("the change at {} is final", Timestamp::of_engine(change.at()))]
    ChangeFinal {
        /// The first such change.
        change: Change,
    },
    /// There is nothing to take back.
    #[error("there is no change to withdraw: none lies at or after from or, without from, all are final")]
    NothingToWithdraw,
    /// The session is paused at that instant.
    #[error("the session is paused at {at}")]
    AlreadyPaused {
        /// The instant of the change.
        at: Timestamp,
        /// All changes of the session.
        changes: Vec<Change>,
    },
    /// The session is not paused at that instant.
    #[error("the session is not paused at {at}")]
    NotPaused {
        /// The instant of the change.
        at: Timestamp,
        /// All changes of the session.
        changes: Vec<Change>,
    },
    /// The session has that rate at that instant.
    #[error("the session already has ticks of {tick_ms} ms at {at}")]
    SameRate {
        /// The instant of the change.
        at: Timestamp,
        /// The length of a tick.
        tick_ms: u32,
        /// All changes of the session.
        changes: Vec<Change>,
    },
    /// The session would have too many changes.
    #[error("a session has at most 256 changes, and this would be number {count}")]
    Full {
        /// How many changes there would be.
        count: usize,
    },
    /// A new rate would begin after the year 9999.
    #[error("at must be in or before the last tick that ends by the year 9999, got {at}")]
    NoNextTick {
        /// The instant of the change.
        at: Timestamp,
    },
}

/// The times that decide about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    /// The server's time.
    pub(crate) now: Timestamp,
    /// The earliest instant at which a change may take effect.
    pub(crate) earliest: Timestamp,
    /// A change is final once it is not after this.
    pub(crate) final_until: Timestamp,
}

impl Times {
    pub(crate) fn new(now: Timestamp, notice: Notice, guard_ms: i64) -> Self {
        let later = |millis: i64| Timestamp::of_engine(now.millis().saturating_add(millis));
        if notice.is_none() {
            return Self { now, earliest: now, final_until: later(FINAL_BEFORE_MS) };
        }
        let earliest = later(i64::from(notice.millis()) + guard_ms);
        Self { now, earliest, final_until: earliest }
    }
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewSchedule {
    /// All changes from now on.
    pub(crate) changes: Vec<Change>,
    /// The earliest instant whose state the request may change.
    pub(crate) affects_from: Timestamp,
    /// The first of the changes that are taken back.
    pub(crate) withdrawn_from: Option<Timestamp>,
}

/// Applies a request to the schedule of a session. `seen` are the changes that the caller of a repeated attempt knows: it takes no
/// others back.
pub(crate) fn apply(
    session: &Session,
    request: ScheduleRequest,
    times: Times,
    seen: Option<&[Change]>,
) -> Result<NewSchedule, ScheduleError> {
    if let Some(stopped_at) = session.stopped_at.filter(|at| *at <= times.now) {
        return Err(ScheduleError::Stopped { stopped_at });
    }
    match request {
        ScheduleRequest::Pause(when) => Edit::new(session, when, times, seen)?.pause(),
        ScheduleRequest::Resume(when, tick_ms) => Edit::new(session, when, times, seen)?.resume(tick_ms),
        ScheduleRequest::Rate(when, tick_ms) => Edit::new(session, when, times, seen)?.set_rate(tick_ms),
        ScheduleRequest::Withdraw(from) => withdraw(session, from, times, seen),
    }
}

fn withdraw(
    session: &Session,
    from: Option<Timestamp>,
    times: Times,
    seen: Option<&[Change]>,
) -> Result<NewSchedule, ScheduleError> {
    let is_meant = |change: &Change| match from {
        Some(from) => change.at() >= from.millis(),
        None => change.at() > times.final_until.millis(),
    };
    let (withdrawn, changes): (Vec<_>, Vec<_>) = session.schedule.changes().partition(is_meant);
    let Some(first) = withdrawn.first() else { return Err(ScheduleError::NothingToWithdraw) };
    let affects_from = Timestamp::of_engine(first.at());
    check_seen(&withdrawn, seen, affects_from)?;
    check_not_final(&withdrawn, times)?;
    Ok(NewSchedule { changes, affects_from, withdrawn_from: Some(affects_from) })
}

fn check_not_final(withdrawn: &[Change], times: Times) -> Result<(), ScheduleError> {
    match withdrawn.iter().find(|change| change.at() <= times.final_until.millis()) {
        Some(change) => Err(ScheduleError::ChangeFinal { change: *change }),
        None => Ok(()),
    }
}

/// A change that another caller has made meanwhile is not taken back.
fn check_seen(withdrawn: &[Change], seen: Option<&[Change]>, at: Timestamp) -> Result<(), ScheduleError> {
    match seen {
        Some(seen) if withdrawn.iter().any(|change| !seen.contains(change)) => {
            Err(ScheduleError::NewLaterChanges { at, changes: withdrawn.to_vec() })
        }
        _ => Ok(()),
    }
}

/// A change that is being added.
struct Edit {
    at: Timestamp,
    /// The segment that contains the instant, without the changes that are taken back.
    segment: Segment,
    earlier: Vec<Change>,
    withdrawn: Vec<Change>,
}

impl Edit {
    /// Checks everything that does not depend on the kind of the change.
    fn new(
        session: &Session,
        when: When,
        times: Times,
        seen: Option<&[Change]>,
    ) -> Result<Self, ScheduleError> {
        let at = when.at.unwrap_or_else(|| default_at(session, times.earliest));
        if let Some(stopped_at) = session.stopped_at.filter(|stopped_at| *stopped_at <= at) {
            return Err(ScheduleError::StopsBefore { stopped_at, at });
        }
        let start_at = Timestamp::of_engine(session.schedule.start_at());
        if at <= start_at {
            return Err(ScheduleError::NotStarted { start_at, at });
        }
        if at < times.earliest {
            return Err(ScheduleError::TooSoon { earliest: times.earliest, at });
        }
        let is_later = |change: &Change| change.at() >= at.millis();
        let (withdrawn, earlier): (Vec<_>, Vec<_>) = session.schedule.changes().partition(is_later);
        if !withdrawn.is_empty() && !when.replace_later {
            return Err(ScheduleError::LaterChanges { at, changes: withdrawn });
        }
        check_seen(&withdrawn, seen, at)?;
        check_not_final(&withdrawn, times)?;
        // The segment before the changes that are taken back: they begin at `at` or later.
        let before = at.millis() - 1;
        let segment = session.schedule.segment_at(before).ok().flatten();
        // The start is not after `before`, and a timestamp is in the engine's range.
        let segment = segment.unwrap_or_default();
        Ok(Self { at, segment, earlier, withdrawn })
    }

    fn pause(self) -> Result<NewSchedule, ScheduleError> {
        if self.is_paused() {
            return Err(self.already_paused());
        }
        let at = self.at;
        self.adding(&[(at, 0)])
    }

    fn resume(self, tick_ms: Option<TickMs>) -> Result<NewSchedule, ScheduleError> {
        if !self.is_paused() {
            return Err(ScheduleError::NotPaused { at: self.at, changes: self.all() });
        }
        let (at, rate, phase) = (self.at, self.segment.rate(), self.segment.phase());
        let tick_ms = tick_ms.map_or(rate, TickMs::millis);
        if tick_ms == rate {
            return self.adding(&[(at, rate)]);
        }
        if phase == 0 {
            return self.adding(&[(at, tick_ms)]);
        }
        // The old rate up to the end of the tick that the pause has interrupted.
        let ends_at = self.later(i64::from(rate - phase))?;
        self.adding(&[(at, rate), (ends_at, tick_ms)])
    }

    fn set_rate(self, tick_ms: TickMs) -> Result<NewSchedule, ScheduleError> {
        if self.is_paused() {
            return Err(self.already_paused());
        }
        let rate = self.segment.rate();
        if tick_ms.millis() == rate {
            return Err(ScheduleError::SameRate { at: self.at, tick_ms: rate, changes: self.all() });
        }
        let begins_at = self.next_tick()?;
        self.adding(&[(begins_at, tick_ms.millis())])
    }

    /// Returns the first instant from `at` on at which a tick begins.
    fn next_tick(&self) -> Result<Timestamp, ScheduleError> {
        let passed = i64::from(self.segment.phase()) + self.at.millis() - self.segment.at();
        let rate = i64::from(self.segment.rate());
        self.later((rate - passed % rate) % rate)
    }

    /// Returns the instant this many milliseconds after `at`.
    fn later(&self, millis: i64) -> Result<Timestamp, ScheduleError> {
        Timestamp::from_millis(self.at.millis() + millis)
            .map_err(|_| ScheduleError::NoNextTick { at: self.at })
    }

    fn is_paused(&self) -> bool {
        self.segment.status() == Pace::Paused
    }

    fn already_paused(self) -> ScheduleError {
        ScheduleError::AlreadyPaused { at: self.at, changes: self.all() }
    }

    fn all(&self) -> Vec<Change> {
        [self.earlier.as_slice(), &self.withdrawn].concat()
    }

    fn adding(self, new: &[(Timestamp, u32)]) -> Result<NewSchedule, ScheduleError> {
        let Self { at, mut earlier, withdrawn, .. } = self;
        let count = earlier.len() + new.len();
        if count > usize::from(tickseed_engine::Schedule::MAX_CHANGES) {
            return Err(ScheduleError::Full { count });
        }
        // Both numbers come from types that have checked them.
        earlier.extend(new.iter().filter_map(|(at, tick_ms)| Change::new(at.millis(), *tick_ms).ok()));
        let withdrawn_from = withdrawn.first().map(|change| Timestamp::of_engine(change.at()));
        let first = new.first().map_or(at, |(at, _)| *at);
        let affects_from = withdrawn_from.map_or(first, |withdrawn| withdrawn.min(first));
        Ok(NewSchedule { changes: earlier, affects_from, withdrawn_from })
    }
}

/// Returns the instant of a change that leaves it out.
fn default_at(session: &Session, earliest: Timestamp) -> Timestamp {
    let last = session.schedule.changes().next_back().map(Change::at);
    let is_near = |last: &i64| (0..FOLLOWS_WITHIN_MS).contains(&(last - earliest.millis()));
    last.filter(is_near).map_or(earliest, |last| Timestamp::of_engine(last + 1))
}

#[cfg(test)]
mod tests;
