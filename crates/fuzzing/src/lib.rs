//! What the fuzz targets of all crates share.
//!
//! A target is a unit test beside the parser that it tries, in a module `fuzz`. In `cargo test` it makes a few thousand executions.
//! `scripts/fuzz` makes millions, and writes docs/fuzzing.md from the lines that [`fuzz`] prints.
//!
//! The inputs come from proptest, which finds the smallest input that fails and needs no other build than the tests. An engine that
//! follows the coverage of the code would need a build of its own, of every dependency, with options that only cargo-bolero knows.

mod inputs;
mod messages;
mod run;

pub use inputs::{bytes, texts};
pub use messages::{SECRET, assert_tame};
pub use run::fuzz;
