//! The digest: a SHA-256 over an engine's answers to a fixed sequence of questions.
//!
//! Two engines that compute the same values have the same digest, so comparing them takes one line. This crate alone
//! decides which questions are asked, what is hashed and in which order, for every target. It asks any [`Engine`]: the
//! production engine (`linked::Linked`), the reference implementation (`reference::Reference`), or an engine that a
//! WebAssembly host has loaded (the crate in `driver/`).
//!
//! - [`Order::Scattered`]: steps near and far in many sessions, with instants, rounds and draws in between.
//! - [`Order::Walk`]: long runs of consecutive steps; every 64th step also has an instant, a round and draws.
//! - [`Order::Schedules`]: sessions with up to 256 changes; the step and the status at some instants, and the times of some steps.
//!
//! The first N states do not depend on what follows. A binary search over N therefore finds the first state that differs,
//! and [`describe`] shows it.
//!
//! `docs/determinism.md` in the repository describes the questions in words. The harness that runs the digest on every
//! target is in `harness/`.

#![no_std]

#[cfg(any(test, feature = "command"))]
extern crate std;

mod build_info;
#[cfg(feature = "command")]
pub mod command;
mod digest;
mod engine;
#[cfg(feature = "linked")]
pub mod linked;
mod order;
mod questions;
mod quoted;
pub mod recorded;
#[cfg(feature = "reference")]
pub mod reference;
mod sink;
mod text;

pub use build_info::{BUILD, TARGET};
pub use digest::{Digest, describe};
pub use engine::{Change, Engine, Refusal, Round, Rule, Session, State};
pub use order::Order;
pub use text::Text;
