//! The tickseed engine for JavaScript.
//!
//! Two things, for two kinds of reader:
//!
//! - The WebAssembly module of the npm package `tickseed`: [`Timeline`] and [`Draw`], thin wrappers over the engine that
//!   take and give numbers, and [`InputError`], which they throw. Its public face, with idiom and documentation, is the
//!   TypeScript beside this crate, in `npm/`; nobody else should call these from JavaScript.
//! - With the feature `objects`, conversions of the engine's types to and from plain JavaScript objects
//!   (`objects::Object`), for Rust programs on the web that use the engine itself and show its answers to JavaScript.
//!
//! # Numbers
//!
//! Every step, round and instant lies below 2^53, so they cross as JavaScript numbers. The caller passes whole numbers;
//! whether one lies in its range is decided by the engine alone.
//!
//! # Features
//!
//! - `objects` (off by default): see above.
//! - `small-allocator` (off by default): makes a small allocator that of the whole WebAssembly module.

mod draw;
mod error;
mod number;
#[cfg(feature = "objects")]
pub mod objects;
mod timeline;

pub use draw::Draw;
pub use error::InputError;
pub use timeline::Timeline;
use wasm_bindgen::prelude::wasm_bindgen;

/// The version of the definition that this module computes.
#[wasm_bindgen(js_name = engineVersion)]
#[must_use]
pub fn engine_version() -> u32 {
    tickseed_engine::ENGINE_VERSION
}

#[cfg(all(feature = "small-allocator", target_family = "wasm"))]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
