//! The engine's types as plain JavaScript objects, with the field names of a session's JSON.

use alloc::string::ToString;
use serde::{Deserialize, Serialize};

use tickseed_engine::{Error, Round, Rules, State, Step};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::globals::globals;
use crate::scheduled_timeline::ScheduledTimeline;

/// A type of the engine that converts to and from a plain JavaScript object.
///
/// ```no_run
/// use tickseed_engine::{Rules, Seed, Step, Timeline};
/// use tickseed_engine_wasm::objects::Object;
/// use wasm_bindgen::JsValue;
///
/// fn state_for_javascript(rules: &JsValue, step: u64) -> Result<JsValue, JsValue> {
///     let rules = Rules::from_object(rules)?; // {break_interval: {min: 100, max: 300}, rounds_per_epoch: 64}
///     let seed = Seed::new("a seed").map_err(|error| error.to_string())?;
///     let step = Step::new(step).map_err(|error| error.to_string())?;
///     Timeline::new(&seed, rules).state(step).to_object() // {step: 7, value: 8, round: 0, broken: false}
/// }
/// ```
pub trait Object: Sized {
    /// Converts to an object whose fields are numbers, booleans and objects of these.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` if a number is above 2^53 - 1. The engine never returns such a number.
    fn to_object(&self) -> Result<JsValue, JsValue>;

    /// Converts from an object. Missing rules take their defaults; unknown fields are ignored.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` that describes the problem if a field is missing, has another type or is out of range.
    fn from_object(object: &JsValue) -> Result<Self, JsValue>;
}

impl Object for Rules {
    fn to_object(&self) -> Result<JsValue, JsValue> {
        to_js(self)
    }

    fn from_object(object: &JsValue) -> Result<Self, JsValue> {
        from_js(object)
    }
}

impl Object for State {
    fn to_object(&self) -> Result<JsValue, JsValue> {
        to_js(self)
    }

    fn from_object(object: &JsValue) -> Result<Self, JsValue> {
        let form: StateForm = from_js(object)?;
        Ok(Self { step: step(form.step)?, value: form.value, round: form.round, broken: form.broken })
    }
}

impl Object for Round {
    fn to_object(&self) -> Result<JsValue, JsValue> {
        to_js(self)
    }

    fn from_object(object: &JsValue) -> Result<Self, JsValue> {
        let form: RoundForm = from_js(object)?;
        Ok(Self {
            round: form.round,
            first_step: step(form.first_step)?,
            interval: form.interval,
            next_break: form.next_break,
        })
    }
}

/// The object of a state before validation of its step.
#[derive(Deserialize)]
struct StateForm {
    step: i64,
    value: u32,
    round: u64,
    broken: bool,
}

/// The object of a round before validation of its first step.
#[derive(Deserialize)]
struct RoundForm {
    round: u64,
    first_step: i64,
    interval: u32,
    next_break: u64,
}

fn to_js<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    Ok(serde_wasm_bindgen::to_value(value)?)
}

fn from_js<T: for<'de> Deserialize<'de>>(object: &JsValue) -> Result<T, JsValue> {
    Ok(serde_wasm_bindgen::from_value(object.clone())?)
}

fn step(number: i64) -> Result<Step, JsValue> {
    Step::new(number).map_err(to_js_error)
}

/// Converts an error of the engine to a JavaScript `Error` with the same message.
fn to_js_error(error: Error) -> JsValue {
    js_sys::Error::new(&error.to_string()).into()
}

/// Opens a timeline with the [written](crate::text::write()) text as its seed and with rules from an object.
///
/// # Errors
///
/// A JavaScript `Error` if the object does not hold valid rules or another input is out of range.
#[wasm_bindgen(js_name = openTimelineWithRules)]
pub fn open_timeline_with_rules(start_at: f64, tick_ms: f64, rules: &JsValue) -> Result<f64, JsValue> {
    let rules = Rules::from_object(rules)?;
    globals().open_timeline(start_at, tick_ms, || Ok(rules)).map_err(to_js_error)
}

/// Returns the state of a step as an object.
///
/// # Errors
///
/// A JavaScript `Error` if the step is not from 0 to [`Step::MAX`], or a string if the timeline is not open.
#[wasm_bindgen(js_name = stateObject)]
pub fn state_object(timeline: usize, step: f64) -> Result<JsValue, JsValue> {
    object_from_timeline(timeline, |timeline| timeline.state(step))
}

/// Returns the round with the given number as an object.
///
/// # Errors
///
/// A JavaScript `Error` if the round is negative or begins after the last step, or a string if the timeline is not open.
#[wasm_bindgen(js_name = roundObject)]
pub fn round_object(timeline: usize, round: f64) -> Result<JsValue, JsValue> {
    object_from_timeline(timeline, |timeline| timeline.round_at(round))
}

/// Calls `compute` with an open timeline and converts the result to an object.
fn object_from_timeline<T: Object>(
    timeline: usize,
    compute: impl FnOnce(&mut ScheduledTimeline) -> Result<T, Error>,
) -> Result<JsValue, JsValue> {
    let globals = &mut *globals();
    let timeline = globals.timelines.get_mut(timeline).ok_or_else(|| JsValue::from("no such timeline"))?;
    compute(timeline).map_err(to_js_error)?.to_object()
}
