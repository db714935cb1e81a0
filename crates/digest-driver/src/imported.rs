//! An engine that whoever loads the module brings along.
#![expect(unsafe_code, reason = "what is imported is what somebody else says it is")]

use tickseed_digest::{Engine, Round, Session, State};

/// What stands for a refused input, and for the step before the start.
const NONE: f64 = -1.0;

#[link(wasm_import_module = "engine")]
unsafe extern "C" {
    /// The version of the definition.
    safe fn version() -> u32;
    /// Adds a character to the text that `open` or `draw` takes next.
    safe fn write(character: u32);
    /// Opens a session; the text is its seed.
    safe fn open(start_at: f64, tick_ms: f64, min: f64, max: f64, rounds_per_epoch: f64);
    /// The counter at a step. `round` and `broken` tell of the same step.
    safe fn value(step: f64) -> f64;
    safe fn round() -> f64;
    safe fn broken() -> u32;
    safe fn next_break(step: f64) -> f64;
    /// -1 before the start.
    safe fn step_at(now: f64) -> f64;
    /// -1 if the step is refused.
    safe fn time_of(step: f64) -> f64;
    /// -1 if the round is refused. `interval` and `break_after` tell of the same round.
    safe fn first_step_of(round: f64) -> f64;
    safe fn interval() -> f64;
    safe fn break_after() -> f64;
    /// Begins a draw; the text is its channel.
    safe fn draw(step: f64);
    safe fn word() -> f64;
    safe fn unit() -> f64;
    safe fn below(n: f64) -> f64;
    /// Shuffles the numbers below `items`; `item` tells which one is at a place.
    safe fn shuffle(items: usize);
    safe fn item(place: usize) -> u32;
}

/// The engine that was imported.
pub(crate) struct Imported;

impl Imported {
    pub(crate) const fn new() -> Self {
        Self
    }
}

impl Engine for Imported {
    fn version(&mut self) -> u32 {
        version()
    }

    fn open(&mut self, session: &Session) {
        session.seed.chars().for_each(|character| write(character.into()));
        open(
            number(session.start_at),
            session.tick_ms.into(),
            session.min.into(),
            session.max.into(),
            session.rounds_per_epoch.into(),
        );
    }

    fn state(&mut self, step: u64) -> State {
        State { value: whole_u32(value(number(step))), round: whole(round()), broken: broken() != 0 }
    }

    fn next_break(&mut self, step: u64) -> u64 {
        whole(next_break(number(step)))
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        optional(step_at(number(now)))
    }

    fn time_of(&mut self, step: u64) -> Option<u64> {
        optional(time_of(number(step)))
    }

    fn round_at(&mut self, round: u64) -> Option<Round> {
        let first_step = optional(first_step_of(number(round)))?;
        Some(Round { first_step, interval: whole_u32(interval()), next_break: whole(break_after()) })
    }

    fn draw(&mut self, step: u64, channel: &str) {
        channel.chars().for_each(|character| write(character.into()));
        draw(number(step));
    }

    fn word(&mut self) -> u32 {
        whole_u32(word())
    }

    fn unit(&mut self) -> f64 {
        unit()
    }

    fn below(&mut self, n: u32) -> u32 {
        whole_u32(below(n.into()))
    }

    fn shuffle(&mut self, items: &mut [u32]) {
        shuffle(items.len());
        items.iter_mut().enumerate().for_each(|(place, entry)| *entry = item(place));
    }
}

/// Exact below 2^53, where all numbers here lie.
#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
const fn number(whole: u64) -> f64 {
    whole as f64
}

/// The whole number that an engine answered.
///
/// # Panics
///
/// If it is none: what would be rounded here would hide what the engine has done.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "looked at right here"
)]
fn whole(number: f64) -> u64 {
    let whole = number as u64;
    assert!(whole as f64 == number, "the engine answered {number}, which is no whole number");
    whole
}

fn whole_u32(number: f64) -> u32 {
    u32::try_from(whole(number)).expect("the engine answered more than 32 bits hold")
}

fn optional(number: f64) -> Option<u64> {
    (number != NONE).then(|| whole(number))
}
