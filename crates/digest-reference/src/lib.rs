//! Asks the plain reference implementation the digest's questions.
//!
//! The digest by itself says that two engines compute the same, not that they are right. The reference was written from the
//! definition and shares no code with the engine: where both have the same digest, both are right or share a
//! misunderstanding. It is slow, so it is asked about the first states only.

use tickseed_digest::{Engine, Round, Session, State};
use tickseed_test_vectors::reference::{Draw, InputError, Rules, Schedule, Timeline};

/// The version of the definition that the reference follows.
const VERSION: u32 = 1;

/// One timeline, its schedule and one draw of the reference.
#[derive(Debug)]
pub struct Reference {
    timeline: Timeline,
    schedule: Schedule,
    draw: Draw,
}

impl Reference {
    /// The reference with some session opened.
    ///
    /// # Panics
    ///
    /// If the reference refuses what lies within its ranges.
    #[must_use]
    pub fn new() -> Self {
        let timeline = lawful(Timeline::new("any", Rules::default()));
        let draw = lawful(timeline.draw(0, "any"));
        Self { timeline, schedule: lawful(Schedule::new(0, 1)), draw }
    }
}

impl Default for Reference {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine for Reference {
    fn version(&mut self) -> u32 {
        VERSION
    }

    fn open(&mut self, session: &Session) {
        let rules = lawful(Rules::new(session.min, session.max, session.rounds_per_epoch));
        self.timeline = lawful(Timeline::new(&session.seed, rules));
        self.schedule = lawful(Schedule::new(session.start_at.cast_signed(), session.tick_ms));
    }

    fn state(&mut self, step: u64) -> State {
        let state = lawful(self.timeline.state(step));
        State { value: state.value, round: state.round, broken: state.broken }
    }

    fn next_break(&mut self, step: u64) -> u64 {
        lawful(self.timeline.next_break(step))
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        lawful(self.schedule.step_at(now.cast_signed()))
    }

    fn time_of(&mut self, step: u64) -> Option<u64> {
        self.schedule.time_of(step).ok().map(i64::cast_unsigned)
    }

    fn round_at(&mut self, round: u64) -> Option<Round> {
        let round = self.timeline.round_at(round).ok()?;
        Some(Round { first_step: round.first_step, interval: round.interval, next_break: round.next_break })
    }

    fn draw(&mut self, step: u64, channel: &str) {
        self.draw = lawful(self.timeline.draw(step, channel));
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

    fn shuffle(&mut self, items: &mut [u32]) {
        self.draw.shuffle(items);
    }
}

/// What the generator asks for lies within its range.
fn lawful<T>(result: Result<T, InputError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the reference refused what is within its range: {error}"),
    }
}
