//! What the engine answers.

use crate::schedule::Step;

/// What everybody sees during one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct State {
    /// The number of the tick.
    pub step: Step,
    /// The counter: 1 on the first tick of the session, one more with every tick, 0 on a break. At most 1 000 000.
    pub value: u32,
    /// The number of the round, counted from 0. A break belongs to the round that it begins. Below 2^53.
    pub round: u64,
    /// Whether the counter breaks on this tick.
    pub broken: bool,
}

impl State {
    /// The state at every instant before the start.
    pub const BEFORE_START: Self = Self { step: Step::ZERO, value: 0, round: 0, broken: false };
}

/// One round: the steps between two breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Round {
    /// The number of the round, counted from 0.
    pub round: u64,
    /// The round's first step: its break, or step 0 for round 0, whose break lies before the start.
    pub first_step: Step,
    /// How many ticks the round counts before it breaks.
    pub interval: u32,
    /// The step at which the counter breaks and the next round begins. Below 2^53. It lies past [`Step::MAX`] for the
    /// last round of all, which is why it is not a [`Step`].
    pub next_break: u64,
}
