//! Real servers for the tests of stores and of the tickseed server.

#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test panics to fail, and commands have effects"
)]

mod cassandra;
mod certificate;
mod port;
mod postgres;
mod redis;
mod store_server;

pub use cassandra::{CassandraCluster, CassandraNode};
pub use certificate::Certificate;
pub use postgres::{OpenTransaction, PostgresServer};
pub use redis::{RedisCluster, RedisServer, ask};
pub use store_server::{StoreKind, StoreServer};
