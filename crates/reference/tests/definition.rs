//! The reference against explicit statements of `docs/engine.md`: section 9 and the examples of other sections.

use tickseed_reference::reference::{LATEST_INSTANT, Rules, Schedule, State, Timeline, channel_nonce};

const SEED: &str = "550e8400-e29b-41d4-a716-446655440000";

fn timeline() -> Timeline {
    Timeline::new(SEED, Rules::default()).expect("a valid seed")
}

fn state(step: u64) -> State {
    timeline().state(step).expect("a valid step")
}

#[test]
fn section_9_three_states() {
    assert_eq!(state(0), State { step: 0, value: 1, round: 0, broken: false });
    assert_eq!(state(12_863), State { step: 12_863, value: 0, round: 64, broken: true });
    assert_eq!(state(1_000_000), State { step: 1_000_000, value: 108, round: 4975, broken: false });
}

#[test]
fn section_2_everything_is_zero_and_not_broken_before_the_start() {
    let schedule = Schedule::new(5000, 1000).expect("a valid schedule");
    for now in [0, 4999] {
        let state = timeline().state_at(&schedule, now).expect("a valid instant");
        assert_eq!(state, State { step: 0, value: 0, round: 0, broken: false });
    }
    assert_eq!(timeline().state_at(&schedule, 5000), Ok(state(0)));
    assert_eq!(timeline().state_at(&schedule, 5999), Ok(state(0)));
    assert_eq!(timeline().state_at(&schedule, 6000), Ok(state(1)));
}

#[test]
fn section_3_the_value_climbs_to_the_interval_and_then_breaks() {
    let first = timeline().round_at(0).expect("there is a round 0");
    let last_value = state(u64::from(first.interval) - 1);
    assert_eq!((last_value.value, last_value.broken), (first.interval, false));
    let after = state(u64::from(first.interval));
    assert_eq!((after.value, after.round, after.broken), (0, 1, true));
    assert_eq!(first.next_break, after.step);
}

#[test]
fn section_4_length_of_the_default_epoch() {
    assert_eq!(Rules::default().epoch_length(), 12_864);
}

#[test]
fn section_7_bit_63_is_set_and_channels_differ() {
    for name in ["dice", "Dice", "a", "caf\u{e9}", "cafe\u{301}"] {
        assert_eq!(channel_nonce(name) >> 63, 1);
    }
    assert_ne!(channel_nonce("caf\u{e9}"), channel_nonce("cafe\u{301}"));
}

#[test]
#[expect(clippy::float_cmp, reason = "the definition promises an exact double")]
fn section_7_a_unit_is_its_numerator_over_2_to_the_53() {
    let mut units = timeline().draw(12, "dice").expect("a valid draw");
    let mut numerators = units.clone();
    for _ in 0..1000 {
        let numerator = numerators.unit_numerator();
        assert!(numerator < 1 << 53);
        let as_text: f64 = numerator.to_string().parse().expect("a number");
        assert_eq!(units.unit(), as_text / 2_f64.powi(53));
    }
}

#[test]
fn section_8_time_of_is_the_inverse_of_step_at() {
    for (start_at, tick_ms) in [(0, 1), (1_700_000_000_000, 250), (LATEST_INSTANT - 5, 3), (0, 86_400_000)] {
        let schedule = Schedule::new(start_at, tick_ms).expect("a valid schedule");
        for step in [0, 1, schedule.last_step()] {
            let time = schedule.time_of(step).expect("a step that begins in time");
            assert_eq!(schedule.step_at(time), Ok(Some(step)));
            assert_eq!(schedule.step_at(time - 1).ok().flatten(), step.checked_sub(1));
        }
        assert!(schedule.time_of(schedule.last_step() + 1).is_err());
    }
}
