//! An engine without epochs, which counts every tick.

use tickseed_engine::{Rules, Seed, State, Step, Timeline};

/// Computes the state of `last` by counting every tick from the first.
pub(crate) fn replay(timeline: &mut Timeline, last: u64) -> State {
    let mut round = timeline.round_of(Step::ZERO);
    let mut state = timeline.state(Step::ZERO);
    for number in 1..=last {
        let step = Step::new(number).expect("a step that the caller chose");
        state.broken = state.value == round.interval;
        if state.broken {
            round = timeline.round_of(step);
            state = State { value: 0, round: round.round, ..state };
        } else {
            state.value += 1;
        }
        state.step = step;
    }
    state
}

/// Returns a timeline whose replay agrees with its states.
pub(crate) fn replayable(seed: &Seed) -> Timeline {
    let mut timeline = Timeline::new(seed, Rules::default());
    let last = Step::new(100_000).expect("in range");
    assert_eq!(replay(&mut timeline, last.get()), timeline.state(last), "the baseline is correct");
    timeline
}
