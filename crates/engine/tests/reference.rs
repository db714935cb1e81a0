//! The engine and the plain reference agree on random inputs, which reach further than the fixed cases of the vectors.

use proptest::prelude::*;
use tickseed_engine::{
    BreakInterval, Channel, LAST_INSTANT, Rules, Schedule, Seed, Step, Timeline, state_at,
};
use tickseed_reference::reference;

/// Generates the shortest interval, the longest interval and the number of rounds in an epoch.
fn rules() -> impl Strategy<Value = (u32, u32, u32)> {
    let limit = BreakInterval::MAX_TICKS;
    let interval = (1..=limit).prop_flat_map(move |min| (Just(min), min..=limit));
    let short = (1..=20_u32, 0..=20_u32).prop_map(|(min, more)| (min, min + more));
    (prop_oneof![short, interval], 1..=128_u32).prop_map(|((min, max), half)| (min, max, half * 2))
}

fn steps() -> impl Strategy<Value = u64> {
    prop_oneof![0..1_000_u64, 0..1_000_000_000_u64, 0..=Step::MAX.get()]
}

proptest! {
    #[test]
    fn states_rounds_and_draws_agree(
        seed in "\\PC{1,32}",
        (min, max, rounds) in rules(),
        steps in prop::collection::vec(steps(), 1..8),
        channel in "\\PC{1,16}",
        n in 1..=u32::MAX,
    ) {
        let rules = Rules::new(BreakInterval::new(min, max).unwrap(), rounds).unwrap();
        let mut engine = Timeline::new(&Seed::new(&seed).unwrap(), rules);
        let plain = reference::Rules::new(min, max, rounds).unwrap();
        let plain = reference::Timeline::new(&seed, plain).unwrap();
        for number in steps {
            let step = Step::new(number).unwrap();
            let (found, expected) = (engine.state(step), plain.state(number).unwrap());
            prop_assert_eq!(
                (found.step.get(), found.value, found.round, found.broken),
                (expected.step, expected.value, expected.round, expected.broken)
            );
            prop_assert_eq!(engine.next_break(step), plain.next_break(number).unwrap());
            let (found, expected) = (engine.round_at(found.round).unwrap(), plain.round_at(expected.round).unwrap());
            prop_assert_eq!(
                (found.first_step.get(), found.interval, found.next_break),
                (expected.first_step, expected.interval, expected.next_break)
            );
            let mut found = engine.draw(step, Channel::new(&channel).unwrap());
            let mut expected = plain.draw(number, &channel).unwrap();
            for _ in 0..20 {
                prop_assert_eq!(found.below(n).unwrap(), expected.below(n).unwrap());
                prop_assert_eq!(found.word(), expected.word());
                prop_assert_eq!(found.unit().to_bits(), expected.unit().to_bits());
            }
        }
    }

    #[test]
    fn instants_agree(
        seed in "\\PC{1,32}",
        start_at in 0..=LAST_INSTANT,
        tick_ms in 1..=Schedule::MAX_TICK_MS,
        now in 0..=LAST_INSTANT,
    ) {
        let schedule = Schedule::new(start_at, tick_ms).unwrap();
        let found = state_at(&Seed::new(&seed).unwrap(), &Rules::default(), &schedule, now).unwrap();
        let plain = reference::Timeline::new(&seed, reference::Rules::default()).unwrap();
        let expected = plain.state_at(&reference::Schedule::new(start_at, tick_ms).unwrap(), now).unwrap();
        prop_assert_eq!(
            (found.step.get(), found.value, found.round, found.broken),
            (expected.step, expected.value, expected.round, expected.broken)
        );
    }
}
