//! The production engine, linked in.

use tickseed_engine::{
    BreakInterval, Channel, Draw, ENGINE_VERSION, Error, Rules, Schedule, Seed, Step, Timeline,
};

use crate::engine::{Engine, Round, Session, State};

/// The production engine with one open session and one open draw.
#[derive(Debug)]
pub struct Linked {
    timeline: Timeline,
    schedule: Schedule,
    draw: Draw,
}

impl Linked {
    /// Creates an engine with an arbitrary open session.
    ///
    /// # Panics
    ///
    /// If the engine rejects inputs that are within their ranges.
    #[must_use]
    pub fn new() -> Self {
        let mut timeline = accepted(Seed::new("any").map(|seed| Timeline::new(&seed, Rules::default())));
        let draw = timeline.draw(Step::ZERO, accepted(Channel::new("any")));
        Self { timeline, schedule: accepted(Schedule::new(0, 1)), draw }
    }
}

impl Default for Linked {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for Linked {
    fn version(&mut self) -> u32 {
        ENGINE_VERSION
    }

    fn open(&mut self, session: &Session) {
        let interval = accepted(BreakInterval::new(session.min, session.max));
        let rules = accepted(Rules::new(interval, session.rounds_per_epoch));
        self.timeline = Timeline::new(&accepted(Seed::new(&session.seed)), rules);
        self.schedule = accepted(Schedule::new(session.start_at.cast_signed(), session.tick_ms));
    }

    fn state(&mut self, step: u64) -> State {
        let state = self.timeline.state(accepted(Step::new(step)));
        State { value: state.value, round: state.round, broken: state.broken }
    }

    fn next_break(&mut self, step: u64) -> u64 {
        self.timeline.next_break(accepted(Step::new(step)))
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        accepted(self.schedule.step_at(now.cast_signed())).map(Step::get)
    }

    fn time_of(&mut self, step: u64) -> Option<u64> {
        let time = self.schedule.time_of(accepted(Step::new(step))).ok()?;
        Some(time.cast_unsigned())
    }

    fn round_at(&mut self, round: u64) -> Option<Round> {
        let round = self.timeline.round_at(round).ok()?;
        Some(Round {
            first_step: round.first_step.get(),
            interval: round.interval,
            next_break: round.next_break,
        })
    }

    fn draw(&mut self, step: u64, channel: &str) {
        self.draw = self.timeline.draw(accepted(Step::new(step)), accepted(Channel::new(channel)));
    }

    fn word(&mut self) -> u32 {
        self.draw.word()
    }

    fn unit(&mut self) -> f64 {
        self.draw.unit()
    }

    fn below(&mut self, n: u32) -> u32 {
        accepted(self.draw.below(n))
    }

    /// Alternates between the engine's two ways to shuffle, which must give the same order.
    fn shuffle(&mut self, items: &mut [u32]) {
        if items.len().is_multiple_of(2) {
            accepted(self.draw.shuffle(items));
        } else {
            let count = u32::try_from(items.len()).expect("a few items");
            for last in (1..count).rev() {
                items.swap(last as usize, self.draw.exchange(last) as usize);
            }
        }
    }
}

/// Unwraps an answer to a question within its range. An engine that rejects one is wrong and has no digest.
fn accepted<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the engine rejected an input within its range: {error}"),
    }
}
