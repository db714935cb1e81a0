//! The reference against itself: jumping to an epoch and counting from the very start give the same answers, and the rounds of
//! neighbouring epochs meet.

use tickseed_reference::reference::{Rules, State, Timeline};

const SEED: &str = "walk";

fn rules() -> [Rules; 6] {
    [(1, 1, 2), (1, 2, 4), (3, 10, 4), (7, 7, 6), (1, 6, 254), (5, 90, 2)]
        .map(|(min, max, k)| Rules::new(min, max, k).expect("valid rules"))
}

fn timeline(rules: Rules) -> Timeline {
    Timeline::new(SEED, rules).expect("a valid seed")
}

/// Returns the states of the first epochs as a counter shows them that has only the list of intervals.
fn states_by_counting(timeline: &Timeline, epochs: u64) -> Vec<State> {
    let intervals = (0..epochs).flat_map(|epoch| timeline.intervals(epoch));
    let by_round = (0_u64..).zip(intervals);
    let values = by_round.flat_map(|(round, interval)| (0..=interval).map(move |value| (round, value)));
    // The very first value is the break of round 0, which lies before the start.
    (0_u64..)
        .zip(values.skip(1))
        .map(|(step, (round, value))| State { step, value, round, broken: value == 0 })
        .collect()
}

#[test]
fn every_state_matches_a_count_from_the_start() {
    for rules in rules() {
        let timeline = timeline(rules);
        for state in states_by_counting(&timeline, 4).into_iter().take(1000) {
            assert_eq!(timeline.state(state.step), Ok(state), "{rules:?}");
        }
    }
}

#[test]
fn rounds_meet_within_epochs_and_across_their_borders() {
    for rules in rules() {
        let timeline = timeline(rules);
        let mut first_step = 0;
        for number in 0..3 * u64::from(rules.rounds_per_epoch()) + 2 {
            let round = timeline.round_at(number).expect("a valid round");
            assert_eq!(round.first_step, first_step, "round {number}, {rules:?}");
            // The break of round 0 lies before the start, so this round has one step less.
            let steps = u64::from(round.interval) + u64::from(number > 0);
            assert_eq!(round.next_break, round.first_step + steps, "round {number}, {rules:?}");
            assert_eq!(timeline.next_break(first_step), Ok(round.next_break), "round {number}, {rules:?}");
            first_step = round.next_break;
        }
    }
}

#[test]
fn every_epoch_has_the_length_that_follows_from_its_rules() {
    for rules in rules() {
        for epoch in (0..50).chain([1 << 32, 1 << 44]) {
            let intervals = timeline(rules).intervals(epoch);
            let positions: u64 = intervals.iter().map(|interval| 1 + u64::from(*interval)).sum();
            assert_eq!(positions, rules.epoch_length());
            let range = rules.break_interval_min()..=rules.break_interval_max();
            assert!(intervals.iter().all(|interval| range.contains(interval)));
        }
    }
}
