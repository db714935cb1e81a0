//! The production engine, linked in.

use arrayvec::ArrayVec;
use tickseed_engine::{
    BreakInterval, Change as EngineChange, ChangeRule, Channel, Draw, ENGINE_VERSION, Error, Field, Rules,
    Schedule, Seed, Segment, Status, Step, Timeline,
};

use crate::engine::{Change, Engine, Refusal, Round, Rule, Session, State};

/// Storage for the segments of a schedule.
type Segments = ArrayVec<Segment, { Schedule::MAX_CHANGES as usize }>;

/// The production engine with one open session and one open draw.
#[derive(Debug)]
pub struct Linked {
    timeline: Timeline,
    schedule: Schedule<Segments>,
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
        Self { timeline, schedule: plain(0, 1), draw }
    }
}

impl Default for Linked {
    fn default() -> Self {
        Self::new()
    }
}

impl Linked {
    /// Replaces the changes of the session, unless one is refused.
    fn set_changes(&mut self, changes: &[EngineChange]) -> Result<(), Refusal> {
        let segments = changes.iter().take(Segments::new().capacity()).map(|_| Segment::default()).collect();
        self.schedule = self.schedule.with_changes(changes, segments).map_err(refusal)?;
        Ok(())
    }

    /// Checks that the timeline, which remembers its place in the schedule, has the same step.
    ///
    /// # Panics
    ///
    /// If it has not.
    fn check_timeline(&mut self, now: u64, step: Option<u64>) {
        let state = accepted(self.timeline.state_at(&self.schedule, now.cast_signed()));
        assert_eq!(state.step.get(), step.unwrap_or_default(), "the timeline has another step at {now}");
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
        self.schedule = plain(session.start_at, session.tick_ms);
    }

    fn add_changes(&mut self, changes: &[Change]) -> Result<(), Refusal> {
        // With room for one more than a list may have.
        let mut in_range = ArrayVec::<EngineChange, { Schedule::MAX_CHANGES as usize + 1 }>::new();
        in_range.extend(changes.iter().map_while(in_range_change));
        if let Err(refusal) = self.set_changes(&in_range) {
            accepted_list(self.set_changes(&in_range[..usize::from(refusal.index)]));
            return Err(refusal);
        }
        if in_range.len() < changes.len() {
            let index = u16::try_from(in_range.len()).expect("at most 257");
            return Err(Refusal { index, rule: Rule::OutOfRange });
        }
        Ok(())
    }

    fn is_paused(&mut self, now: u64) -> bool {
        accepted(self.schedule.status_at(now.cast_signed())) == Status::Paused
    }

    fn state(&mut self, step: u64) -> State {
        let state = self.timeline.state(accepted(Step::new(step)));
        State { value: state.value, round: state.round, broken: state.broken }
    }

    fn next_break(&mut self, step: u64) -> u64 {
        self.timeline.next_break(accepted(Step::new(step)))
    }

    fn step_at(&mut self, now: u64) -> Option<u64> {
        let step = accepted(self.schedule.step_at(now.cast_signed())).map(Step::get);
        if self.schedule.changes().len() > 0 {
            self.check_timeline(now, step);
        }
        step
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

/// Creates a schedule without changes.
fn plain(start_at: u64, tick_ms: u32) -> Schedule<Segments> {
    let plain = accepted(Schedule::new(start_at.cast_signed(), tick_ms));
    accepted(plain.with_changes(&[], Segments::new()))
}

/// Converts a change, unless one of its numbers is outside its range.
fn in_range_change(Change { at, tick_ms }: &Change) -> Option<EngineChange> {
    EngineChange::new(at.cast_signed(), *tick_ms).ok()
}

/// Converts the engine's reason for refusing a list whose changes are within their ranges.
fn refusal(error: Error) -> Refusal {
    match error {
        Error::InvalidChange { index, rule } => {
            let rule = match rule {
                ChangeRule::NotLater { .. } => Rule::NotLater,
                ChangeRule::NoChange { .. } => Rule::NoChange,
                ChangeRule::WithinTick { .. } => Rule::WithinTick,
                other => panic!("the digest has no number for this rule: {other:?}"),
            };
            Refusal { index, rule }
        }
        Error::OutOfRange { field: Field::Schedule, .. } => {
            Refusal { index: Schedule::MAX_CHANGES, rule: Rule::OutOfRange }
        }
        other => panic!("the engine refused a list of changes: {other}"),
    }
}

/// Unwraps the answer to a list that the engine has accepted up to its end.
fn accepted_list(result: Result<(), Refusal>) {
    if let Err(refusal) = result {
        panic!("the engine refused the beginning of a list: {refusal:?}");
    }
}

/// Unwraps an answer to a question within its range. An engine that rejects one is wrong and has no digest.
fn accepted<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("the engine rejected an input within its range: {error}"),
    }
}
