//! A second implementation of the tickseed engine, version 1: plain and slow, with the test vectors made from it.
//!
//! - [`reference`](mod@reference) follows `docs/engine.md` section by section, and section 1 of `docs/schedule.md`. Read it
//!   first when you port the engine to another language.
//! - [`vectors`] has the types of `vectors/v1.json` and `vectors/schedule-v1.json`, the files that every implementation is tested
//!   against.
//! - [`make`] makes these files from the reference. It never uses the production engine, so a mistake in one of the two cannot
//!   go unnoticed.
//!
//! This command writes the files:
//!
//! ```text
//! cargo run -p tickseed-reference --bin make-vectors
//! ```
//!
//! A vector of version 1 never changes; a change of behaviour needs a new engine version with a file of its own. Nor does the
//! header of `v1.json` change: it still calls this crate by its former name, `tickseed-test-vectors`.
//!
//! This crate is for tests. It is not published, it is not fast, and no product code may use it.

pub mod make;
pub mod reference;
pub mod vectors;

pub use vectors::{SCHEDULE_VECTORS_V1, VECTORS_V1, Vectors, load, load_schedules};
