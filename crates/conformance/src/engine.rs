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
/// Arguments are always within their ranges, with one exception: a method that returns an `Option` also gets arguments
/// that the definition rejects, and then returns `None`.
pub trait Engine {
    /// Returns the version of the definition that the engine implements.
    fn version(&mut self) -> u32;

    /// Opens a session, which replaces the previous one.
    fn open(&mut self, session: &Session);

    /// Returns the state at a step.
    fn state(&mut self, step: u64) -> State;

    /// Returns the first step after `step` at which the counter breaks.
    fn next_break(&mut self, step: u64) -> u64;

    /// Returns the current step at the instant `now`, or `None` before the start.
    fn step_at(&mut self, now: u64) -> Option<u64>;

    /// Returns the instant at which a step begins, or `None` if that is after the year 9999.
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
