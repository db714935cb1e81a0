//! The cost of a state, near and far, compared with replaying every tick from the start.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use tickseed_engine::{Channel, Rules, Schedule, Seed, State, Step, Timeline, state_at};

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

criterion_group!(benches, states, draws);
criterion_main!(benches);
