//! One number over many states: a SHA-256 of what an engine answers to questions from a fixed generator.
//!
//! Two engines that compute the same have the same digest, and it takes one line to compare them. All of it is decided
//! here, once, for every target: which questions are asked, what is hashed, in which order. Whoever answers is an
//! [`Engine`]: the engine linked in (`linked::Linked`, with the feature `linked`), or any other that something else
//! has loaded.
//!
//! - [`Order::Scattered`]: steps near and far, from one place to the next, in many sessions; instants, rounds, draws.
//! - [`Order::Walk`]: one step after the other, in long walks; every 64th with an instant, a round and draws.
//!
//! The first N states are the same whatever comes after them, so halving N finds the first state that differs, and
//! [`describe`] shows it.
//!
//! `docs/determinism.md` in the repository has the generator in words.

#![no_std]

#[cfg(any(test, feature = "command"))]
extern crate std;

#[cfg(feature = "command")]
pub mod command;
mod digest;
mod engine;
mod generator;
#[cfg(feature = "linked")]
pub mod linked;
mod quoted;
mod sink;
pub mod stored;

pub use digest::{Digest, describe};
pub use engine::{Engine, Round, Session, State};
pub use generator::{Order, Text};

/// What this was built for.
pub const TARGET: &str = env!("DIGEST_TARGET");
/// How the compiler was told to build it.
pub const BUILD: &str = if cfg!(debug_assertions) {
    concat!("debug, opt-level ", env!("DIGEST_OPT_LEVEL"))
} else {
    concat!("release, opt-level ", env!("DIGEST_OPT_LEVEL"))
};
