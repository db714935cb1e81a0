//! The backends: one file each, and the record that they all write.

mod embedded;
mod record;

pub use embedded::{EmbeddedStore, OpenError};
