//! Deterministic session state from a seed: any tick at the same cost, the same on every machine.
//!
//! A *session* is a seed, a schedule (when step 0 begins and how long a tick is) and rules. From these alone
//! everybody computes the same [`State`] for the same instant:
//!
//! ```
//! use tickseed_engine::{Rules, Schedule, Seed, state_at};
//!
//! let seed = Seed::new("550e8400-e29b-41d4-a716-446655440000")?;
//! let schedule = Schedule::new(1_700_000_000_000, 100)?; // start_at and tick_ms, in milliseconds
//! let state = state_at(&seed, &Rules::default(), &schedule, 1_700_100_000_000)?;
//! assert_eq!((state.step.get(), state.value, state.round, state.broken), (1_000_000, 108, 4975, false));
//! # Ok::<(), tickseed_engine::Error>(())
//! ```
//!
//! A [`Timeline`] is the same with the epoch it is in kept, for callers that ask again and again, and it hands out
//! [`Draw`]s: shared dice that belong to a step and a channel name.
//!
//! The definition of all that is computed here, with a worked example, is `docs/engine.md` in the repository. The
//! crate has no clock, no input or output, no allocation and no unsafe code, and it counts in integers;
//! [`Draw::unit`] is the only float.
//!
//! # Features
//!
//! `serde` (off by default): `Serialize` for the outputs; `Serialize` and checked `Deserialize` for the rules.

#![no_std]

mod draw;
mod epoch;
mod error;
mod keys;
mod keystream;
mod rules;
mod schedule;
mod seed;
mod state;
mod timeline;
mod uniform;

pub use draw::{Channel, Draw};
pub use error::{Error, Field};
pub use rules::{BreakInterval, Rules};
pub use schedule::{LAST_INSTANT, Schedule, Step};
pub use seed::Seed;
pub use state::{Round, State};
pub use timeline::{Timeline, state_at};

/// The version of the definition that this crate computes. Sessions carry it, so that a client notices when its
/// engine is not the one the session was made for.
pub const ENGINE_VERSION: u32 = 1;

/// Runs the README's example among the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
