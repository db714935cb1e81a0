//! The backends: one file each, and the record that they all write.

mod embedded;
mod record;
mod redis;

pub use embedded::{EmbeddedStore, OpenError};
pub use redis::{ConnectError, InvalidRedisAddress, RedisAddress, RedisStore};
