//! One type for each kind of case. A case contains all of its inputs, so it can be read on its own.

use serde::{Deserialize, Serialize};

use super::decimal;

/// The rules of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The number of ticks a round counts before it breaks.
    pub break_interval: BreakInterval,
    /// Rounds per epoch, an even number.
    pub rounds_per_epoch: u32,
}

/// The least and the greatest interval, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakInterval {
    /// The least interval.
    pub min: u32,
    /// The greatest interval.
    pub max: u32,
}

/// The state of the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// 0-based number of the tick.
    #[serde(with = "decimal")]
    pub step: u64,
    /// 0 at a break and before the start, otherwise 1 up to the round's interval.
    pub value: u32,
    /// 0-based number of the round.
    #[serde(with = "decimal")]
    pub round: u64,
    /// Whether the step is the break that opens its round.
    pub broken: bool,
}

/// The state at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateAtCase {
    /// The reason for the case.
    pub why: String,
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// Start of step 0, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub start_at: i64,
    /// Length of a tick, in milliseconds.
    pub tick_ms: u32,
    /// The instant in question, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub now: i64,
    /// The answer.
    pub state: State,
}

/// The state at a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateCase {
    /// The reason for the case.
    pub why: String,
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// The step in question.
    #[serde(with = "decimal")]
    pub step: u64,
    /// The answer.
    pub state: State,
    /// The step of the break that ends the round of `step`.
    #[serde(with = "decimal")]
    pub next_break: u64,
}

/// The instant at which a step begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeCase {
    /// The reason for the case.
    pub why: String,
    /// Start of step 0, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub start_at: i64,
    /// Length of a tick, in milliseconds.
    pub tick_ms: u32,
    /// The step in question.
    #[serde(with = "decimal")]
    pub step: u64,
    /// The answer, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub time: i64,
}

/// A round by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundCase {
    /// The reason for the case.
    pub why: String,
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// The round in question.
    #[serde(with = "decimal")]
    pub round: u64,
    /// The step of the break that opens the round; 0 for round 0.
    #[serde(with = "decimal")]
    pub first_step: u64,
    /// The number of ticks the round counts before it breaks.
    pub interval: u32,
    /// The step of the break that ends the round.
    #[serde(with = "decimal")]
    pub next_break: u64,
}

/// The keys and the intervals of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochCase {
    /// The reason for the case.
    pub why: String,
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// The epoch in question.
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// The key made from the seed, 64 hexadecimal digits.
    pub root: String,
    /// The epoch secret, 64 hexadecimal digits.
    pub secret: String,
    /// The number of positions in the epoch. It is the same for every epoch under these rules, and below 2^28, so a JSON number.
    pub length: u64,
    /// The interval of every round of the epoch, in order.
    pub intervals: Vec<u32>,
}

/// A draw of a step and a channel. Every field starts from a fresh draw, except `word_after_shuffle`, which continues the draw of
/// `shuffle_52`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawCase {
    /// The reason for the case.
    pub why: String,
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// The step the draw belongs to.
    #[serde(with = "decimal")]
    pub step: u64,
    /// The name of the channel, byte for byte.
    pub channel: String,
    /// The first 40 words: two full blocks and half of the third.
    pub words: Vec<u32>,
    /// The numerators over 2^53 of the first 4 units.
    #[serde(with = "decimal::list")]
    pub units: Vec<u64>,
    /// Numbers below n, for several values of n.
    pub below: Vec<Below>,
    /// The numbers 0 to 51 in order, shuffled.
    pub shuffle_52: Vec<u32>,
    /// The next word of the draw that was used for the shuffle.
    pub word_after_shuffle: u32,
    /// Values of different kinds from one draw.
    pub in_turn: InTurn,
}

/// The first 8 values of `below(n)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Below {
    /// The number of possible values.
    pub n: u32,
    /// 8 values of `below(n)` from one fresh draw.
    pub values: Vec<u32>,
}

/// Values taken from one fresh draw, in the order of the fields. They show how many words each call takes: `word` takes 1, `unit`
/// takes 2, `below` takes 1 or more, even when n is 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InTurn {
    /// First a word.
    pub first_word: u32,
    /// Then `below(1)`.
    pub below_1: u32,
    /// Then the numerator over 2^53 of a unit.
    #[serde(with = "decimal")]
    pub unit: u64,
    /// Then `below(6)`.
    pub below_6: u32,
    /// Then a word again.
    pub last_word: u32,
}

/// An input outside its range, and the error it must give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvalidCase {
    /// The reason for the case.
    pub why: String,
    /// The invalid field, the same as `error.field`.
    pub kind: String,
    /// Every input; exactly one is invalid.
    pub input: InvalidInput,
    /// The answer.
    pub error: InvalidError,
}

/// Every input of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvalidInput {
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// Start of step 0, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub start_at: i64,
    /// Length of a tick, in milliseconds.
    pub tick_ms: u32,
    /// An instant, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub now: i64,
    /// A step, for its state, its draw and the instant at which it begins.
    #[serde(with = "decimal")]
    pub step: u64,
    /// The name of a channel.
    pub channel: String,
    /// The n of `below(n)`.
    pub n: u32,
    /// A round; present only in the cases about invalid rounds.
    #[serde(default, with = "decimal::optional", skip_serializing_if = "Option::is_none")]
    pub round: Option<u64>,
}

/// The contents of an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvalidError {
    /// The invalid input.
    pub field: String,
    /// The least value allowed.
    #[serde(with = "decimal")]
    pub min: i64,
    /// The greatest value allowed.
    #[serde(with = "decimal")]
    pub max: i64,
    /// The invalid value; for text, its length in bytes.
    #[serde(with = "decimal")]
    pub value: i64,
    /// Whether the value must also be even (`rounds_per_epoch` only). Omitted if false.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub even: bool,
}
