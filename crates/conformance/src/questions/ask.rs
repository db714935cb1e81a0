//! Single questions: about a step, an instant or a round.

use crate::engine::Engine;
use crate::sink::Sink;

/// Asks for the state at a step and the break after it. Every state of a digest begins with this.
pub(super) fn ask_state<E: Engine, S: Sink>(step: u64, engine: &mut E, sink: &mut S) {
    sink.question(format_args!("step {step}"));
    let state = engine.state(step);
    sink.number("value", state.value.into());
    sink.number("round", state.round);
    sink.number("broken", state.broken.into());
    sink.number("next_break", engine.next_break(step));
}

/// Asks for the instant at which a step begins.
pub(super) fn ask_time<E: Engine, S: Sink>(step: u64, engine: &mut E, sink: &mut S) {
    sink.question(format_args!("time of step {step}"));
    sink.optional("time", engine.time_of(step));
}

/// Asks for a round by number.
pub(super) fn ask_round<E: Engine, S: Sink>(number: u64, engine: &mut E, sink: &mut S) {
    sink.question(format_args!("round {number}"));
    let round = engine.round_at(number);
    sink.optional("first_step", round.map(|round| round.first_step));
    if let Some(round) = round {
        sink.number("interval", round.interval.into());
        sink.number("next_break", round.next_break);
    }
}
