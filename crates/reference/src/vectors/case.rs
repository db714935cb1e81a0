//! One type for every kind of case. Each case carries its whole input, so it can be read alone.

use serde::{Deserialize, Serialize};

use super::decimal;

/// The rules of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// How many ticks a round counts before it breaks.
    pub break_interval: BreakInterval,
    /// Rounds of an epoch, even.
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

/// What the counter shows.
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
    /// What is special about the case.
    pub why: String,
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// Start of step 0, milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub start_at: i64,
    /// Length of a tick in milliseconds.
    pub tick_ms: u32,
    /// The instant asked about, milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub now: i64,
    /// The answer.
    pub state: State,
}

/// The state at a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateCase {
    /// What is special about the case.
    pub why: String,
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// The step asked about.
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
    /// What is special about the case.
    pub why: String,
    /// Start of step 0, milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub start_at: i64,
    /// Length of a tick in milliseconds.
    pub tick_ms: u32,
    /// The step asked about.
    #[serde(with = "decimal")]
    pub step: u64,
    /// The answer, milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub time: i64,
}

/// A round by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundCase {
    /// What is special about the case.
    pub why: String,
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// The round asked about.
    #[serde(with = "decimal")]
    pub round: u64,
    /// The step of the break that opens the round; 0 for round 0.
    #[serde(with = "decimal")]
    pub first_step: u64,
    /// How many ticks the round counts before it breaks.
    pub interval: u32,
    /// The step of the break that ends the round.
    #[serde(with = "decimal")]
    pub next_break: u64,
}

/// The keys and the intervals of an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochCase {
    /// What is special about the case.
    pub why: String,
    /// The seed, byte for byte.
    pub seed: String,
    /// The rules.
    pub rules: Rules,
    /// The epoch asked about.
    #[serde(with = "decimal")]
    pub epoch: u64,
    /// The key made from the seed, 64 hexadecimal digits.
    pub root: String,
    /// The epoch secret, 64 hexadecimal digits.
    pub secret: String,
    /// Positions of the epoch: the same for every epoch under these rules, and below 2^28, so a plain number.
    pub length: u64,
    /// The interval of every round of the epoch, in order.
    pub intervals: Vec<u32>,
}

/// A draw of a step and a channel. Every field but `in_turn` starts from a fresh draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrawCase {
    /// What is special about the case.
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
    /// The first 40 words: two whole blocks and half of the third.
    pub words: Vec<u32>,
    /// The first 4 units, each as the whole number over 2^53.
    #[serde(with = "decimal::list")]
    pub units: Vec<u64>,
    /// Numbers below n, for several n.
    pub below: Vec<Below>,
    /// The numbers 0 to 51 in order, shuffled.
    pub shuffle_52: Vec<u32>,
    /// The word that the same draw gives then.
    pub word_after_shuffle: u32,
    /// Different values from one draw.
    pub in_turn: InTurn,
}

/// The first 8 values of `below(n)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Below {
    /// How many values there are to choose from.
    pub n: u32,
    /// 8 values of `below(n)` from one fresh draw.
    pub values: Vec<u32>,
}

/// Taken one after the other from one fresh draw, in the order of the fields. It shows how many words each call takes:
/// a word 1, a unit 2, `below` 1 or more, also when n is 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InTurn {
    /// First a word.
    pub first_word: u32,
    /// Then `below(1)`.
    pub below_1: u32,
    /// Then a unit, as the whole number over 2^53.
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
    /// What is special about the case.
    pub why: String,
    /// The field at fault, the same as `error.field`.
    pub kind: String,
    /// Every input there is; all but one are lawful.
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
    /// Start of step 0, milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub start_at: i64,
    /// Length of a tick in milliseconds.
    pub tick_ms: u32,
    /// An instant to ask about, milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub now: i64,
    /// A step to ask about, and the instant at which it begins.
    #[serde(with = "decimal")]
    pub step: u64,
    /// The name of a channel to draw from.
    pub channel: String,
    /// The n of `below(n)`.
    pub n: u32,
    /// A round to ask about; only in the cases that are about it.
    #[serde(default, with = "decimal::optional", skip_serializing_if = "Option::is_none")]
    pub round: Option<u64>,
}

/// What an error must say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvalidError {
    /// The input at fault.
    pub field: String,
    /// The least value allowed.
    #[serde(with = "decimal")]
    pub min: i64,
    /// The greatest value allowed.
    #[serde(with = "decimal")]
    pub max: i64,
    /// The value given; of texts the length in bytes.
    #[serde(with = "decimal")]
    pub value: i64,
    /// Written, as true, only where the value must be even besides: `rounds_per_epoch`.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub even: bool,
}
