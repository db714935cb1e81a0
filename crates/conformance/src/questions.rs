//! The questions. All of them follow from a small fixed generator, so every machine asks the same ones.

mod ask;
mod changes;
mod draws;
mod random;
mod scattered;
mod schedules;
mod sessions;
mod texts;
mod walk;

use crate::engine::{Engine, Session};
use crate::order::Order;
use crate::sink::Sink;
use random::Random;
use scattered::Scattered;
use schedules::Schedules;
use walk::Walk;

/// The questions in one order, state by state.
#[derive(Debug, Clone)]
pub(crate) struct Questions {
    order: Order,
    /// The number of the next state.
    next: u64,
    run: Option<Run>,
}

/// Consecutive states that share a session.
#[derive(Debug, Clone)]
struct Run {
    session: Session,
    steps: Steps,
}

#[derive(Debug, Clone)]
enum Steps {
    Scattered(Scattered),
    Walk(Walk),
    Schedules(Schedules),
}

impl Questions {
    pub(crate) const fn new(order: Order) -> Self {
        Self { order, next: 0, run: None }
    }

    /// Starts at the first state of the session that state `index` belongs to.
    pub(crate) const fn at_session_of(order: Order, index: u64) -> Self {
        Self { order, next: index - index % order.states_per_session(), run: None }
    }

    /// Returns the number of states from the next one up to, but not including, `index`.
    pub(crate) const fn states_before(&self, index: u64) -> u64 {
        index - self.next
    }

    /// Returns the session of the next state.
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
            let until = end.min((self.run_number() + 1) * self.order.states_per_session());
            let mut run = self.enter(engine);
            run.ask(engine, sink, until - self.next);
            self.next = until;
            self.run = Some(run);
        }
    }

    /// Takes the run of the next state: the current one, or a new one, for which the engine opens a session.
    fn enter(&mut self, engine: &mut impl Engine) -> Run {
        let current = if self.at_border() { None } else { self.run.take() };
        current.unwrap_or_else(|| {
            let run = Run::new(self.order, self.run_number());
            engine.open(&run.session);
            run
        })
    }

    const fn run_number(&self) -> u64 {
        self.next / self.order.states_per_session()
    }

    const fn at_border(&self) -> bool {
        self.next.is_multiple_of(self.order.states_per_session())
    }
}

impl Run {
    /// Even, odd and very large generator seeds keep the sessions of the three orders apart.
    fn new(order: Order, number: u64) -> Self {
        let mut random = Random::new(match order {
            Order::Scattered => 2 * number,
            Order::Walk => 2 * number + 1,
            Order::Schedules => u64::MAX - number,
        });
        let session = sessions::session(&mut random, number);
        let steps = match order {
            Order::Scattered => Steps::Scattered(Scattered::new(random)),
            Order::Walk => Steps::Walk(Walk::new(random, number)),
            Order::Schedules => Steps::Schedules(Schedules::new(random)),
        };
        Self { session, steps }
    }

    fn ask<E: Engine, S: Sink>(&mut self, engine: &mut E, sink: &mut S, states: u64) {
        for _ in 0..states {
            match &mut self.steps {
                Steps::Scattered(steps) => steps.ask(&self.session, engine, sink),
                Steps::Walk(steps) => steps.ask(engine, sink),
                Steps::Schedules(steps) => steps.ask(&self.session, engine, sink),
            }
        }
    }
}
