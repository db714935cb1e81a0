//! The guarantees of the Redis store: its keys and bytes, its change feed, outages, and logins.

mod access;
mod change_feed;
mod cluster;
mod index;
mod outage;
mod promises;
mod record;
mod refused_writes;

use std::sync::Arc;

use tickseed_session::Clock;
use tickseed_session::acceptance::{DEADLINE, PatientStore, TestClock};
use tickseed_store::test_servers::RedisServer;
use tickseed_store::{RedisAddress, RedisStore, RemoteOptions};

pub(crate) async fn connect(address: &str, clock: impl Clock) -> PatientStore<RedisStore> {
    let address = RedisAddress::parse(address, None).unwrap();
    PatientStore(RedisStore::connect(address, options(clock)).await.unwrap())
}

/// Waits for Redis as long as a test may take.
fn options(clock: impl Clock) -> RemoteOptions {
    RemoteOptions { wait: DEADLINE, ..RemoteOptions::new(Arc::new(clock)) }
}

/// Starts a Redis and connects a store whose clock stands still.
async fn redis_and_store() -> (RedisServer, PatientStore<RedisStore>) {
    let server = RedisServer::start(&[]);
    let store = connect(&server.address(), TestClock::new()).await;
    (server, store)
}
