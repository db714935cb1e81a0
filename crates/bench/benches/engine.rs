//! The cost of a state, near and far, compared with replaying every tick from the start, and of a schedule with changes, compared
//! with one without.

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use tickseed_engine::{
    Change, Channel, LAST_INSTANT, Rules, Schedule, Seed, Segment, State, Step, Timeline, state_at,
};

const SEED: &str = "550e8400-e29b-41d4-a716-446655440000";

fn seed() -> Seed {
    Seed::new(SEED).expect("36 bytes")
}

fn step(number: u64) -> Step {
    Step::new(number).expect("in range")
}

/// Computes the state of `last` by counting every tick from the first, as an engine without epochs would.
fn replay(timeline: &mut Timeline, last: u64) -> State {
    let mut round = timeline.round_of(Step::ZERO);
    let mut state = timeline.state(Step::ZERO);
    for number in 1..=last {
        state.broken = state.value == round.interval;
        if state.broken {
            round = timeline.round_of(step(number));
            state = State { value: 0, round: round.round, ..state };
        } else {
            state.value += 1;
        }
        state.step = step(number);
    }
    state
}

fn states(criterion: &mut Criterion) {
    let mut timeline = Timeline::new(&seed(), Rules::default());
    assert_eq!(replay(&mut timeline, 1_000_000), timeline.state(step(1_000_000)), "the baseline is correct");

    let mut group = criterion.benchmark_group("state");
    let mut next = 0;
    group.bench_function("next step", |bencher| {
        bencher.iter(|| {
            next += 1;
            timeline.state(step(black_box(next)))
        });
    });
    // The steps are so far apart that each lies in a different epoch from the one before.
    let mut far = 0;
    group.bench_function("step in another epoch", |bencher| {
        bencher.iter(|| {
            far = (far + 100_000_000_007) % Step::MAX.get();
            timeline.state(step(black_box(far)))
        });
    });
    let schedule = Schedule::new(0, 1).expect("in range");
    for (name, now) in
        [("from the seed, at the start", 0), ("from the seed, in the year 9999", 253_402_300_799_999)]
    {
        group.bench_function(name, |bencher| {
            bencher.iter(|| state_at(black_box(&seed()), &Rules::default(), &schedule, black_box(now)));
        });
    }
    group.bench_function("replay of 1,000,000 ticks", |bencher| {
        bencher.iter(|| replay(&mut timeline, black_box(1_000_000)));
    });
    group.finish();
}

/// Returns a schedule with 256 changes and ticks of 1 ms: pauses of 1 ms, this far apart.
fn paused_often(apart: i64) -> Schedule<Vec<Segment>> {
    let changes: Vec<Change> = (1..=i64::from(Schedule::MAX_CHANGES) / 2)
        .flat_map(|pause| [Change::pause(pause * apart), Change::new(pause * apart + 1, 1)])
        .collect::<Result<_, _>>()
        .expect("in range");
    let segments = vec![Segment::default(); changes.len()];
    Schedule::new(0, 1).and_then(|plain| plain.with_changes(&changes, segments)).expect("valid changes")
}

/// Both costs through a schedule without changes and through one with 256.
fn schedules(criterion: &mut Criterion) {
    let plain = Schedule::new(0, 1).expect("in range");
    let near = paused_often(1_000_000);
    let far = paused_often(LAST_INSTANT / 129);
    let mut group = criterion.benchmark_group("schedule");
    next_instant(&mut group, "next step, no changes", &plain);
    next_instant(&mut group, "next step, 256 changes", &near);
    far_instant(&mut group, "far instant, no changes", &plain);
    far_instant(&mut group, "far instant, 256 changes", &far);
    group.finish();
}

type Group<'a> = BenchmarkGroup<'a, WallTime>;

/// Measures one instant after the other, through all changes of a schedule and again from its start.
fn next_instant<S: AsRef<[Segment]>>(group: &mut Group<'_>, name: &str, schedule: &Schedule<S>) {
    let mut timeline = Timeline::new(&seed(), Rules::default());
    // The compiler must not know the start and the length of a tick.
    let schedule = black_box(schedule);
    let mut now = 0;
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            now = if now == 130_000_000 { 0 } else { now + 1 };
            timeline.state_at(schedule, black_box(now))
        });
    });
}

/// Measures instants that lie in another epoch and another segment than the one before.
fn far_instant<S: AsRef<[Segment]>>(group: &mut Group<'_>, name: &str, schedule: &Schedule<S>) {
    let mut timeline = Timeline::new(&seed(), Rules::default());
    // The compiler must not know the start and the length of a tick.
    let schedule = black_box(schedule);
    let mut now = 0;
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            now = (now + 100_000_000_000_007) % LAST_INSTANT;
            timeline.state_at(schedule, black_box(now))
        });
    });
}

fn draws(criterion: &mut Criterion) {
    let mut timeline = Timeline::new(&seed(), Rules::default());
    let channel = Channel::new("loot").expect("4 bytes");
    let mut next = 0;
    criterion.bench_function("draw, one die of the next step", |bencher| {
        bencher.iter(|| {
            next += 1;
            timeline.draw(step(black_box(next)), channel).below(6)
        });
    });
}

criterion_group!(benches, states, schedules, draws);
criterion_main!(benches);
