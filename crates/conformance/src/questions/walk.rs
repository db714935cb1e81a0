//! The walk: consecutive steps.

use super::ask::{ask_round, ask_state, ask_time};
use super::draws::ask_draws;
use super::random::Random;
use crate::engine::{Engine, LAST_STEP};
use crate::order::Order;
use crate::sink::Sink;

/// The steps of one session, as many as its run has states.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    random: Random,
    /// The next step.
    next: u64,
}

impl Walk {
    /// Starts the first walk at step 0. Of the others, one in four ends at the last step.
    pub(super) fn new(mut random: Random, number: u64) -> Self {
        let last_start = LAST_STEP + 1 - Order::Walk.states_per_session();
        let next = match (number, random.below(4)) {
            (0, _) => 0,
            (_, 0) => last_start,
            _ => random.of_any_size(last_start),
        };
        Self { random, next }
    }

    /// Asks about one state, and at every 64th step also about an instant, a round and draws.
    pub(super) fn ask<E: Engine, S: Sink>(&mut self, engine: &mut E, sink: &mut S) {
        let step = self.next;
        self.next += 1;
        ask_state(step, engine, sink);
        if step.is_multiple_of(64) {
            self.ask_more(step, engine, sink);
        }
    }

    fn ask_more<E: Engine, S: Sink>(&mut self, step: u64, engine: &mut E, sink: &mut S) {
        // Most steps themselves begin after the year 9999.
        let small = step % 65_536;
        ask_time(small, engine, sink);
        if let Some(time) = engine.time_of(small) {
            sink.question(format_args!("now {time}"));
            sink.optional("step", engine.step_at(time));
        }
        ask_round(engine.state(step).round, engine, sink);
        ask_draws(step, &mut self.random, engine, sink);
    }
}
