//! The questions an engine must be able to answer.

use crate::text::Text;

/// The last step of any session.
pub(crate) const LAST_STEP: u64 = 253_402_300_799_999;
/// The last instant of the year 9999, in milliseconds since the Unix epoch.
pub(crate) const LAST_INSTANT: u64 = LAST_STEP;

/// The inputs of a session, all within their ranges.
#[derive(Debug, Clone)]
pub struct Session {
    /// The seed.
    pub seed: Text<128>,
    /// The instant at which step 0 begins, in milliseconds since the Unix epoch.
    pub start_at: u64,
    /// The length of a tick, in milliseconds.
    pub tick_ms: u32,
    /// The shortest interval, in ticks.
    pub min: u32,
    /// The longest interval, in ticks.
    pub max: u32,
    /// The number of rounds in an epoch (K in docs/engine.md).
    pub rounds_per_epoch: u32,
}

/// A change of a session's schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The instant at which it takes effect, in milliseconds since the Unix epoch.
    pub at: u64,
    /// The length of a tick from then on, in milliseconds, or 0 for a pause.
    pub tick_ms: u32,
}

/// The rule that a list of changes breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A number is outside its range: the instant, the length of a tick, or the number of changes.
    OutOfRange = 1,
    /// A change must be after the one before it, or the start.
    NotLater = 2,
    /// A change must change something.
    NoChange = 3,
    /// A new length of ticks must begin where a tick begins.
    WithinTick = 4,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 4] = [Self::OutOfRange, Self::NotLater, Self::NoChange, Self::WithinTick];
}

/// A change that cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in the list, from 0.
    pub index: u16,
    /// The rule that it breaks.
    pub rule: Rule,
}

/// The state at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The counter.
    pub value: u32,
    /// The number of the round.
    pub round: u64,
    /// Whether the counter breaks at this step.
    pub broken: bool,
}

/// The extent of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Its first step.
    pub first_step: u64,
    /// The number of ticks it counts.
    pub interval: u32,
    /// The step at which the next round begins.
    pub next_break: u64,
}

/// An engine with one open session and one open draw.
///
/// Arguments are always within their ranges, with one exception: a method that returns an `Option` or a `Result` also gets
/// arguments that the definition rejects, and then returns `None` or an error.
pub trait Engine {
    /// Returns the version of the definition that the engine implements.
    fn version(&mut self) -> u32;

    /// Opens a session without changes, which replaces the previous one.
    fn open(&mut self, session: &Session);

    /// Adds changes to the open session, which has none. If one is refused, the session has those before it.
    ///
    /// # Errors
    ///
    /// The first change that is refused.
    fn add_changes(&mut self, changes: &[Change]) -> Result<(), Refusal>;

    /// Returns whether the session is paused at the instant `now`.
    fn is_paused(&mut self, now: u64) -> bool;

    /// Returns the state at a step.
    fn state(&mut self, step: u64) -> State;

    /// Returns the first step after `step` at which the counter breaks.
    fn next_break(&mut self, step: u64) -> u64;

    /// Returns the current step at the instant `now`, or `None` before the start.
    fn step_at(&mut self, now: u64) -> Option<u64>;

    /// Returns the instant at which a step begins, or `None` if that is after the year 9999 or
    /// never.
    fn time_of(&mut self, step: u64) -> Option<u64>;

    /// Returns a round by number, or `None` if it begins after the last step.
    fn round_at(&mut self, round: u64) -> Option<Round>;

    /// Opens the draw of a step and a channel, which replaces the previous one.
    fn draw(&mut self, step: u64, channel: &str);

    /// Takes the next word of the draw.
    fn word(&mut self) -> u32;

    /// Draws a number in `[0, 1)`.
    fn unit(&mut self) -> f64;

    /// Draws a number below `n`.
    fn below(&mut self, n: u32) -> u32;

    /// Shuffles items.
    fn shuffle(&mut self, items: &mut [u32]);
}
