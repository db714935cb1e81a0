//! The plain reference implementation, linked in.
//!
//! Equal digests show that two engines compute the same values, not that the values are right. The reference was written
//! from the definition and shares no code with the production engine: where their digests agree, both are right or share a
//! misunderstanding. It is slow, so it covers only the first states.

use tickseed_reference::reference::{Draw, InputError, Rules, Schedule, Timeline};

use crate::engine::{Engine, Round, Session, State};

/// The version of the definition that the reference implements.
const VERSION: u32 = 1;

/// The reference with one open session and one open draw.
#[derive(Debug)]
pub struct Reference {
    timeline: Timeline,
    schedule: Schedule,
    draw: Draw,
}

impl Reference {
    /// Creates a reference with an arbitrary open session.
    ///
    /// # Panics
    ///
    /// If the reference rejects inputs that are within their ranges.
    #[must_use]
    pub fn new() -> Self {
        let timeline = accepted(Timeline::new("any", Rules::default()));
        let draw = accepted(timeline.draw(0, "any"));
        Self { timeline, schedule: accepted(Schedule::new(0, 1)), draw }
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
        let rules = accepted(Rules::new(session.min, session.max, session.rounds_per_epoch));
        self.timeline = accepted(Timeline::new(&session.seed, rules));
        self.schedule = accepted(Schedule::new(session.start_at.cast_signed(), session.tick_ms));
    }

    fn state(&mut self, step: u64) -> State {
        let state = accepted(self.timeline.state(step));
        State { value: state.value, round: state.round, broken: state.broken }
    }

    fn next_break(&mut self, step: u64) -> u64 {
        accepted(self.timeline.next_break(step))
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        accepted(self.schedule.step_at(now.cast_signed()))
    }

    fn time_of(&mut self, step: u64) -> Option<u64> {
        self.schedule.time_of(step).ok().map(i64::cast_unsigned)
    }

    fn round_at(&mut self, round: u64) -> Option<Round> {
        let round = self.timeline.round_at(round).ok()?;
        Some(Round { first_step: round.first_step, interval: round.interval, next_break: round.next_break })
    }

    fn draw(&mut self, step: u64, channel: &str) {
        self.draw = accepted(self.timeline.draw(step, channel));
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

    fn shuffle(&mut self, items: &mut [u32]) {
        self.draw.shuffle(items);
    }
}

/// Unwraps an answer to a question within its range.
fn accepted<T>(result: Result<T, InputError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the reference rejected an input within its range: {error}"),
    }
}
