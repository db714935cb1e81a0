//! An engine that the host of the module provides.
#![expect(unsafe_code, reason = "the compiler cannot check the signatures of imported functions")]

use tickseed_conformance::{Change, Engine, Refusal, Round, Rule, Session, State};

/// Stands for a rejected input, and for the step before the start.
const NONE: f64 = -1.0;

#[link(wasm_import_module = "engine")]
unsafe extern "C" {
    /// Returns the version of the definition.
    safe fn version() -> u32;
    /// Appends a character to the text that the next `open` or `draw` uses.
    safe fn write(character: u32);
    /// Opens a session; the text is its seed.
    safe fn open(start_at: f64, tick_ms: f64, min: f64, max: f64, rounds_per_epoch: f64);
    /// Collects a change for the open session, which has none.
    safe fn change(at: f64, tick_ms: f64);
    /// Adds the collected changes. Returns -1 if all are accepted; otherwise the place of the one that is refused, whose rule `rule`
    /// then returns.
    safe fn changed() -> f64;
    safe fn rule() -> f64;
    /// Returns 1 while the session is paused, otherwise 0.
    safe fn is_paused(now: f64) -> f64;
    /// Returns the counter at a step; `round` and `broken` then refer to the same step.
    safe fn value(step: f64) -> f64;
    safe fn round() -> f64;
    safe fn broken() -> u32;
    safe fn next_break(step: f64) -> f64;
    /// Returns -1 before the start.
    safe fn step_at(now: f64) -> f64;
    /// Returns -1 if the step is rejected.
    safe fn time_of(step: f64) -> f64;
    /// Returns -1 if the round is rejected; otherwise `interval` and `break_after` then refer to the same round.
    safe fn first_step_of(round: f64) -> f64;
    safe fn interval() -> f64;
    safe fn break_after() -> f64;
    /// Opens a draw; the text is its channel.
    safe fn draw(step: f64);
    safe fn word() -> f64;
    safe fn unit() -> f64;
    safe fn below(n: f64) -> f64;
    /// Shuffles the numbers below `items`; `item` returns the number at an index.
    safe fn shuffle(items: usize);
    safe fn item(index: usize) -> u32;
}

/// The imported engine.
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

    fn add_changes(&mut self, changes: &[Change]) -> Result<(), Refusal> {
        for Change { at, tick_ms } in changes {
            change(number(*at), (*tick_ms).into());
        }
        let Some(index) = optional(changed()) else { return Ok(()) };
        let index = u16::try_from(index).expect("the engine's answer is the place of a change");
        let rule = integer(rule());
        let rule = Rule::ALL.into_iter().find(|known| *known as u64 == rule);
        Err(Refusal { index, rule: rule.expect("the engine's answer is the number of a rule") })
    }

    fn is_paused(&mut self, now: u64) -> bool {
        integer(is_paused(number(now))) != 0
    }

    fn state(&mut self, step: u64) -> State {
        State { value: integer_u32(value(number(step))), round: integer(round()), broken: broken() != 0 }
    }

    fn next_break(&mut self, step: u64) -> u64 {
        integer(next_break(number(step)))
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        optional(step_at(number(now)))
    }

    fn time_of(&mut self, step: u64) -> Option<u64> {
        optional(time_of(number(step)))
    }

    fn round_at(&mut self, round: u64) -> Option<Round> {
        let first_step = optional(first_step_of(number(round)))?;
        Some(Round { first_step, interval: integer_u32(interval()), next_break: integer(break_after()) })
    }

    fn draw(&mut self, step: u64, channel: &str) {
        channel.chars().for_each(|character| write(character.into()));
        draw(number(step));
    }

    fn word(&mut self) -> u32 {
        integer_u32(word())
    }

    fn unit(&mut self) -> f64 {
        unit()
    }

    fn below(&mut self, n: u32) -> u32 {
        integer_u32(below(n.into()))
    }

    fn shuffle(&mut self, items: &mut [u32]) {
        shuffle(items.len());
        items.iter_mut().enumerate().for_each(|(index, entry)| *entry = item(index));
    }
}

/// Converts an integer exactly: all numbers here are below 2^53.
#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
const fn number(integer: u64) -> f64 {
    integer as f64
}

/// Converts an engine's answer to an integer.
///
/// # Panics
///
/// If the answer is not an integer: rounding it would hide a mistake of the engine.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "checked right here"
)]
fn integer(number: f64) -> u64 {
    let integer = number as u64;
    assert!(integer as f64 == number, "the engine answered {number}, which is not an integer");
    integer
}

fn integer_u32(number: f64) -> u32 {
    u32::try_from(integer(number)).expect("the engine's answer fits in 32 bits")
}

fn optional(number: f64) -> Option<u64> {
    (number != NONE).then(|| integer(number))
}
