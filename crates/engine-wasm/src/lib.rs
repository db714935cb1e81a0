//! The tickseed engine for JavaScript.
//!
//! Two things, for two kinds of reader:
//!
//! - The WebAssembly module of the npm package `tickseed`: functions that take and give numbers, and nothing else. Its public
//!   face, with idiom and documentation, is the TypeScript beside this crate, in `npm/`; nobody else should call these from
//!   JavaScript. `tickseed-engine-module` makes the module of them.
//! - With the feature `objects`, conversions of the engine's types to and from plain JavaScript objects
//!   (`objects::Object`), for Rust programs on the web that use the engine itself and show its answers to JavaScript.
//!
//! # Numbers
//!
//! Every step, round and instant lies below 2^53, so they cross as JavaScript numbers. The caller passes whole numbers;
//! whether one lies in its range is decided by the engine alone.
//!
//! A [timeline] or a [draw] stays in the module and is known by a number, its handle, until it is closed. Texts are
//! [written](kept::write()) character by character, and a [refusal](mod@refusal) is told in numbers, too. Classes, strings and
//! errors would each need code of wasm-bindgen on both sides, which every page has to download: its JavaScript was three times
//! as large with them.
//!
//! # Features
//!
//! `objects` (off by default): see above.

#![no_std]

extern crate alloc;

pub mod draw;
pub mod kept;
mod number;
#[cfg(feature = "objects")]
pub mod objects;
pub mod refusal;
pub mod timeline;

use wasm_bindgen::prelude::wasm_bindgen;

/// The version of the definition that this module computes.
#[wasm_bindgen(js_name = engineVersion)]
#[must_use]
pub fn engine_version() -> u32 {
    tickseed_engine::ENGINE_VERSION
}
