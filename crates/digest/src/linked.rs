//! The engine itself, linked in.

use tickseed_engine::{
    BreakInterval, Channel, Draw, ENGINE_VERSION, Error, Rules, Schedule, Seed, Step, Timeline,
};

use crate::engine::{Engine, Round, Session, State};

/// One timeline, its schedule and one draw of the engine.
#[derive(Debug)]
pub struct Linked {
    timeline: Timeline,
    schedule: Schedule,
    draw: Draw,
}

impl Linked {
    /// An engine with some session opened.
    ///
    /// # Panics
    ///
    /// If the engine refuses what lies within its ranges.
    #[must_use]
    pub fn new() -> Self {
        let mut timeline = lawful(Seed::new("any").map(|seed| Timeline::new(&seed, Rules::default())));
        let draw = timeline.draw(Step::ZERO, lawful(Channel::new("any")));
        Self { timeline, schedule: lawful(Schedule::new(0, 1)), draw }
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
        let interval = lawful(BreakInterval::new(session.min, session.max));
        let rules = lawful(Rules::new(interval, session.rounds_per_epoch));
        self.timeline = Timeline::new(&lawful(Seed::new(&session.seed)), rules);
        self.schedule = lawful(Schedule::new(session.start_at.cast_signed(), session.tick_ms));
    }

    fn state(&mut self, step: u64) -> State {
        let state = self.timeline.state(lawful(Step::new(step)));
        State { value: state.value, round: state.round, broken: state.broken }
    }

    fn next_break(&mut self, step: u64) -> u64 {
        self.timeline.next_break(lawful(Step::new(step)))
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        lawful(self.schedule.step_at(now.cast_signed())).map(Step::get)
    }

    fn time_of(&mut self, step: u64) -> Option<u64> {
        let time = self.schedule.time_of(lawful(Step::new(step))).ok()?;
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
        self.draw = self.timeline.draw(lawful(Step::new(step)), lawful(Channel::new(channel)));
    }

    fn word(&mut self) -> u32 {
        self.draw.word()
    }

    fn unit(&mut self) -> f64 {
        self.draw.unit()
    }

    fn below(&mut self, n: u32) -> u32 {
        lawful(self.draw.below(n))
    }

    /// By each of the engine's two ways in turn, which are to give the same order.
    fn shuffle(&mut self, items: &mut [u32]) {
        if items.len().is_multiple_of(2) {
            lawful(self.draw.shuffle(items));
        } else {
            let count = u32::try_from(items.len()).expect("a few items");
            for last in (1..count).rev() {
                items.swap(last as usize, self.draw.exchange(last) as usize);
            }
        }
    }
}

/// What the generator asks for lies within its range. An engine that refuses it is wrong, and there is no digest of it.
fn lawful<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the engine refused what is within its range: {error}"),
    }
}
