//! The stores of tickseed sessions.
//!
//! - [`StoreAddress`]: reads the address of a store, and opens it
//! - `embedded` (feature `embedded`): one file, for one process
//! - `redis` (feature `redis`): one Redis or a Redis Cluster, for any number of servers
//! - `test_servers` (feature `test-servers`): real servers for tests
//!
//! All of them write the same record, and fulfil the contract of [`tickseed_session::SessionStore`].

mod address;
#[cfg(feature = "embedded")]
mod embedded;
#[cfg(any(feature = "embedded", feature = "redis"))]
mod panics;
mod record;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "test-servers")]
pub mod test_servers;

pub use address::{InvalidAddress, OpenError, OpenOptions, StoreAddress};
#[cfg(feature = "embedded")]
pub use embedded::{EmbeddedStore, FileError};
#[cfg(feature = "redis")]
pub use redis::{ConnectError, InvalidRedisAddress, RedisAddress, RedisStore};

/// Runs the README's examples as documentation tests.
#[cfg(all(doctest, feature = "embedded"))]
#[doc = include_str!("../README.md")]
struct Readme;
