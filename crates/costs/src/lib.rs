//! The calls of the engine whose cost is measured, at steps near the start of a session and far from it.
//!
//! The baseline is a replay of all ticks from the start, as an engine without epochs would do it.

mod cases;
mod replay;

pub use cases::{Case, STEPS, cases};
