//! A standby takes the place of a PostgreSQL that is gone.

use std::sync::Arc;

use tickseed_session::acceptance::{
    DEADLINE, RecordingSubscriber, TestClock, makes_promises, session, session_with_notice,
};
use tickseed_session::{Created, Replaced, SessionStore, SystemClock, Timestamp};
use tickseed_store::test_servers::PostgresServer;
use tokio::time::{sleep, timeout};

use super::connect;
use super::outage::{Load, can_create};
use crate::late_writes::LOOK_EVERY;

/// Starts a PostgreSQL with a standby that it waits for at each commit.
fn with_standby() -> (PostgresServer, PostgresServer, String) {
    let primary = PostgresServer::start(&["wal_keep_size=64MB"]);
    let standby = primary.start_standby(&[]);
    primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.ask("SELECT pg_reload_conf()");
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", primary.port(), standby.port());
    let address = format!("postgres://tickseed@{hosts}/tickseed");
    (primary, standby, address)
}

#[tokio::test]
async fn a_standby_that_is_promoted_under_load_is_used_without_a_hand_and_has_every_acknowledged_write() {
    let (mut primary, standby, address) = with_standby();
    let store = Arc::new(connect(&address, SystemClock).await.0);
    let subscriber = RecordingSubscriber::of(&*store);
    makes_promises(&*store, session_with_notice().id).await;
    let load = Load::begin(&store, 4);
    load.succeeds(100).await;
    primary.kill();
    standby.ask("ALTER SYSTEM SET synchronous_standby_names = ''");
    standby.promote();
    load.succeeds(100).await;
    let acknowledged = load.end().await;
    let store = connect(&address, SystemClock).await;
    for first in acknowledged {
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
        assert_eq!(store.compare_and_set(first.stopped(Timestamp::MAX), None).await.unwrap(), Replaced::Yes);
    }
    subscriber.is_caught_up().await;
    let _subscriber = RecordingSubscriber::of(&store);
    makes_promises(&store, session_with_notice().id).await;
}

/// The server at the other end of the connections goes on answering, but accepts no writes any more.
#[tokio::test]
async fn a_server_that_becomes_read_only_is_left_for_one_that_accepts_writes() {
    let (primary, standby, address) = with_standby();
    let store = connect(&address, TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    primary.ask("ALTER SYSTEM SET default_transaction_read_only = on");
    primary.ask("SELECT pg_reload_conf()");
    standby.ask("ALTER SYSTEM SET synchronous_standby_names = ''");
    standby.promote();
    can_create(&store.0).await;
    let writes = async {
        while store.compare_and_set(first.stopped(Timestamp::MAX), None).await.unwrap() != Replaced::Yes {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, writes).await.expect("the standby is used");
    assert_eq!(standby.ask("SELECT revision FROM tickseed_sessions WHERE revision > 1 LIMIT 1"), "2");
    subscriber.has_restarted(2).await;
    subscriber.is_caught_up().await;
}
