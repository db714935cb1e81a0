//! The stores of tickseed sessions.
//!
//! - [`StoreAddress`]: reads the address of a store, and opens it
//! - `embedded` (feature `embedded`): one file, for one process
//! - [`transfer`]: moves sessions from any store to any other
//! - `cassandra` (feature `cassandra`): Cassandra or ScyllaDB, for any number of servers
//! - `postgres` (feature `postgres`): PostgreSQL, for any number of servers
//! - `redis` (feature `redis`): one Redis or a Redis Cluster, for any number of servers
//!
//! All of them write the same record, and fulfil the contract of [`tickseed_session::SessionStore`].

mod address;
#[cfg(feature = "cassandra")]
mod cassandra;
#[cfg(feature = "embedded")]
mod embedded;
mod loss;
mod new_file;
#[cfg(any(feature = "cassandra", feature = "embedded", feature = "postgres", feature = "redis"))]
mod panics;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "cassandra", feature = "postgres", feature = "redis"))]
mod remote;
// Not part of the API: only the tests of this repository start these servers.
#[cfg(feature = "test-servers")]
#[doc(hidden)]
pub mod test_servers;
mod timeout;
pub mod transfer;
#[cfg(any(feature = "cassandra", feature = "embedded", feature = "postgres", feature = "redis"))]
mod write_health;

pub use address::{InvalidAddress, OpenError, OpenOptions, StoreAddress};
#[cfg(feature = "cassandra")]
pub use cassandra::{CassandraAddress, CassandraStore, InvalidCassandraAddress};
#[cfg(feature = "embedded")]
pub use embedded::{
    Backup, BackupError, Compaction, EmbeddedOptions, EmbeddedStore, FileError, back_up, compact,
};
pub use loss::{InvalidStoreLoss, StoreLoss};
pub use new_file::NewFile;
#[cfg(feature = "postgres")]
pub use postgres::{InvalidPostgresAddress, PostgresAddress, PostgresStore};
#[cfg(feature = "redis")]
pub use redis::{InvalidRedisAddress, RedisAddress, RedisStore};
#[cfg(any(feature = "cassandra", feature = "postgres", feature = "redis"))]
pub use remote::connect::{ConnectError, RemoteOptions};
pub use timeout::{InvalidStoreTimeout, StoreTimeout};

/// Runs the README's examples as documentation tests.
#[cfg(all(doctest, feature = "embedded"))]
#[doc = include_str!("../README.md")]
struct Readme;
