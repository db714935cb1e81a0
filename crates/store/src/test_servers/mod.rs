//! Real servers for the tests of stores and of the tickseed server.

#![allow(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a test panics to fail, and commands have effects"
)]

mod cassandra;
mod certificate;
mod redis;

pub use cassandra::{CassandraCluster, CassandraNode};
pub use certificate::Certificate;
pub use redis::{RedisCluster, RedisServer, ask};
