//! A write that PostgreSQL carries out after its deadline has no effect.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tickseed_session::SystemClock;
use tickseed_session::acceptance::{DEADLINE, HoldUp, LateWrite, TestClock, assert_nothing_is_written_late};
use tickseed_store::test_servers::{OpenTransaction, PostgresServer};
use tokio::time::{sleep, timeout};

use super::connect;
use crate::late_writes::LOOK_EVERY;

/// Waits until no write is under way.
async fn all_writes_have_ended(server: &PostgresServer) {
    let count = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%tickseed_replace%' \
                 AND pid <> pg_backend_pid()";
    let ended = async {
        while server.ask(count) != "0" {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, ended).await.expect("PostgreSQL carries out what it has received");
}

/// Makes the whole server hang.
struct Paused<'server>(&'server PostgresServer);

#[async_trait]
impl HoldUp for Paused<'_> {
    async fn begin(&self) {
        self.0.pause();
    }

    async fn end(&self) {
        self.0.go_on();
        all_writes_have_ended(self.0).await;
    }
}

/// Holds a lock that every write needs.
struct Locked<'server> {
    server: &'server PostgresServer,
    lock: &'static str,
    held: Mutex<Option<OpenTransaction>>,
}

#[async_trait]
impl HoldUp for Locked<'_> {
    async fn begin(&self) {
        *self.held.lock().unwrap() = Some(self.server.hold(self.lock));
    }

    async fn end(&self) {
        drop(self.held.lock().unwrap().take());
        all_writes_have_ended(self.server).await;
    }
}

#[tokio::test]
async fn a_write_that_waits_for_a_hanging_server_has_no_effect() {
    let server = PostgresServer::start(&[]);
    assert_nothing_late(&server, &Paused(&server)).await;
}

/// The caller gets an error soon, and the write waits for the lock.
#[tokio::test]
async fn a_write_that_waits_for_a_lock_has_no_effect() {
    let server = PostgresServer::start(&[]);
    // The store makes the table.
    drop(connect(&server.address(), TestClock::new()).await);
    let lock = "LOCK TABLE tickseed_sessions IN EXCLUSIVE MODE";
    assert_nothing_late(&server, &Locked { server: &server, lock, held: Mutex::default() }).await;
}

async fn assert_nothing_late(server: &PostgresServer, hold_up: &dyn HoldUp) {
    let clock = TestClock::new();
    for write in [LateWrite::stop(&clock), LateWrite::change(&SystemClock), LateWrite::deletion(&clock)] {
        let store = Arc::new(connect(&server.address(), clock.clone()).await);
        assert_nothing_is_written_late(store, &clock, write, hold_up).await;
    }
}
