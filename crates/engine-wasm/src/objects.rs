//! The engine's types as plain JavaScript objects, with the names of the session's JSON.

use alloc::string::ToString;
use serde::{Deserialize, Serialize};

use tickseed_engine::{Error, Round, Rules, State, Step};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::kept::kept;
use crate::timeline::Timeline;

/// A type of the engine that has a plain JavaScript object for a form.
///
/// ```no_run
/// use tickseed_engine::{Rules, Seed, Step, Timeline};
/// use tickseed_engine_wasm::objects::Object;
/// use wasm_bindgen::JsValue;
///
/// fn tell_javascript(rules: &JsValue, step: u64) -> Result<JsValue, JsValue> {
///     let rules = Rules::from_object(rules)?; // {break_interval: {min: 100, max: 300}, rounds_per_epoch: 64}
///     let seed = Seed::new("a seed").map_err(|error| error.to_string())?;
///     let step = Step::new(step).map_err(|error| error.to_string())?;
///     Timeline::new(&seed, rules).state(step).to_object() // {step: 7, value: 8, round: 0, broken: false}
/// }
/// ```
pub trait Object: Sized {
    /// The object: its fields are numbers and booleans.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error`, if a number lies above 2^53 - 1. The engine gives none that does.
    fn to_object(&self) -> Result<JsValue, JsValue>;

    /// Reads an object. Rules may leave out what is to take its default; what no field has the name of is passed over.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` that says what is wrong, if a field is missing, is of another type or lies outside its
    /// range.
    fn from_object(object: &JsValue) -> Result<Self, JsValue>;
}

impl Object for Rules {
    fn to_object(&self) -> Result<JsValue, JsValue> {
        written(self)
    }

    fn from_object(object: &JsValue) -> Result<Self, JsValue> {
        read(object)
    }
}

impl Object for State {
    fn to_object(&self) -> Result<JsValue, JsValue> {
        written(self)
    }

    fn from_object(object: &JsValue) -> Result<Self, JsValue> {
        let form: StateForm = read(object)?;
        Ok(Self { step: step(form.step)?, value: form.value, round: form.round, broken: form.broken })
    }
}

impl Object for Round {
    fn to_object(&self) -> Result<JsValue, JsValue> {
        written(self)
    }

    fn from_object(object: &JsValue) -> Result<Self, JsValue> {
        let form: RoundForm = read(object)?;
        Ok(Self {
            round: form.round,
            first_step: step(form.first_step)?,
            interval: form.interval,
            next_break: form.next_break,
        })
    }
}

/// The object of a state before its step is checked.
#[derive(Deserialize)]
struct StateForm {
    step: i64,
    value: u32,
    round: u64,
    broken: bool,
}

/// The object of a round before its first step is checked.
#[derive(Deserialize)]
struct RoundForm {
    round: u64,
    first_step: i64,
    interval: u32,
    next_break: u64,
}

fn written<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    Ok(serde_wasm_bindgen::to_value(value)?)
}

fn read<T: for<'de> Deserialize<'de>>(object: &JsValue) -> Result<T, JsValue> {
    Ok(serde_wasm_bindgen::from_value(object.clone())?)
}

fn step(number: i64) -> Result<Step, JsValue> {
    Step::new(number).map_err(refused)
}

/// What the engine refused, as a JavaScript `Error` in its words.
fn refused(error: Error) -> JsValue {
    js_sys::Error::new(&error.to_string()).into()
}

/// Opens a timeline of the seed that was written, with rules that come as an object.
///
/// # Errors
///
/// A JavaScript `Error`, if the object is no rules or another input lies outside its range.
#[wasm_bindgen(js_name = openTimelineWithRules)]
pub fn open_timeline_with_rules(start_at: f64, tick_ms: f64, rules: &JsValue) -> Result<f64, JsValue> {
    let rules = Rules::from_object(rules)?;
    kept().open_timeline(start_at, tick_ms, || Ok(rules)).map_err(refused)
}

/// The state of a step, as an object.
///
/// # Errors
///
/// A JavaScript `Error` for the step, unless it lies in 0 to [`Step::MAX`], or for a timeline that is not open.
#[wasm_bindgen(js_name = stateObject)]
pub fn state_object(timeline: usize, step: f64) -> Result<JsValue, JsValue> {
    asked(timeline, |timeline| timeline.state(step))
}

/// The round with a number, as an object.
///
/// # Errors
///
/// A JavaScript `Error` for the round, if it is negative or begins after the last step, or for a timeline that is not open.
#[wasm_bindgen(js_name = roundObject)]
pub fn round_object(timeline: usize, round: f64) -> Result<JsValue, JsValue> {
    asked(timeline, |timeline| timeline.round_at(round))
}

fn asked<T: Object>(
    timeline: usize,
    question: impl FnOnce(&mut Timeline) -> Result<T, Error>,
) -> Result<JsValue, JsValue> {
    let kept = &mut *kept();
    let timeline = kept.timelines.get_mut(timeline).ok_or_else(|| JsValue::from("no such timeline"))?;
    question(timeline).map_err(refused)?.to_object()
}
