//! Text from JavaScript, one character at a time.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::globals::globals;

/// Appends a character to the text for the next timeline or draw: its seed or its channel.
///
/// Seeds and channels are short, so this costs less than the encoder, the memory management and the glue code that
/// passing a whole string would add.
#[wasm_bindgen]
pub fn write(code_point: u32) {
    globals().text.push(char::from_u32(code_point).unwrap_or(char::REPLACEMENT_CHARACTER));
}
