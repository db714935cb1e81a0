//! The most recent error, for JavaScript.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::globals::globals;

/// Returns one part of the most recent error, or NaN for any other `part`:
///
/// 0. the kind: 0 out of range, 1 not even, 2 the length of a text;
/// 1. the field: its index among the variants of [`Field`](tickseed_engine::Field);
/// 2. the smallest allowed value;
/// 3. the largest allowed value;
/// 4. the rejected value.
///
/// The other kinds are about the schedule, and give other numbers as the parts 2 to 4:
///
/// | kind | error | 2 | 3 | 4 |
/// |---|---|---|---|---|
/// | 3 | a change is not after the one before | its index | the instant before | its instant |
/// | 4 | a change changes nothing | its index | 0 | its length of a tick |
/// | 5 | a change sets a new length within a tick | its index | the length of that tick | how much of it has passed |
/// | 6 | a step never begins | 0 | the last step that begins | the step |
///
/// Error messages would make the module a tenth larger, so the TypeScript of the npm package composes them from these
/// parts. Tests on both sides compare the messages with `tests/errors.json`.
#[wasm_bindgen(js_name = errorPart)]
#[must_use]
pub fn error_part(part: usize) -> f64 {
    globals().last_error.get(part).copied().unwrap_or(f64::NAN)
}
