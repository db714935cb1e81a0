//! The digest as a WebAssembly module.
//!
//! Whoever runs it calls `start`, then `advance` as often as it likes, then `finish`, and reads the text of the digest;
//! or `describe`, and reads the text of one state. Everything that crosses is a number: steps, rounds and instants lie
//! below 2^53, so an `f64` holds them exactly, and JavaScript has nothing better. Texts go one character after the other.
//!
//! Without the feature `linked` the module imports an engine (module `imported` says which functions). That is how the
//! file of the npm package is asked: it is loaded as its users load it, and what it answers is given to the same core
//! that native programs are made of.

#[cfg(target_family = "wasm")]
mod exported;
#[cfg(all(target_family = "wasm", not(feature = "linked")))]
mod imported;
