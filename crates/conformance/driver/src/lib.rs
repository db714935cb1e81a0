//! The digest as a WebAssembly module.
//!
//! A host calls `start`, then `advance` any number of times, then `finish`, and reads the text of the digest; or it calls
//! `describe`, and reads the text of one state. Only numbers cross the boundary. Steps, rounds and instants are below 2^53,
//! so an `f64` holds them exactly, and JavaScript has no other number. Text crosses one character at a time.
//!
//! Without the feature `linked` the module imports an engine (the module `imported` lists the functions). That is how the npm
//! package's file is tested: it is loaded the way its users load it, and its answers go into the same hash that native
//! programs compute.

#[cfg(target_family = "wasm")]
mod exported;
#[cfg(all(target_family = "wasm", not(feature = "linked")))]
mod imported;
