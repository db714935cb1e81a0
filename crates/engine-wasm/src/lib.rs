//! The tickseed engine for JavaScript.
//!
//! The crate has two interfaces:
//!
//! - The functions of the WebAssembly module in the npm package `tickseed`. They take and return numbers only. The
//!   TypeScript in `npm/`, beside this crate, wraps them and documents the public interface; other JavaScript should not
//!   call them. `tickseed-engine-module` builds the module.
//! - With the feature `objects`, conversions between the engine's types and plain JavaScript objects
//!   (`objects::Object`). They serve Rust programs on the web that use the engine and show its results to JavaScript.
//!
//! # Numbers
//!
//! Every step, round and instant is below 2^53, so a JavaScript number holds it exactly. Callers pass integers; only the
//! engine checks their ranges.
//!
//! A [timeline] or a [draw] stays in the module until it is closed, and a number, its handle, identifies it. JavaScript
//! [writes](text::write()) text one character at a time, and an [error](mod@error) also consists of numbers. Classes,
//! strings and exceptions would need glue code from wasm-bindgen on both sides, and every page has to download it: with
//! them, the JavaScript was three times as large.
//!
//! # Features
//!
//! `objects` (off by default): the conversions described above.

#![no_std]

extern crate alloc;

pub mod draw;
pub mod error;
mod error_numbers;
mod globals;
mod numbers;
#[cfg(feature = "objects")]
pub mod objects;
mod scheduled_timeline;
pub mod text;
pub mod timeline;

use wasm_bindgen::prelude::wasm_bindgen;

/// Returns the version of the definition that this module computes.
#[wasm_bindgen(js_name = engineVersion)]
#[must_use]
pub fn engine_version() -> u32 {
    tickseed_engine::ENGINE_VERSION
}
