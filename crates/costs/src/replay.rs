//! An engine without epochs, which counts every tick.

use tickseed_engine::{Rules, Seed, State, Step, Timeline};

/// Computes the state of `last` by counting every tick from the first.
pub(crate) fn replay(timeline: &mut Timeline, last: u64) -> State {
    let mut round = timeline.round_of(Step::ZERO);
    let mut value = timeline.state(Step::ZERO).value;
    for number in 1..=last {
        if value == round.interval {
            value = 0;
            round = timeline.round_of(step_number(number));
        } else {
            value += 1;
        }
    }
    State { step: step_number(last), value, round: round.round, broken: value == 0 }
}

fn step_number(number: u64) -> Step {
    Step::new(number).expect("a step that the caller chose")
}

/// Returns a timeline whose replay agrees with its states.
pub(crate) fn replayable(seed: &Seed) -> Timeline {
    let mut timeline = Timeline::new(seed, Rules::default());
    let last = Step::new(100_000).expect("in range");
    assert_eq!(replay(&mut timeline, last.get()), timeline.state(last), "the baseline is correct");
    timeline
}
