//! The results that the engine computes.

use crate::step::Step;

/// The state of a session during one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct State {
    /// The number of the tick.
    pub step: Step,
    /// The counter. It starts at 1 on the session's first tick, climbs by one each tick, and is 0 on a break. It is at
    /// most 1 000 000.
    pub value: u32,
    /// The number of the round, counted from 0 and below 2^53. A break belongs to the round that it begins.
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
    /// The first step of the round, which is its break. Round 0 starts at step 0, because its break lies before the
    /// start.
    pub first_step: Step,
    /// The number of ticks that the round counts before it breaks.
    pub interval: u32,
    /// The number of the step at which the counter breaks and the next round begins, below 2^53. It is not a [`Step`],
    /// because the last round breaks after [`Step::MAX`].
    pub next_break: u64,
}
