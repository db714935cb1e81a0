//! The engine's types as plain JavaScript objects, with the names of the session's JSON.

use serde::{Deserialize, Serialize};
use tickseed_engine::{Error, Round, Rules, Schedule, Seed, State, Step};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::number::whole;
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

/// What a JavaScript program that prefers objects to numbers would call.
#[wasm_bindgen]
impl Timeline {
    /// Takes a seed, a schedule and the object of the rules.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` for the first input that lies outside its range.
    #[wasm_bindgen(js_name = withRulesObject)]
    pub fn with_rules_object(
        seed: &str,
        start_at: f64,
        tick_ms: f64,
        rules: &JsValue,
    ) -> Result<Self, JsValue> {
        let rules = Rules::from_object(rules)?;
        let seed = Seed::new(seed).map_err(refused)?;
        let schedule = Schedule::new(whole(start_at), whole(tick_ms)).map_err(refused)?;
        Ok(Self::with_rules(&seed, schedule, rules))
    }

    /// The state of `step`, as an object.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` for `step`, unless it lies in 0 to [`Step::MAX`].
    #[wasm_bindgen(js_name = stateObject)]
    pub fn state_object(&mut self, step: f64) -> Result<JsValue, JsValue> {
        self.state(step).map_err(refused)?.to_object()
    }

    /// The round with number `round`, as an object.
    ///
    /// # Errors
    ///
    /// A JavaScript `Error` for `round`, if it is negative or begins after the last step.
    #[wasm_bindgen(js_name = roundObject)]
    pub fn round_object(&mut self, round: f64) -> Result<JsValue, JsValue> {
        self.round_at(round).map_err(refused)?.to_object()
    }
}
