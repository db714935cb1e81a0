//! Steps in every order but the easy one.

use super::draws::ask_draws;
use super::random::Random;
use super::{LAST_INSTANT, LAST_STEP, ask_round, ask_state, ask_time};
use crate::engine::{Engine, Session};
use crate::sink::Sink;

/// Steps near to and far from the last one.
#[derive(Debug, Clone)]
pub(crate) struct Scattered {
    random: Random,
    /// The last step that was asked about.
    at: u64,
}

impl Scattered {
    pub(crate) const fn new(random: Random) -> Self {
        Self { random, at: 0 }
    }

    /// One state; one in 32 with draws.
    pub(crate) fn ask<E: Engine, S: Sink>(&mut self, session: &Session, engine: &mut E, sink: &mut S) {
        self.at = self.next_step(session, engine, sink).min(LAST_STEP);
        ask_state(self.at, engine, sink);
        if self.random.below(32) == 0 {
            ask_draws(self.at, &mut self.random, engine, sink);
        }
    }

    /// Five in 32 lie in another epoch, mostly; the others are neighbours or lie in the same epoch.
    fn next_step<E: Engine, S: Sink>(&mut self, session: &Session, engine: &mut E, sink: &mut S) -> u64 {
        let (at, length) = (self.at, epoch_length(session));
        match self.random.below(32) {
            0 => self.random.up_to(LAST_STEP),
            1 => self.random.of_any_size(LAST_STEP),
            2 => self.step_of_an_instant(session, engine, sink),
            3 => self.step_of_a_round(session, engine, sink),
            4 => self.step_at_an_epochs_border(length),
            5..=13 => at + 1,
            14..=19 => at.saturating_sub(1),
            20..=25 => self.step_nearby(u64::from(session.min) + u64::from(session.max)),
            _ => self.step_of_this_epoch(length),
        }
    }

    /// Asks which step runs at an instant, and when that one and this one begin.
    fn step_of_an_instant<E: Engine, S: Sink>(
        &mut self,
        session: &Session,
        engine: &mut E,
        sink: &mut S,
    ) -> u64 {
        let now = self.instant(session);
        sink.question(format_args!("now {now}"));
        let step = engine.step_at(now);
        sink.optional("step", step);
        ask_time(self.at, engine, sink);
        step.map_or(0, |step| {
            ask_time(step, engine, sink);
            step
        })
    }

    /// Any instant, one near the start, or one at the border of two ticks.
    fn instant(&mut self, session: &Session) -> u64 {
        let tick = u64::from(session.tick_ms);
        let now = match self.random.below(4) {
            0 => self.random.up_to(LAST_INSTANT),
            1 => (session.start_at + self.random.up_to(4 * tick)).saturating_sub(2 * tick),
            2 => session.start_at + self.random.of_any_size(LAST_INSTANT - session.start_at),
            _ => {
                let ticks = self.random.of_any_size((LAST_INSTANT - session.start_at) / tick);
                (session.start_at + ticks * tick + self.random.up_to(2)).saturating_sub(1)
            }
        };
        now.min(LAST_INSTANT)
    }

    /// Asks about a round, near or far, sometimes past the last one, and goes to its end.
    fn step_of_a_round<E: Engine, S: Sink>(
        &mut self,
        session: &Session,
        engine: &mut E,
        sink: &mut S,
    ) -> u64 {
        let rounds = u64::from(session.rounds_per_epoch);
        let past_the_last = ((LAST_STEP + 1) / epoch_length(session) + 2) * rounds;
        let number = match self.random.below(4) {
            0 => self.random.up_to(past_the_last),
            1 => self.random.of_any_size(past_the_last),
            2 => past_the_last - self.random.up_to(3 * rounds),
            _ => {
                let here = engine.state(self.at).round;
                (here + self.random.up_to(2 * rounds)).saturating_sub(rounds)
            }
        };
        ask_round(number, engine, sink);
        let end = engine.round_at(number).map_or(LAST_STEP, |round| round.next_break);
        (end + self.random.up_to(2)).saturating_sub(1)
    }

    /// The last step before an epoch, its first, or its second: of this epoch, the next, or any.
    fn step_at_an_epochs_border(&mut self, length: u64) -> u64 {
        let epoch = (self.at + 1) / length;
        let epoch = match self.random.below(4) {
            0 => epoch,
            1 | 2 => epoch + 1,
            _ => self.random.of_any_size((LAST_STEP + 1) / length),
        };
        (epoch * length + self.random.up_to(2)).saturating_sub(2)
    }

    /// Up to `distance` before or after the last step.
    fn step_nearby(&mut self, distance: u64) -> u64 {
        (self.at + self.random.up_to(2 * distance)).saturating_sub(distance)
    }

    /// Any step of the epoch that the last step lies in.
    fn step_of_this_epoch(&mut self, length: u64) -> u64 {
        let position = self.at + 1;
        (position - position % length + self.random.up_to(length - 1)).saturating_sub(1)
    }
}

/// How many positions every epoch of a session lasts.
fn epoch_length(session: &Session) -> u64 {
    let rounds = u64::from(session.rounds_per_epoch);
    rounds + rounds / 2 * (u64::from(session.min) + u64::from(session.max))
}
