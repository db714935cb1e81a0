//! The tickseed engine, version 1, a second time: plain and slow, with the test vectors made from it.
//!
//! - [`reference`](mod@reference) follows `docs/engine.md` section by section. Read it first when you port the
//!   engine to another language.
//! - [`vectors`] is the shape of `vectors/v1.json`, the file every implementation is tested against.
//! - [`make`] builds that file from the reference. The file is never made from the fast engine, so the two cannot
//!   share a mistake unnoticed.
//!
//! To write the file again:
//!
//! ```text
//! cargo run -p tickseed-reference --bin make-vectors
//! ```
//!
//! A vector of version 1 never changes; a change of behaviour is a new engine version with a file of its own.
//!
//! This crate is for tests. It is not published, it is not fast, and no product code may use it.

pub mod make;
pub mod reference;
pub mod vectors;

pub use vectors::{VECTORS_V1, Vectors, load};
