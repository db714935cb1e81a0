//! Deterministic session state from a seed: every tick costs the same, and every machine computes the same state.
//!
//! A *session* is a seed, a [`Schedule`] (when step 0 begins, how long a tick lasts, and pauses and changes of rate) and
//! rules. They determine the [`State`] at every instant:
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
//! A [`Timeline`] answers many questions about the same session quickly, because it keeps the current epoch. It also
//! hands out [`Draw`]s: shared dice that belong to a step and a named channel.
//!
//! `docs/engine.md` in the repository defines every computed value and works through an example; `docs/schedule.md` defines
//! schedules with changes. The crate has no clock, no input or output, no allocation and no unsafe code. It uses integers
//! only; [`Draw::unit`] returns the only float.
//!
//! # Features
//!
//! `serde` (off by default): `Serialize` for [`State`] and [`Round`]; `Serialize` and a checking `Deserialize` for
//! [`Rules`].

#![no_std]

mod draw;
mod epoch;
mod error;
mod keys;
mod keystream;
mod rules;
mod schedule;
mod seed;
mod segment;
mod state;
mod step;
mod timeline;
mod uniform;

pub use draw::{Channel, Draw};
pub use error::{ChangeRule, Error, Field};
pub use rules::{BreakInterval, Rules};
pub use schedule::Schedule;
pub use seed::Seed;
pub use segment::{Change, Segment, Status};
pub use state::{Round, State};
pub use step::{LAST_INSTANT, Step};
pub use timeline::{Timeline, state_at};

/// The version of the definition that this crate computes.
///
/// Every session carries this number, so a client notices when a session was created for another engine.
pub const ENGINE_VERSION: u32 = 1;

/// Runs the README's examples as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
