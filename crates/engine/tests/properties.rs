//! Properties that hold for every seed and all rules, beyond the cases of the vectors.

use proptest::prelude::*;
use tickseed_engine::{
    BreakInterval, Channel, LAST_INSTANT, Rules, Schedule, Seed, State, Step, Timeline, state_at,
};

fn seeds() -> impl Strategy<Value = Seed> {
    "\\PC{1,32}".prop_map(|text| Seed::new(&text).expect("32 characters are at most 128 bytes"))
}

fn rules() -> impl Strategy<Value = Rules> {
    let limit = BreakInterval::MAX_TICKS;
    let short = (1..=40_u32, 0..=40_u32).prop_map(|(min, more)| (min, min + more));
    let any = (1..=limit).prop_flat_map(move |min| (Just(min), min..=limit));
    (prop_oneof![short, any], 1..=128_u32).prop_map(|((min, max), half)| {
        Rules::new(BreakInterval::new(min, max).expect("in range"), half * 2).expect("in range")
    })
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![0..100_000_u64, 0..=Step::MAX.get()].prop_map(|step| Step::new(step).expect("in range"))
}

/// Returns the state one tick later, from the state and the interval of its round alone, as a replay would.
fn walk(state: State, interval: u32) -> State {
    let step = Step::new(state.step.get() + 1).expect("walks stay in range");
    if state.value < interval {
        State { step, value: state.value + 1, round: state.round, broken: false }
    } else {
        State { step, value: 0, round: state.round + 1, broken: true }
    }
}

proptest! {
    #[test]
    fn seeking_equals_walking(seed in seeds(), rules in rules(), from in steps(), ticks in 1..3_000_u64) {
        prop_assume!(from.get() + ticks <= Step::MAX.get());
        let mut timeline = Timeline::new(&seed, rules);
        let mut walked = timeline.state(from);
        for _ in 0..ticks {
            let interval = timeline.round_at(walked.round).unwrap().interval;
            walked = walk(walked, interval);
            prop_assert_eq!(timeline.state(walked.step), walked);
        }
        prop_assert_eq!(Timeline::new(&seed, rules).state(walked.step), walked);
    }

    #[test]
    fn epochs_follow_each_other_without_a_gap(seed in seeds(), rules in rules(), epoch in 0..1_000_000_u64) {
        let mut timeline = Timeline::new(&seed, rules);
        let (min, max) = (rules.break_interval().min(), rules.break_interval().max());
        let per_epoch = u64::from(rules.rounds_per_epoch());
        let length = u64::from(rules.epoch_length());
        let first = timeline.round_at(epoch * per_epoch).unwrap();
        let mut expected = first.first_step.get();
        prop_assert_eq!(expected, (epoch * length).saturating_sub(1));
        for round in epoch * per_epoch..(epoch + 1) * per_epoch {
            let round = timeline.round_at(round).unwrap();
            prop_assert!((min..=max).contains(&round.interval));
            prop_assert_eq!(round.first_step.get(), expected);
            expected = round.next_break;
        }
        prop_assert_eq!(expected, (epoch + 1) * length - 1);
    }

    #[test]
    fn the_counter_breaks_where_its_round_ends(seed in seeds(), rules in rules(), step in steps()) {
        let mut timeline = Timeline::new(&seed, rules);
        let state = timeline.state(step);
        let round = timeline.round_at(state.round).unwrap();
        prop_assert_eq!(timeline.round_of(step), round);
        prop_assert_eq!(timeline.next_break(step), round.next_break);
        prop_assert!(round.first_step <= step && step.get() < round.next_break);
        prop_assert!(state.value <= round.interval);
        prop_assert_eq!(state.broken, state.value == 0);
        if let Ok(next_break) = Step::new(round.next_break) {
            let broken = timeline.state(next_break);
            prop_assert_eq!((broken.value, broken.round, broken.broken), (0, state.round + 1, true));
        }
    }

    #[test]
    fn a_step_begins_at_its_time(start in 0..=LAST_INSTANT, tick_ms in 1..=86_400_000_u32, now in 0..=LAST_INSTANT) {
        let schedule = Schedule::new(start, tick_ms).unwrap();
        let Some(step) = schedule.step_at(now).unwrap() else {
            prop_assert!(now < start);
            return Ok(());
        };
        let begins = schedule.time_of(step).unwrap();
        prop_assert!(begins <= now && now < begins + i64::from(tick_ms));
        prop_assert_eq!(schedule.step_at(begins).unwrap(), Some(step));
    }

    #[test]
    fn no_input_panics(
        text in any::<String>(),
        numbers in any::<[u32; 4]>(),
        instants in any::<[i64; 2]>(),
        wide in any::<[u64; 2]>(),
    ) {
        let seed = Seed::new(&text).unwrap_or(Seed::new("x").unwrap());
        let rules = BreakInterval::new(numbers[0], numbers[1])
            .and_then(|interval| Rules::new(interval, numbers[2]))
            .unwrap_or_default();
        let mut timeline = Timeline::new(&seed, rules);
        if let Ok(schedule) = Schedule::new(instants[0], numbers[3]) {
            let fresh = state_at(&seed, &rules, &schedule, instants[1]);
            prop_assert_eq!(fresh, timeline.state_at(&schedule, instants[1]));
        }
        let step = Step::new(wide[0]).unwrap_or(Step::MAX);
        timeline.state(step);
        // The documented bound holds even for the last round.
        prop_assert!(timeline.next_break(step) < 1 << 53);
        if let Ok(round) = timeline.round_at(wide[1]) {
            prop_assert_eq!(round.round, wide[1]);
        }
        let mut draw = timeline.draw(step, Channel::new(&text).unwrap_or(Channel::new("x").unwrap()));
        prop_assert!((0.0..1.0).contains(&draw.unit()));
        prop_assert_eq!(draw.below(numbers[0]).is_err(), numbers[0] == 0);
    }

    #[test]
    fn draws_repeat_and_channels_differ(seed in seeds(), rules in rules(), step in steps(), n in 1..=u32::MAX) {
        let mut timeline = Timeline::new(&seed, rules);
        let take = |draw: &mut tickseed_engine::Draw| [(); 40].map(|()| draw.word());
        let loot = take(&mut timeline.draw(step, Channel::new("loot").unwrap()));
        let map = take(&mut timeline.draw(step, Channel::new("map").unwrap()));
        prop_assert_ne!(loot, map);
        timeline.state(Step::ZERO);
        prop_assert_eq!(take(&mut timeline.draw(step, Channel::new("loot").unwrap())), loot);
        let mut draw = timeline.draw(step, Channel::new("loot").unwrap());
        prop_assert!((0..8).all(|_| draw.below(n).unwrap() < n));
        let mut items: Vec<u32> = (0..n % 200).collect();
        draw.shuffle(&mut items).unwrap();
        items.sort_unstable();
        prop_assert!(items.into_iter().eq(0..n % 200));
    }
}
