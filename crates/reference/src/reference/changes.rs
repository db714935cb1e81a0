//! `docs/schedule.md`, section 1: schedules with changes.
//!
//! Every answer folds the whole list again.

use core::fmt;

use super::inputs::{
    InputError, LATEST_INSTANT, check_change_tick, check_changes, check_instant, check_step,
    check_step_up_to, check_tick,
};

/// A change: from `at` on, a tick lasts `tick_ms`, or the session is paused if that is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When it takes effect, in milliseconds since the Unix epoch.
    pub at: i64,
    /// The length of a tick, in milliseconds, or 0.
    pub tick_ms: u32,
}

/// The start of step 0, the length of a tick, and a valid list of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSchedule {
    start_at: i64,
    tick_ms: u32,
    changes: Vec<Change>,
}

/// Why a list of changes is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// A number outside its range: the start, the length of a tick, or the number of changes.
    Input(InputError),
    /// A change with a number outside its range.
    ChangeInput {
        /// Its place in the list, from 0.
        index: usize,
        /// The number.
        error: InputError,
    },
    /// A change that is not after the one before it, or the start.
    NotLater {
        /// Its place in the list, from 0.
        index: usize,
        /// The instant of the one before, or of the start.
        previous: i64,
        /// Its instant.
        at: i64,
    },
    /// A change to what the session does already.
    NoChange {
        /// Its place in the list, from 0.
        index: usize,
        /// The length of a tick, or 0.
        tick_ms: u32,
    },
    /// A new length of ticks that does not begin where a tick begins.
    WithinTick {
        /// Its place in the list, from 0.
        index: usize,
        /// How much of the tick has passed.
        phase: u32,
        /// The length of that tick.
        rate: u32,
    },
}

/// Why a step has no time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeError {
    /// The session is paused for good before the step.
    NotScheduled {
        /// The step.
        step: u64,
        /// The last step that begins.
        last: u64,
    },
    /// The step begins after the year 9999.
    Input(InputError),
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::ChangeInput { index, error } => write!(f, "change {index}: {error}"),
            Self::NotLater { index, previous, at } => {
                write!(f, "change {index}: {at} is not after {previous}")
            }
            Self::NoChange { index, tick_ms } => write!(f, "change {index}: {tick_ms} changes nothing"),
            Self::WithinTick { index, phase, rate } => {
                write!(f, "change {index}: {phase} of {rate} ms of a tick have passed")
            }
        }
    }
}

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotScheduled { step, last } => write!(f, "step {step}: paused for good at step {last}"),
            Self::Input(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ScheduleError {}
impl std::error::Error for TimeError {}

/// The variables of the fold, after some of the changes.
#[derive(Clone, Copy)]
struct Fold {
    /// When the last change took effect.
    at: i64,
    /// The step at that instant.
    step: u64,
    /// How much of that step has passed at that instant, in milliseconds of running time.
    phase: u64,
    /// The length of a tick, or 0 while paused.
    tick: u32,
    /// The last length of a tick that was not 0.
    base: u32,
}

impl ChangedSchedule {
    /// Creates a schedule.
    ///
    /// # Errors
    ///
    /// The first of these: the start or the length of a tick is outside its range, there are more than 256 changes, or a change
    /// is invalid.
    pub fn new(start_at: i64, tick_ms: u32, changes: &[Change]) -> Result<Self, ScheduleError> {
        check_instant("start_at", start_at).map_err(ScheduleError::Input)?;
        check_tick(tick_ms).map_err(ScheduleError::Input)?;
        check_changes(changes.len()).map_err(ScheduleError::Input)?;
        let schedule = Self { start_at, tick_ms, changes: changes.to_vec() };
        let mut fold = schedule.start();
        for (index, change) in changes.iter().enumerate() {
            check_change(*change).map_err(|error| ScheduleError::ChangeInput { index, error })?;
            fold = enter(fold, index, *change)?;
        }
        Ok(schedule)
    }

    /// Returns the step at the instant `now`, or `None` before the start.
    ///
    /// # Errors
    ///
    /// `now` is outside 0 to 253 402 300 799 999.
    pub fn step_at(&self, now: i64) -> Result<Option<u64>, InputError> {
        check_instant("now", now)?;
        if now < self.start_at {
            return Ok(None);
        }
        Ok(Some(self.step_by(now)))
    }

    /// Returns whether the session is paused at the instant `now`.
    ///
    /// # Errors
    ///
    /// `now` is outside 0 to 253 402 300 799 999.
    pub fn is_paused(&self, now: i64) -> Result<bool, InputError> {
        check_instant("now", now)?;
        Ok(now >= self.start_at && self.last_fold_by(now).tick == 0)
    }

    /// Returns the instant at which `step` begins.
    ///
    /// # Errors
    ///
    /// The session is paused for good before `step`, or `step` begins after the year 9999.
    pub fn time_of(&self, step: u64) -> Result<i64, TimeError> {
        check_step(step).map_err(TimeError::Input)?;
        let folds = self.folds();
        for (index, fold) in folds.iter().enumerate() {
            if step <= fold.step {
                return Ok(fold.at);
            }
            if fold.tick > 0 {
                let time = i128::from(fold.at) + i128::from(step - fold.step) * i128::from(fold.tick)
                    - i128::from(fold.phase);
                let next = folds.get(index + 1).map_or(LATEST_INSTANT + 1, |next| next.at);
                if let Ok(time) = i64::try_from(time)
                    && time < next
                {
                    return Ok(time);
                }
            }
        }
        let last = self.last_step();
        if self.last_fold_by(LATEST_INSTANT).tick == 0 {
            return Err(TimeError::NotScheduled { step, last });
        }
        Err(TimeError::Input(check_step_up_to(last, step).expect_err("no segment reaches the step")))
    }

    /// Returns the last step that begins in the years 1970 to 9999.
    #[must_use]
    pub fn last_step(&self) -> u64 {
        self.step_by(LATEST_INSTANT)
    }

    fn step_by(&self, now: i64) -> u64 {
        let fold = self.last_fold_by(now);
        if fold.tick == 0 {
            return fold.step;
        }
        fold.step + (fold.phase + (now - fold.at).unsigned_abs()) / u64::from(fold.tick)
    }

    fn start(&self) -> Fold {
        Fold { at: self.start_at, step: 0, phase: 0, tick: self.tick_ms, base: self.tick_ms }
    }

    /// Folds the list, and returns the variables at the start and after each change.
    fn folds(&self) -> Vec<Fold> {
        let mut folds = vec![self.start()];
        for (index, change) in self.changes.iter().enumerate() {
            let last = *folds.last().expect("it begins with the start");
            folds.push(enter(last, index, *change).expect("the list is valid"));
        }
        folds
    }

    /// Returns the variables after the last change by `now`, which is not before the start.
    fn last_fold_by(&self, now: i64) -> Fold {
        let by_now = self.folds().into_iter().rev().find(|fold| fold.at <= now);
        by_now.expect("the start is by now")
    }
}

fn check_change(change: Change) -> Result<(), InputError> {
    check_instant("schedule.at", change.at)?;
    check_change_tick(change.tick_ms)
}

/// Enters a change whose numbers are within their ranges, as the text spells it.
fn enter(fold: Fold, index: usize, change: Change) -> Result<Fold, ScheduleError> {
    let Fold { at, mut step, mut phase, tick, mut base } = fold;
    let (a, k) = (change.at, change.tick_ms);
    if a <= at {
        return Err(ScheduleError::NotLater { index, previous: at, at: a });
    }
    if k == tick {
        return Err(ScheduleError::NoChange { index, tick_ms: k });
    }
    if tick > 0 {
        let x = phase + (a - at).unsigned_abs();
        step += x / u64::from(tick);
        phase = x % u64::from(tick);
    }
    if k > 0 && k != base {
        if phase != 0 {
            let phase = u32::try_from(phase).expect("less than a tick");
            return Err(ScheduleError::WithinTick { index, phase, rate: base });
        }
        base = k;
    }
    Ok(Fold { at: a, step, phase, tick: k, base })
}
