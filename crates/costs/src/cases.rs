//! One loop for each call. A loop does nothing else, so that its cost is that of the call.

use std::array;
use std::hint::black_box;

use tickseed_engine::{
    Change, Channel, LAST_INSTANT, Rules, Schedule, Seed, Segment, Step, Timeline, state_at,
};

use crate::replay::{replay, replayable};

/// Where the calls are measured: from the first minutes of a session to 2^47, some 4,500 years of ticks of a millisecond.
pub const STEPS: [u64; 5] = [1_000, 1_000_000, 1_000_000_000, 1_000_000_000_000, 1 << 47];

/// Where a replay is measured. Further on it takes too long.
const REPLAYED: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

const SEED: &str = "550e8400-e29b-41d4-a716-446655440000";

/// How many neighbouring steps a case goes through before it begins again. A power of two, so that counting costs next to nothing.
const NEIGHBOURS: u64 = 4_096;

/// How many numbers far apart a case goes through. With only a few, the processor would learn by heart how each of them branches.
const FAR: usize = 64;

/// A loop around one call of the engine.
pub struct Case {
    /// What is called.
    pub name: &'static str,
    /// The step at which it is called.
    pub step: u64,
    calls: Box<dyn FnMut(u64) -> u64>,
}

impl Case {
    fn new(name: &'static str, step: u64, calls: impl FnMut(u64) -> u64 + 'static) -> Self {
        Self { name, step, calls: Box::new(calls) }
    }

    /// Makes `count` calls, and returns the sum of what they returned.
    pub fn call(&mut self, count: u64) -> u64 {
        (self.calls)(count)
    }
}

/// Returns all cases.
#[must_use]
pub fn cases() -> Vec<Case> {
    // Near and far calls of one kind follow each other, so that a busy moment affects both.
    let of_engine = CALLS.into_iter().flat_map(|call| STEPS.map(call));
    of_engine.chain(REPLAYED.map(replayed)).collect()
}

/// The calls, one for each kind. Each takes the step at which it is made.
const CALLS: [fn(u64) -> Case; 8] = [
    next_step,
    far_step,
    from_seed,
    round_by_number,
    draw,
    |step| step_at("step_at, no changes", step, 0),
    |step| step_at("step_at, 10 changes", step, 10),
    |step| step_at("step_at, 256 changes", step, 256),
];

fn seed() -> Seed {
    Seed::new(SEED).expect("36 bytes")
}

fn timeline() -> Timeline {
    Timeline::new(&seed(), Rules::default())
}

fn step_number(number: u64) -> Step {
    Step::new(number).expect("in range")
}

/// Returns the first of [`NEIGHBOURS`] steps that lie in one epoch, `step` among them. Otherwise the case would now and then lay out
/// an epoch, and whether it does would depend on the step.
fn first_neighbour(step: u64) -> u64 {
    let length = u64::from(Rules::default().epoch_length());
    // The position of a step is one more than its number.
    let behind_epoch = ((step + 1) / length + 1) * length;
    step.min(behind_epoch - 1 - NEIGHBOURS)
}

/// Returns steps that each lie in another epoch, the first of them `step`.
fn in_other_epochs(step: u64) -> [u64; FAR] {
    far_apart(step, Rules::default().epoch_length().into())
}

fn far_apart(first: u64, apart: u64) -> [u64; FAR] {
    array::from_fn(|number| first + apart * number as u64)
}

/// Adds up what a call returns for neighbouring steps, from the first again and again.
#[inline]
fn neighbours(count: u64, first: u64, mut call: impl FnMut(u64) -> u64) -> u64 {
    let mut sum = 0_u64;
    for number in 0..count {
        sum = sum.wrapping_add(call(black_box(first + number % NEIGHBOURS)));
    }
    sum
}

/// Adds up what a call returns for some numbers in turn.
#[inline]
fn in_turn(count: u64, numbers: &[u64; FAR], mut call: impl FnMut(u64) -> u64) -> u64 {
    let mut sum = 0_u64;
    for number in numbers.iter().cycle().take(usize::try_from(count).expect("a number that fits")) {
        sum = sum.wrapping_add(call(black_box(*number)));
    }
    sum
}

fn next_step(step: u64) -> Case {
    let (mut timeline, first) = (timeline(), first_neighbour(step));
    Case::new("next step", step, move |count| {
        neighbours(count, first, |step| u64::from(timeline.state(step_number(step)).value))
    })
}

fn far_step(step: u64) -> Case {
    let (mut timeline, steps) = (timeline(), in_other_epochs(step));
    Case::new("step in another epoch", step, move |count| {
        in_turn(count, &steps, |step| u64::from(timeline.state(step_number(step)).value))
    })
}

fn from_seed(step: u64) -> Case {
    let schedule = Schedule::new(0, 1).expect("in range");
    let instants = in_other_epochs(step);
    Case::new("state from the seed's text", step, move |count| {
        in_turn(count, &instants, |instant| {
            let seed = Seed::new(black_box(SEED)).expect("36 bytes");
            let state = state_at(&seed, &Rules::default(), &schedule, instant.cast_signed());
            u64::from(state.expect("in range").value)
        })
    })
}

fn round_by_number(step: u64) -> Case {
    let mut timeline = timeline();
    let first = timeline.state(step_number(step)).round;
    let rounds = far_apart(first, Rules::default().rounds_per_epoch().into());
    Case::new("round by its number", step, move |count| {
        in_turn(count, &rounds, |round| u64::from(timeline.round_at(round).expect("in range").interval))
    })
}

fn draw(step: u64) -> Case {
    let (mut timeline, first) = (timeline(), first_neighbour(step));
    let channel = Channel::new("loot").expect("4 bytes");
    Case::new("one die of a draw", step, move |count| {
        neighbours(count, first, |step| {
            u64::from(timeline.draw(step_number(step), channel).below(6).expect("6 is in range"))
        })
    })
}

/// Asks for the steps of instants in different segments of a schedule. The first is in that of `step`, whose instant it is if nothing
/// is paused before.
fn step_at(name: &'static str, step: u64, changes: usize) -> Case {
    let (schedule, apart) = with_changes(changes);
    let instants = far_apart(step, apart).map(|instant| instant % LAST_INSTANT.unsigned_abs());
    Case::new(name, step, move |count| {
        let schedule = black_box(&schedule);
        in_turn(count, &instants, |instant| {
            let step = schedule.step_at(instant.cast_signed()).expect("in range");
            step.map_or(0, Step::get)
        })
    })
}

/// Returns a schedule with ticks of 1 ms and so many changes: pauses of 1 ms, spread over all instants. Also returns how far apart
/// they are.
fn with_changes(count: usize) -> (Schedule<Vec<Segment>>, u64) {
    let pauses = i64::try_from(count / 2).expect("at most 128");
    let apart = LAST_INSTANT / (pauses + 1);
    let changes: Vec<Change> = (1..=pauses)
        .flat_map(|pause| [Change::pause(pause * apart), Change::new(pause * apart + 1, 1)])
        .collect::<Result<_, _>>()
        .expect("in range");
    let segments = vec![Segment::default(); changes.len()];
    let plain = Schedule::new(0, 1).expect("in range");
    (plain.with_changes(&changes, segments).expect("valid changes"), apart.unsigned_abs())
}

fn replayed(last: u64) -> Case {
    let mut timeline = replayable(&seed());
    Case::new("replay of all ticks", last, move |count| {
        (0..count).map(|_| u64::from(replay(&mut timeline, black_box(last)).value)).sum()
    })
}
