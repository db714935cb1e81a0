//! A seed and rules made ready to be asked for any step.

use core::fmt;

use crate::draw::{Channel, Draw};
use crate::epoch::Epoch;
use crate::error::{Error, Field};
use crate::keys::RootKey;
use crate::rules::Rules;
use crate::schedule::{Schedule, Step};
use crate::seed::Seed;
use crate::state::{Round, State};

/// The state that everybody sees at `now`, in milliseconds since the Unix epoch.
///
/// Costs the same for every instant. Callers that ask more than once keep a [`Timeline`].
///
/// # Errors
///
/// [`Error::OutOfRange`] for `now` unless it lies in the years 1970 to 9999.
pub fn state_at(seed: &Seed, rules: &Rules, schedule: &Schedule, now: i64) -> Result<State, Error> {
    let Some(step) = schedule.step_at(now)? else {
        return Ok(State::BEFORE_START);
    };
    Ok(Timeline::starting_at(seed, *rules, step).state(step))
}

/// A seed and rules made ready to be asked for any step, in any order.
///
/// It keeps the epoch it was asked about last, which makes the next answer from the same epoch many times faster. The
/// answers never depend on what was asked before.
///
/// ```
/// use tickseed_engine::{Rules, Seed, Step, Timeline};
///
/// let mut timeline = Timeline::new(&Seed::new("550e8400-e29b-41d4-a716-446655440000")?, Rules::default());
/// let state = timeline.state(Step::new(12_863)?);
/// assert!(state.broken);
/// assert_eq!(state.round, 64);
/// # Ok::<(), tickseed_engine::Error>(())
/// ```
#[derive(Clone)]
pub struct Timeline {
    root: RootKey,
    rules: Rules,
    epoch: Epoch,
}

impl Timeline {
    /// The timeline of a seed and rules.
    #[must_use]
    pub fn new(seed: &Seed, rules: Rules) -> Self {
        Self::starting_at(seed, rules, Step::ZERO)
    }

    /// The same timeline, with the epoch of `step` laid out first.
    fn starting_at(seed: &Seed, rules: Rules, step: Step) -> Self {
        let root = RootKey::new(seed);
        let epoch = Epoch::new(&root, rules, Epoch::number_of(rules, step));
        Self { root, rules, epoch }
    }

    /// The rules it was made with.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        self.rules
    }

    /// The state of `step`.
    pub fn state(&mut self, step: Step) -> State {
        let offset = self.seek(step);
        self.epoch.state(step, offset)
    }

    /// The state at `now`, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `now` unless it lies in the years 1970 to 9999.
    pub fn state_at(&mut self, schedule: &Schedule, now: i64) -> Result<State, Error> {
        Ok(schedule.step_at(now)?.map_or(State::BEFORE_START, |step| self.state(step)))
    }

    /// The next step after `step` at which the counter breaks: that of the step's round. Below 2^53; it may lie past
    /// [`Step::MAX`].
    pub fn next_break(&mut self, step: Step) -> u64 {
        self.round_of(step).next_break
    }

    /// The round that `step` belongs to.
    pub fn round_of(&mut self, step: Step) -> Round {
        let offset = self.seek(step);
        self.epoch.round_of(offset)
    }

    /// The round with number `round`, straight from its epoch.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `round` if it is negative or begins after [`Step::MAX`].
    pub fn round_at(&mut self, round: impl Into<i128>) -> Result<Round, Error> {
        let value = round.into();
        if let Some(found) = u64::try_from(value).ok().and_then(|round| self.find_round(round)) {
            return Ok(found);
        }
        let max = self.state(Step::MAX).round;
        Err(Error::OutOfRange { field: Field::Round, min: 0, max, value })
    }

    /// The round with number `round`, or `None` if it begins after the last step.
    fn find_round(&mut self, round: u64) -> Option<Round> {
        let per_epoch = u64::from(self.rules.rounds_per_epoch());
        let number = round / per_epoch;
        if number > Epoch::number_of(self.rules, Step::MAX) {
            return None;
        }
        self.enter(number);
        #[expect(clippy::cast_possible_truncation, reason = "a remainder by K, which is at most 256")]
        let found = self.epoch.round((round % per_epoch) as u32);
        (found.first_step <= Step::MAX).then_some(found)
    }

    /// The draw of `step` on `channel`, at its first word.
    pub fn draw(&mut self, step: Step, channel: Channel) -> Draw {
        let offset = self.seek(step);
        Draw::new(self.epoch.secret(), offset, channel)
    }

    /// Enters the epoch of `step` and tells where in it the step lies.
    fn seek(&mut self, step: Step) -> u32 {
        if let Some(offset) = self.epoch.offset_of(step) {
            return offset;
        }
        self.enter(Epoch::number_of(self.rules, step));
        // The epoch just entered is the step's own, so the default is never taken.
        self.epoch.offset_of(step).unwrap_or_default()
    }

    /// Lays out epoch `number`, unless it is the one that is laid out already.
    fn enter(&mut self, number: u64) {
        if number != self.epoch.number() {
            self.epoch = Epoch::new(&self.root, self.rules, number);
        }
    }
}

impl fmt::Debug for Timeline {
    /// Leaves out the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline")
            .field("rules", &self.rules)
            .field("epoch", &self.epoch.number())
            .finish_non_exhaustive()
    }
}
