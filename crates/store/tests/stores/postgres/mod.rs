//! The guarantees of the PostgreSQL store: its change feed, outages, failovers, logins, and what it promises.

mod access;
mod connections;
mod failover;
mod late_writes;
mod outage;
mod promises;
mod refused_writes;

use std::sync::Arc;

use tickseed_session::Clock;
use tickseed_session::acceptance::{DEADLINE, PatientStore, TestClock};
use tickseed_store::test_servers::PostgresServer;
use tickseed_store::{PostgresAddress, PostgresStore, RemoteOptions};

pub(crate) async fn connect(address: &str, clock: impl Clock) -> PatientStore<PostgresStore> {
    let address = PostgresAddress::parse(address, None).unwrap();
    PatientStore(PostgresStore::connect(address, options(clock)).await.unwrap())
}

/// Waits for PostgreSQL as long as a test may take.
fn options(clock: impl Clock) -> RemoteOptions {
    RemoteOptions { wait: DEADLINE, ..RemoteOptions::new(Arc::new(clock)) }
}

/// Starts a PostgreSQL and connects a store whose clock stands still.
async fn postgres_and_store() -> (PostgresServer, PatientStore<PostgresStore>) {
    let server = PostgresServer::start(&[]);
    let store = connect(&server.address(), TestClock::new()).await;
    (server, store)
}
