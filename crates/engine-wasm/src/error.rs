//! What was wrong with an input, for JavaScript.

use std::fmt;

use tickseed_engine::Error;
use wasm_bindgen::prelude::JsValue;

/// An input that the engine refused.
///
/// JavaScript gets it thrown as a string of three parts with a space between: a code (`out_of_range`, `not_even` or
/// `length`), the engine's name of the input, and a sentence. A class for it would cost more bytes than it saves work:
/// the TypeScript of the npm package makes one error of all that can go wrong, in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputError(Error);

impl InputError {
    const fn code(self) -> &'static str {
        match self.0 {
            Error::OutOfRange { .. } => "out_of_range",
            Error::NotEven { .. } => "not_even",
            Error::Length { .. } => "length",
            _ => "invalid",
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for InputError {}

impl From<Error> for InputError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<InputError> for JsValue {
    /// Kept out of the functions that throw, which would each hold a copy of it.
    #[inline(never)]
    fn from(error: InputError) -> Self {
        Self::from_str(&format!("{} {} {error}", error.code(), error.0.field()))
    }
}
