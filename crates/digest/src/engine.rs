//! What an engine has to answer.

use crate::generator::Text;

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
    /// K.
    pub rounds_per_epoch: u32,
}

/// What an engine answers about a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// The counter.
    pub value: u32,
    /// The number of the round.
    pub round: u64,
    /// Whether the counter breaks.
    pub broken: bool,
}

/// What an engine answers about a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Its first step.
    pub first_step: u64,
    /// How many ticks it counts.
    pub interval: u32,
    /// The step at which the next round begins.
    pub next_break: u64,
}

/// An engine that holds one session and one draw at a time, however it does that.
///
/// Everything it is given lies within its range, but for what can be refused: those answers are `None`.
pub trait Engine {
    /// The version of the definition that it computes.
    fn version(&mut self) -> u32;

    /// Makes a session ready, in place of the one before.
    fn open(&mut self, session: &Session);

    /// The state of a step.
    fn state(&mut self, step: u64) -> State;

    /// The next step after `step` at which the counter breaks.
    fn next_break(&mut self, step: u64) -> u64;

    /// The step that runs at `now`; `None` before the start.
    fn step_at(&mut self, now: u64) -> Option<u64>;

    /// The instant at which a step begins; `None` if the step is refused, since that would be after the year 9999.
    fn time_of(&mut self, step: u64) -> Option<u64>;

    /// The round with a number; `None` if it is refused, since it would begin after the last step.
    fn round_at(&mut self, round: u64) -> Option<Round>;

    /// Begins the draw of a step on a channel, in place of the one before.
    fn draw(&mut self, step: u64, channel: &str);

    /// The draw's next word.
    fn word(&mut self) -> u32;

    /// A number in `[0, 1)` from the draw.
    fn unit(&mut self) -> f64;

    /// A number below `n` from the draw.
    fn below(&mut self, n: u32) -> u32;

    /// Brings items into the order that the draw says.
    fn shuffle(&mut self, items: &mut [u32]);
}
