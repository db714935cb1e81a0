//! What the fuzz targets of all crates share.
//!
//! A target is a unit test beside the parser that it tries, in a module `fuzz`. In `cargo test` it makes a few thousand executions.
//! `scripts/fuzz` makes millions, and writes docs/fuzzing.md from the lines that [`fuzz`] prints.

mod inputs;
mod messages;
mod run;

pub use inputs::{bytes, texts};
pub use messages::{SECRET, assert_tame};
pub use run::fuzz;
