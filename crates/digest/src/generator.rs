//! Which questions are asked: all from a small fixed generator, so that every machine asks the same.

mod draws;
mod random;
mod scattered;
mod sessions;
mod text;
mod walk;

use core::fmt;

use crate::engine::{Engine, Session};
use crate::sink::Sink;
use random::Random;
use scattered::Scattered;
use walk::Walk;

pub use text::Text;

/// The last step that there is.
const LAST_STEP: u64 = 253_402_300_799_999;
/// The last instant of the year 9999, in milliseconds since the Unix epoch.
const LAST_INSTANT: u64 = LAST_STEP;

/// In which order steps are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// From near to far and back, in 256 states of a session.
    Scattered,
    /// One step after the other, in 16 384 states of a session.
    Walk,
}

impl Order {
    /// Both orders.
    pub const ALL: [Self; 2] = [Self::Scattered, Self::Walk];

    /// How many states in a row belong to one session.
    const fn run(self) -> u64 {
        match self {
            Self::Scattered => 1 << 8,
            Self::Walk => 1 << 14,
        }
    }

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scattered => "scattered",
            Self::Walk => "walk",
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The questions of one order, one state after the other.
#[derive(Debug, Clone)]
pub(crate) struct Questions {
    order: Order,
    /// The number of the next state.
    next: u64,
    run: Option<Run>,
}

/// States in a row that belong to one session.
#[derive(Debug, Clone)]
struct Run {
    session: Session,
    steps: Steps,
}

#[derive(Debug, Clone)]
enum Steps {
    Scattered(Scattered),
    Walk(Walk),
}

impl Questions {
    pub(crate) const fn new(order: Order) -> Self {
        Self { order, next: 0, run: None }
    }

    /// From the beginning of the run that state `index` belongs to.
    pub(crate) const fn at_run_of(order: Order, index: u64) -> Self {
        Self { order, next: index - index % order.run(), run: None }
    }

    /// How many states there are between the next one and `index`.
    pub(crate) const fn states_before(&self, index: u64) -> u64 {
        index - self.next
    }

    /// The session of the next state.
    pub(crate) fn session(&self) -> Session {
        match &self.run {
            Some(run) if !self.at_border() => run.session.clone(),
            _ => Run::new(self.order, self.run_number()).session,
        }
    }

    /// Asks about the next `states` states.
    pub(crate) fn ask<E: Engine, S: Sink>(&mut self, engine: &mut E, sink: &mut S, states: u64) {
        let end = self.next + states;
        while self.next < end {
            let until = end.min((self.run_number() + 1) * self.order.run());
            let mut run = self.enter(engine);
            run.ask(engine, sink, until - self.next);
            self.next = until;
            self.run = Some(run);
        }
    }

    /// The run of the next state: the one that is under way, or a new one, whose session the engine opens.
    fn enter(&mut self, engine: &mut impl Engine) -> Run {
        let under_way = if self.at_border() { None } else { self.run.take() };
        under_way.unwrap_or_else(|| {
            let run = Run::new(self.order, self.run_number());
            engine.open(&run.session);
            run
        })
    }

    const fn run_number(&self) -> u64 {
        self.next / self.order.run()
    }

    const fn at_border(&self) -> bool {
        self.next.is_multiple_of(self.order.run())
    }
}

impl Run {
    /// Runs of both orders have sessions of their own.
    fn new(order: Order, number: u64) -> Self {
        let mut random = Random::new(2 * number + order as u64);
        let session = sessions::session(&mut random, number);
        let steps = match order {
            Order::Scattered => Steps::Scattered(Scattered::new(random)),
            Order::Walk => Steps::Walk(Walk::new(random, number)),
        };
        Self { session, steps }
    }

    fn ask<E: Engine, S: Sink>(&mut self, engine: &mut E, sink: &mut S, states: u64) {
        for _ in 0..states {
            match &mut self.steps {
                Steps::Scattered(steps) => steps.ask(&self.session, engine, sink),
                Steps::Walk(steps) => steps.ask(engine, sink),
            }
        }
    }
}

/// The state of a step and the break after it. Every state of a digest begins with that.
fn ask_state<E: Engine, S: Sink>(step: u64, engine: &mut E, sink: &mut S) {
    sink.question(format_args!("step {step}"));
    let state = engine.state(step);
    sink.number("value", state.value.into());
    sink.number("round", state.round);
    sink.number("broken", state.broken.into());
    sink.number("next_break", engine.next_break(step));
}

fn ask_time<E: Engine, S: Sink>(step: u64, engine: &mut E, sink: &mut S) {
    sink.question(format_args!("time of step {step}"));
    sink.optional("time", engine.time_of(step));
}

fn ask_round<E: Engine, S: Sink>(number: u64, engine: &mut E, sink: &mut S) {
    sink.question(format_args!("round {number}"));
    let round = engine.round_at(number);
    sink.optional("first_step", round.map(|round| round.first_step));
    if let Some(round) = round {
        sink.number("interval", round.interval.into());
        sink.number("next_break", round.next_break);
    }
}
