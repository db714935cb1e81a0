//! Conversions between the engine's types and plain JavaScript objects, in Node:
//! `wasm-pack test --node crates/engine-wasm --features objects`.

#![cfg(all(target_family = "wasm", feature = "objects"))]

use js_sys::{JSON, Object as PlainObject};
use tickseed_engine::{BreakInterval, Round, Rules, Seed, State, Step, Timeline};
use tickseed_engine_wasm::objects::{Object, open_timeline_with_rules, round_object, state_object};
use tickseed_engine_wasm::text::write;
use tickseed_engine_wasm::timeline::{add_change, close_timeline, is_paused, step_at, time_of};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

const SEED: &str = "550e8400-e29b-41d4-a716-446655440000";

fn object(json: &str) -> JsValue {
    JSON::parse(json).expect("the JSON is valid")
}

/// Returns the JSON of an object, which shows the names, the order and the types of its fields.
fn json(object: &JsValue) -> String {
    JSON::stringify(object).expect("plain data").into()
}

/// Returns the message of the error from converting an invalid object.
fn error_message<T: Object + std::fmt::Debug>(json: &str) -> String {
    let error = T::from_object(&object(json)).expect_err("the object is invalid");
    error.unchecked_into::<js_sys::Error>().message().into()
}

fn timeline() -> Timeline {
    Timeline::new(&Seed::new(SEED).expect("a seed"), Rules::default())
}

#[wasm_bindgen_test]
fn a_state_becomes_a_plain_object() {
    let state = timeline().state(Step::new(12_863).expect("a step")).to_object().expect("an object");
    assert_eq!(json(&state), r#"{"step":12863,"value":0,"round":64,"broken":true}"#);
    let constructor = PlainObject::from(state).constructor();
    assert_eq!(constructor.name(), "Object");
}

#[wasm_bindgen_test]
fn a_round_becomes_a_plain_object() {
    let round = timeline().round_at(0).expect("a round").to_object().expect("an object");
    assert_eq!(json(&round), r#"{"round":0,"first_step":0,"interval":298,"next_break":298}"#);
}

#[wasm_bindgen_test]
fn rules_become_a_plain_object() {
    let rules = Rules::default().to_object().expect("an object");
    assert_eq!(json(&rules), r#"{"break_interval":{"min":100,"max":300},"rounds_per_epoch":64}"#);
}

#[wasm_bindgen_test]
fn steps_beyond_32_bits_are_exact() {
    let state = timeline().state(Step::MAX);
    let text = json(&state.to_object().expect("an object"));
    assert!(text.starts_with(r#"{"step":253402300799999,"#), "{text}");
    assert_eq!(State::from_object(&object(&text)), Ok(state));
}

#[wasm_bindgen_test]
fn values_survive_a_round_trip() {
    let interval = BreakInterval::new(2, 1_000_000).expect("an interval");
    let rules = Rules::new(interval, 256).expect("rules");
    assert_eq!(Rules::from_object(&rules.to_object().expect("an object")), Ok(rules));
    let mut timeline = Timeline::new(&Seed::new(SEED).expect("a seed"), rules);
    let state = timeline.state(Step::new(5_000_000_000_i64).expect("a step"));
    assert_eq!(State::from_object(&state.to_object().expect("an object")), Ok(state));
    let round = timeline.round_at(7).expect("a round");
    assert_eq!(Round::from_object(&round.to_object().expect("an object")), Ok(round));
}

#[wasm_bindgen_test]
fn missing_rules_take_their_defaults() {
    assert_eq!(Rules::from_object(&object("{}")), Ok(Rules::default()));
    let rules = Rules::from_object(&object(r#"{"rounds_per_epoch":2}"#)).expect("rules");
    assert_eq!((rules.rounds_per_epoch(), rules.break_interval()), (2, BreakInterval::default()));
}

#[wasm_bindgen_test]
fn rules_out_of_range_give_the_message_of_the_engine() {
    assert_eq!(
        error_message::<Rules>(r#"{"break_interval":{"min":0,"max":300}}"#),
        "break_interval.min must be from 1 to 1000000, got 0"
    );
    assert_eq!(
        error_message::<Rules>(r#"{"rounds_per_epoch":63}"#),
        "rounds_per_epoch must be an even number from 2 to 256, got 63"
    );
    assert_eq!(
        error_message::<Rules>(r#"{"rounds_per_epoch":-2}"#),
        "rounds_per_epoch must be from 2 to 256, got -2"
    );
}

#[wasm_bindgen_test]
fn steps_out_of_range_give_the_message_of_the_engine() {
    let message = "step must be from 0 to 253402300799999, got -1";
    assert_eq!(error_message::<State>(r#"{"step":-1,"value":0,"round":0,"broken":false}"#), message);
    assert_eq!(error_message::<Round>(r#"{"round":0,"first_step":-1,"interval":1,"next_break":1}"#), message);
}

#[wasm_bindgen_test]
fn other_types_and_missing_fields_are_rejected() {
    for json in [
        r#"{"break_interval":{"min":1.5,"max":300}}"#,
        r#"{"break_interval":{"min":"1","max":300}}"#,
        r#"{"break_interval":{"min":1}}"#,
        r#"{"rounds_per_epoch":null}"#,
        "null",
        "7",
    ] {
        assert!(Rules::from_object(&object(json)).is_err(), "{json}");
    }
    assert_eq!(error_message::<State>(r#"{"step":1,"value":0,"round":0}"#), "missing field `broken`");
}

#[wasm_bindgen_test]
fn a_timeline_accepts_and_returns_objects() {
    let rules = object(r#"{"rounds_per_epoch":64}"#);
    SEED.chars().for_each(|character| write(character.into()));
    let handle = open_timeline_with_rules(0.0, 100.0, &rules).expect("rules");
    assert_eq!(handle.to_string(), "0");
    let state = state_object(0, 12_863.0).expect("a state");
    assert_eq!(json(&state), r#"{"step":12863,"value":0,"round":64,"broken":true}"#);
    let round = round_object(0, 0.0).expect("a round");
    assert_eq!(json(&round), r#"{"round":0,"first_step":0,"interval":298,"next_break":298}"#);
    let error = state_object(0, -1.0).expect_err("the step is invalid");
    let message = error.unchecked_into::<js_sys::Error>().message();
    assert_eq!(message, "step must be from 0 to 253402300799999, got -1");
    close_timeline(0);
    assert!(state_object(0, 0.0).is_err());
}

#[wasm_bindgen_test]
fn a_timeline_with_rules_from_an_object_takes_changes() {
    SEED.chars().for_each(|character| write(character.into()));
    let rules = object("{}");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a handle")]
    let timeline = open_timeline_with_rules(0.0, 100.0, &rules).expect("rules") as usize;
    let added = [(1_050.0, 0.0), (5_000.0, 100.0), (6_051.0, 50.0), (6_050.0, 50.0)]
        .map(|(at, tick_ms)| add_change(timeline, at, tick_ms).to_string());
    assert_eq!(added, ["0", "0", "-1", "0"], "the third begins within a tick, and changes nothing");
    let steps = [1_049.0, 4_999.0, 7_000.0].map(|now| step_at(timeline, now).to_string());
    assert_eq!(steps, ["10", "10", "40"]);
    let paused = [1_049.0, 1_050.0, 5_000.0].map(|now| is_paused(timeline, now).to_string());
    assert_eq!(paused, ["0", "1", "0"]);
    assert_eq!(time_of(timeline, 22.0).to_string(), "6100");
    close_timeline(timeline);
}
