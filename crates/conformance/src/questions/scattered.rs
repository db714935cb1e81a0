//! The scattered order: jumps near and far.

use super::ask::{ask_round, ask_state, ask_time};
use super::draws::ask_draws;
use super::random::Random;
use crate::engine::{Engine, LAST_INSTANT, LAST_STEP, Session};
use crate::sink::Sink;

/// The steps of one session, each chosen relative to the previous one.
#[derive(Debug, Clone)]
pub(super) struct Scattered {
    random: Random,
    /// The previous step.
    at: u64,
}

impl Scattered {
    pub(super) const fn new(random: Random) -> Self {
        Self { random, at: 0 }
    }

    /// Asks about one state, and in one of 32 also for draws.
    pub(super) fn ask<E: Engine, S: Sink>(&mut self, session: &Session, engine: &mut E, sink: &mut S) {
        self.at = self.next_step(session, engine, sink).min(LAST_STEP);
        ask_state(self.at, engine, sink);
        if self.random.below(32) == 0 {
            ask_draws(self.at, &mut self.random, engine, sink);
        }
    }

    /// Chooses the next step. Five in 32 usually lie in another epoch; the rest are adjacent, nearby or in the same epoch.
    fn next_step<E: Engine, S: Sink>(&mut self, session: &Session, engine: &mut E, sink: &mut S) -> u64 {
        let (at, length) = (self.at, epoch_length(session));
        match self.random.below(32) {
            0 => self.random.up_to(LAST_STEP),
            1 => self.random.of_any_size(LAST_STEP),
            2 => self.step_of_an_instant(session, engine, sink),
            3 => self.step_of_a_round(session, engine, sink),
            4 => self.step_at_an_epoch_border(length),
            5..=13 => at + 1,
            14..=19 => at.saturating_sub(1),
            20..=25 => self.step_nearby(u64::from(session.min) + u64::from(session.max)),
            _ => self.step_in_this_epoch(length),
        }
    }

    /// Asks for the step at an instant, and for the instants at which the previous step and that one begin.
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

    /// Chooses any instant, one near the start, one of any magnitude after it, or one at a tick border.
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

    /// Asks about a round, near or far or past the last one, and chooses a step at its end.
    fn step_of_a_round<E: Engine, S: Sink>(
        &mut self,
        session: &Session,
        engine: &mut E,
        sink: &mut S,
    ) -> u64 {
        let rounds = u64::from(session.rounds_per_epoch);
        let beyond_the_last = ((LAST_STEP + 1) / epoch_length(session) + 2) * rounds;
        let number = match self.random.below(4) {
            0 => self.random.up_to(beyond_the_last),
            1 => self.random.of_any_size(beyond_the_last),
            2 => beyond_the_last - self.random.up_to(3 * rounds),
            _ => {
                let current = engine.state(self.at).round;
                (current + self.random.up_to(2 * rounds)).saturating_sub(rounds)
            }
        };
        ask_round(number, engine, sink);
        let end = engine.round_at(number).map_or(LAST_STEP, |round| round.next_break);
        (end + self.random.up_to(2)).saturating_sub(1)
    }

    /// Chooses the last step before an epoch, or its first or second: the current epoch, the next one, or any.
    fn step_at_an_epoch_border(&mut self, length: u64) -> u64 {
        let epoch = (self.at + 1) / length;
        let epoch = match self.random.below(4) {
            0 => epoch,
            1 | 2 => epoch + 1,
            _ => self.random.of_any_size((LAST_STEP + 1) / length),
        };
        (epoch * length + self.random.up_to(2)).saturating_sub(2)
    }

    /// Chooses a step at most `distance` before or after the previous one.
    fn step_nearby(&mut self, distance: u64) -> u64 {
        (self.at + self.random.up_to(2 * distance)).saturating_sub(distance)
    }

    /// Chooses any step in the epoch of the previous one.
    fn step_in_this_epoch(&mut self, length: u64) -> u64 {
        let position = self.at + 1;
        (position - position % length + self.random.up_to(length - 1)).saturating_sub(1)
    }
}

/// Returns the number of positions in every epoch of a session.
fn epoch_length(session: &Session) -> u64 {
    let rounds = u64::from(session.rounds_per_epoch);
    rounds + rounds / 2 * (u64::from(session.min) + u64::from(session.max))
}
