//! A seed and rules, prepared to compute any step.

use core::fmt;

use crate::draw::{Channel, Draw};
use crate::epoch::{Epoch, Span};
use crate::error::{Error, Field};
use crate::keys::RootKey;
use crate::rules::Rules;
use crate::schedule::Schedule;
use crate::seed::Seed;
use crate::segment::Segment;
use crate::state::{Round, State};
use crate::step::Step;

/// Returns the state of a session at `now`, in milliseconds since the Unix epoch.
///
/// Every instant costs the same. For more than one state of a session, a [`Timeline`] is faster.
///
/// # Errors
///
/// [`Error::OutOfRange`] for `now` unless it is in the years 1970 to 9999.
pub fn state_at<S: AsRef<[Segment]>>(
    seed: &Seed,
    rules: &Rules,
    schedule: &Schedule<S>,
    now: i64,
) -> Result<State, Error> {
    let Some(step) = schedule.step_at(now)? else {
        return Ok(State::BEFORE_START);
    };
    Ok(Timeline::starting_at(seed, *rules, step).state(step))
}

/// A seed and rules, prepared to compute any step in any order.
///
/// A timeline keeps the layout of the most recent epoch and its place in the schedule, which makes further questions about the
/// same time many times faster. A result never depends on earlier calls.
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
    /// The number of the segment that contained the last instant. Every use checks it, so any value is correct.
    segment: usize,
}

impl Timeline {
    /// Creates the timeline of a seed and rules.
    #[must_use]
    pub fn new(seed: &Seed, rules: Rules) -> Self {
        Self::starting_at(seed, rules, Step::ZERO)
    }

    /// Creates the same timeline as [`Timeline::new`], but lays out the epoch of `step` first.
    fn starting_at(seed: &Seed, rules: Rules, step: Step) -> Self {
        let root = RootKey::new(seed);
        let epoch = Epoch::new(&root, rules, Epoch::number_of(rules, step));
        Self { root, rules, epoch, segment: 0 }
    }

    /// Returns the rules of the timeline.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        self.rules
    }

    /// Returns the state of `step`.
    pub fn state(&mut self, step: Step) -> State {
        self.span_of(step).state(step)
    }

    /// Returns the state at `now`, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `now` unless it is in the years 1970 to 9999.
    pub fn state_at<S: AsRef<[Segment]>>(
        &mut self,
        schedule: &Schedule<S>,
        now: i64,
    ) -> Result<State, Error> {
        let step = schedule.step_near(&mut self.segment, now)?;
        Ok(step.map_or(State::BEFORE_START, |step| self.state(step)))
    }

    /// Returns the number of the next step after `step` at which the counter breaks. It is below 2^53 and may lie past
    /// [`Step::MAX`].
    pub fn next_break(&mut self, step: Step) -> u64 {
        self.round_of(step).next_break
    }

    /// Returns the round that contains `step`.
    pub fn round_of(&mut self, step: Step) -> Round {
        self.span_of(step).round()
    }

    /// Returns the round with the given number. Rounds near and far cost the same.
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

    /// Returns the round with the given number, or `None` if it begins after the last step.
    fn find_round(&mut self, round: u64) -> Option<Round> {
        let per_epoch = u64::from(self.rules.rounds_per_epoch());
        let number = round / per_epoch;
        if number > Epoch::number_of(self.rules, Step::MAX) {
            return None;
        }
        self.enter(number);
        #[expect(clippy::cast_possible_truncation, reason = "a remainder by K, which is at most 256")]
        let found = self.epoch.span((round % per_epoch) as u32).round();
        (found.first_step <= Step::MAX).then_some(found)
    }

    /// Returns the draw of `step` on `channel`, positioned at its first word.
    pub fn draw(&mut self, step: Step, channel: Channel) -> Draw {
        let offset = self.seek(step);
        Draw::new(self.epoch.secret(), offset, channel)
    }

    /// Returns the positions of the round that contains `step`.
    fn span_of(&mut self, step: Step) -> Span {
        let recent = self.epoch.recent();
        if recent.contains(step) { recent } else { self.look_up(step) }
    }

    /// Kept apart from [`Self::span_of`], so that a neighbouring step costs only what it needs.
    #[cold]
    #[inline(never)]
    fn look_up(&mut self, step: Step) -> Span {
        let offset = self.seek(step);
        self.epoch.look_up(offset)
    }

    /// Moves to the epoch of `step` and returns the offset of the step within it.
    fn seek(&mut self, step: Step) -> u32 {
        if let Some(offset) = self.epoch.offset_of(step) {
            return offset;
        }
        self.enter(Epoch::number_of(self.rules, step));
        // `enter` has laid out the epoch of the step, so the default is never used.
        self.epoch.offset_of(step).unwrap_or_default()
    }

    /// Lays out the epoch with the given number, unless it is the current one.
    fn enter(&mut self, number: u64) {
        if number != self.epoch.number() {
            self.epoch.enter(&self.root, self.rules, number);
        }
    }
}

impl fmt::Debug for Timeline {
    /// Omits the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline")
            .field("rules", &self.rules)
            .field("epoch", &self.epoch.number())
            .finish_non_exhaustive()
    }
}
