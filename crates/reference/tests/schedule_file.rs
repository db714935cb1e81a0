//! `vectors/schedule-v1.json` is the output of the reference, byte for byte, and has the cases that it promises.

use tickseed_reference::make::make_schedule_vectors;
use tickseed_reference::vectors::{Refusal, ScheduleCase};
use tickseed_reference::{SCHEDULE_VECTORS_V1, load_schedules};

const ADVICE: &str = "vectors/schedule-v1.json is not the output of the reference. A vector of version 1 never changes: if an \
    answer differs, the behaviour differs, and that needs a new engine version with a file of its own. If you have only added \
    cases, write the file again with\n\n    \
    cargo run -p tickseed-reference --bin make-vectors\n";

const LAST_INSTANT: i64 = 253_402_300_799_999;
const LONGEST_TICK: u32 = 86_400_000;

#[test]
fn the_file_is_the_output_of_the_reference() {
    let made = make_schedule_vectors();
    assert!(made.to_text() == SCHEDULE_VECTORS_V1, "{ADVICE}");
    assert!(made == load_schedules(), "{ADVICE}");
    assert!(SCHEDULE_VECTORS_V1.is_ascii() && SCHEDULE_VECTORS_V1.ends_with("}\n"));
}

#[test]
fn the_documentation_has_the_number_of_cases() {
    let [_, (_, instants), (_, steps), (_, refused)] = load_schedules().counts();
    let answers = instants + steps + refused;
    let expected = format!("{},{:03} answers", answers / 1000, answers % 1000);
    let documentation = include_str!("../../../docs/determinism.md");
    assert!(documentation.contains(&expected), "docs/determinism.md: {expected}");
}

/// Asserts that a valid list has a property.
fn has(what: &str, property: impl FnMut(&ScheduleCase) -> bool) {
    assert!(load_schedules().schedules.iter().any(property), "no list: {what}");
}

#[test]
fn lists_reach_both_ends_of_every_range() {
    for length in [0, 1, 255, 256] {
        has("of that length", |case| case.changes.len() == length);
    }
    for start_at in [0, LAST_INSTANT] {
        has("that starts there", |case| case.start_at == start_at);
    }
    for tick_ms in [1, LONGEST_TICK] {
        has("with that tick at the start", |case| case.tick_ms == tick_ms);
        has("with that tick later", |case| case.changes.iter().any(|change| change.tick_ms == tick_ms));
    }
    has("with a change 1 ms after the start", |case| case.changes.iter().any(|c| c.at == case.start_at + 1));
    has("with a change at the end", |case| case.changes.iter().any(|change| change.at == LAST_INSTANT));
}

#[test]
fn lists_pause_at_every_part_of_a_tick() {
    for phase in 0..7 {
        has("that pauses there", |case| {
            let [pause, resume] = case.changes.as_slice() else { return false };
            case.tick_ms == 7
                && (pause.tick_ms, resume.tick_ms) == (0, 7)
                && (pause.at - case.start_at) % 7 == phase
        });
    }
}

#[test]
fn instants_lie_before_the_start_within_pauses_and_at_the_end() {
    let schedules = load_schedules().schedules;
    let all = || schedules.iter().flat_map(|case| case.instants.iter().map(move |answer| (case, answer)));
    assert!(all().any(|(case, answer)| answer.now == case.start_at - 1 && answer.step.is_none()));
    assert!(all().any(|(case, answer)| answer.now == case.start_at && answer.step == Some(0)));
    assert!(all().any(|(_, answer)| answer.paused && answer.step == Some(0)));
    assert!(all().any(|(_, answer)| answer.now == LAST_INSTANT && answer.paused));
    assert!(all().any(|(_, answer)| answer.now == LAST_INSTANT && !answer.paused));
    for distance in [-1, 0, 1] {
        assert!(all().any(|(case, answer)| case.changes.iter().any(|c| answer.now - c.at == distance)));
    }
}

#[test]
fn steps_have_a_time_or_a_reason() {
    let schedules = load_schedules().schedules;
    let all: Vec<_> = schedules.iter().flat_map(|case| case.steps.clone()).collect();
    for answer in &all {
        assert_eq!(answer.time.is_some(), answer.never.is_none() && answer.last.is_none(), "{answer:?}");
    }
    for reason in ["paused", "year_9999"] {
        assert!(all.iter().filter(|answer| answer.never.as_deref() == Some(reason)).count() > 10, "{reason}");
        let next = |last: u64, step| step == last + 1;
        assert!(all.iter().any(|answer| answer.last.is_some_and(|last| next(last, answer.step))));
    }
    assert!(all.iter().any(|answer| answer.time == Some(LAST_INSTANT)));
}

#[test]
fn lists_are_refused_for_every_rule() {
    let refused = load_schedules().refused;
    let rules = |rule: fn(&Refusal) -> bool| refused.iter().filter(|case| rule(&case.error)).count();
    assert!(rules(|error| matches!(error, Refusal::NotLater { .. })) >= 5);
    assert!(rules(|error| matches!(error, Refusal::NoChange { tick_ms: 0, .. })) >= 1);
    assert!(rules(|error| matches!(error, Refusal::NoChange { tick_ms: 1.., .. })) >= 3);
    assert!(rules(|error| matches!(error, Refusal::WithinTick { .. })) >= 6);
    for field in ["schedule", "schedule.at", "schedule.tick_ms"] {
        let of_field = |error: &Refusal| matches!(error, Refusal::OutOfRange { field: f, .. } if f == field);
        assert!(refused.iter().any(|case| of_field(&case.error)), "{field}");
    }
}
