//! The file's description of itself. It explains every field, since some readers have only the file.
//!
//! These texts are part of `vectors/v1.json` and therefore frozen. They name this crate as it was called when version 1 was made:
//! `crates/test-vectors` is now `crates/reference`, and `tickseed-test-vectors` is `tickseed-reference`.

use crate::vectors::About;

pub(super) fn about() -> About {
    About {
        what: text(WHAT),
        stability: text(STABILITY),
        regenerate: text(REGENERATE),
        notation: text(NOTATION),
        inputs: text(INPUTS),
        states_at: text(STATES_AT),
        states: text(STATES),
        times: text(TIMES),
        rounds: text(ROUNDS),
        epochs: text(EPOCHS),
        draws: text(DRAWS),
        invalid: text(INVALID),
    }
}

fn text(text: &str) -> String {
    text.to_owned()
}

const WHAT: &str = "Test vectors of the tickseed engine. docs/engine.md defines the engine; an implementation of this \
    engine version must give every answer below. They are made by the plain reference in \
    crates/test-vectors/src/reference, not by the engine that the product uses.";

const STABILITY: &str = "A vector never changes within its engine version, and cases are only ever added. Code that \
    gives another answer is wrong, or is another engine version with a file of its own.";

const REGENERATE: &str = "cargo run -p tickseed-test-vectors --bin make-vectors";

const NOTATION: &str = "One case a line. Steps, rounds, epochs, instants and other numbers that may exceed 2^32 are \
    decimal strings, since JSON readers may round large numbers; 32-bit numbers are numbers. Keys are lower-case \
    hexadecimal. Texts are UTF-8 and are used byte for byte, never normalised; the file writes characters outside \
    ASCII as \\uXXXX. Every case holds its whole input. 'why' says what is special about the case and has no other \
    meaning.";

const INPUTS: &str = "seed: text of 1 to 128 bytes. rules.break_interval.min and .max: the least and the greatest \
    number of ticks a round counts before it breaks, 1 to 1000000. rules.rounds_per_epoch: even, 2 to 256. start_at: \
    when step 0 begins; now: the instant asked about; both in milliseconds since 1970-01-01T00:00:00Z, 0 to \
    253402300799999 (the end of the year 9999). tick_ms: the length of a tick in milliseconds, 1 to 86400000. step: \
    the 0-based number of a tick, 0 to 253402300799999, the last any lawful instant can have. channel: text of 1 to \
    64 bytes.";

const STATES_AT: &str = "The state at the instant now. state.step: the number of the tick. state.value: 0 at a break, \
    then 1, 2 and so on, one more each tick. state.round: the 0-based number of the round. state.broken: whether the \
    step is the break that opens its round. Before start_at everything is 0 and broken is false.";

const STATES: &str = "The state at a step, as in states_at. next_break: the step of the break that ends the round of \
    step; it is always greater than step and may lie beyond the last step.";

const TIMES: &str = "time: the instant at which step begins, in milliseconds since 1970-01-01T00:00:00Z. Only steps \
    that begin in the years 1970 to 9999 are here.";

const ROUNDS: &str = "Rounds by number. first_step: the step of the break that opens the round; 0 for round 0, whose \
    break lies before the start. interval: how many ticks the round counts. next_break: the step of the break that \
    ends the round.";

const EPOCHS: &str = "Keys and intervals of an epoch. root: the key made from the seed. secret: the epoch secret. \
    length: the positions of the epoch. intervals: the interval of every round of the epoch, in the order of the \
    rounds.";

const DRAWS: &str = "Draws of a step and a channel. words: the first 40 words, so the third block is entered. units: \
    the first 4 values of unit(), each as the whole number over 2^53 (divide by 9007199254740992 for the value). \
    below: for each n the first 8 values of below(n). shuffle_52: the numbers 0 to 51 in order, shuffled; \
    word_after_shuffle: the word that the same draw gives then. All of these \
    start from a fresh draw. in_turn: taken one after the other from one fresh draw: a word, below(1), unit() as \
    above, below(6), a word.";

const INVALID: &str = "Inputs outside their ranges. input holds what the engine is asked with, of which one is at fault; n \
    is that of below(n). Asked for are the state at now, the state of step and the instant at which it begins, the draw, \
    and, where there is a round, that round. kind and error.field name it. error.min and error.max: the range. error.value: the value \
    given, for seed and channel its length in bytes. error.even is there, and true, where the value must also be even: \
    rounds_per_epoch. The range of break_interval.max begins at the given break_interval.min; min is looked at before \
    max. Values that the type of an input cannot hold, such as a negative step or a text that is not UTF-8, are not \
    here.";
