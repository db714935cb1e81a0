//! Schedules: a list of changes, instants near and far from them, and steps.

use super::ask::{ask_state, ask_time};
use super::changes::{Changes, changes};
use super::random::Random;
use crate::engine::{Change, Engine, LAST_INSTANT, LAST_STEP, Session};
use crate::sink::Sink;

/// Instants asked about for each list.
const INSTANTS: u32 = 6;

/// The questions about one list.
#[derive(Debug, Clone)]
pub(super) struct Schedules {
    random: Random,
}

impl Schedules {
    pub(super) const fn new(random: Random) -> Self {
        Self { random }
    }

    /// Adds the list, and asks about the step and the status at instants, the times of the steps found and of others, and the state
    /// of the last step found.
    pub(super) fn ask<E: Engine, S: Sink>(&mut self, session: &Session, engine: &mut E, sink: &mut S) {
        let changes = changes(&mut self.random, session);
        add(&changes, engine, sink);
        let mut last = 0;
        for _ in 0..INSTANTS {
            let now = self.instant(session, &changes);
            last = self.ask_instant(now, engine, sink).unwrap_or(last);
        }
        ask_time(self.random.of_any_size(LAST_STEP), engine, sink);
        ask_time(LAST_STEP, engine, sink);
        ask_state(last, engine, sink);
    }

    /// Asks about an instant, and about the times of its step, of the next one and of one nearby.
    fn ask_instant<E: Engine, S: Sink>(&mut self, now: u64, engine: &mut E, sink: &mut S) -> Option<u64> {
        sink.question(format_args!("now {now}"));
        let step = engine.step_at(now);
        sink.optional("step", step);
        sink.number("is_paused", engine.is_paused(now).into());
        if let Some(step) = step {
            ask_time(step, engine, sink);
            ask_time((step + 1).min(LAST_STEP), engine, sink);
            let nearby = (step + self.random.up_to(20)).saturating_sub(10).min(LAST_STEP);
            ask_time(nearby, engine, sink);
        }
        step
    }

    /// Chooses an instant: before the start, any, at a border, between the first and the last change, or beyond the last.
    fn instant(&mut self, session: &Session, changes: &Changes) -> u64 {
        let tick = u64::from(session.tick_ms);
        let start = session.start_at;
        let last = changes.last().map_or(start, |change| change.at.min(LAST_INSTANT)).max(start);
        let now = match self.random.below(16) {
            0 => start.saturating_sub(1 + self.random.of_any_size(start)),
            1 => self.random.up_to(LAST_INSTANT),
            2 => last + self.random.of_any_size(LAST_INSTANT - last),
            3 => LAST_INSTANT - self.random.below(3).min(1) as u64,
            4 | 5 => start + self.random.of_any_size((last - start) + 4 * tick),
            6..=8 => start + self.random.up_to(last - start),
            _ => self.border(start, changes),
        };
        now.min(LAST_INSTANT)
    }

    /// Chooses the instant of a change or of the start, or the one before or after, or one up to two ticks after it.
    #[expect(clippy::cast_possible_truncation, reason = "at most 257 changes")]
    fn border(&mut self, start: u64, changes: &Changes) -> u64 {
        let index = self.random.below(changes.len() as u32 + 1) as usize;
        let border = index.checked_sub(1).and_then(|index| changes.get(index));
        let (at, tick) = border.map_or((start, 1), |Change { at, tick_ms }| (*at, u64::from(*tick_ms)));
        match self.random.below(2) {
            0 => (at + self.random.up_to(2)).saturating_sub(1),
            _ => at + self.random.up_to(2 * tick.min(1 << 32)),
        }
    }
}

/// Adds the changes to the session, and notes the one that is refused.
fn add<E: Engine, S: Sink>(changes: &Changes, engine: &mut E, sink: &mut S) {
    for Change { at, tick_ms } in changes {
        sink.question(format_args!("change at {at} to {tick_ms}"));
    }
    let refusal = engine.add_changes(changes).err();
    sink.optional("refused", refusal.map(|refusal| refusal.index.into()));
    if let Some(refusal) = refusal {
        sink.number("rule", refusal.rule as u64);
    }
}
