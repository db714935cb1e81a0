//! The connections of the PostgreSQL store: how they are made, and how many there are.

use std::net::TcpListener;

use futures_util::future::join_all;
use tickseed_session::acceptance::{RecordingSubscriber, TestClock, session};
use tickseed_session::{Created, SessionStore};
use tickseed_store::test_servers::PostgresServer;

use super::{connect, postgres_and_store};

/// A login with TLS takes several round trips, which may be far longer than a request may take.
#[tokio::test]
async fn a_login_may_take_longer_than_a_request() {
    let server = PostgresServer::start(&["pre_auth_delay=1"]);
    let store = connect(&server.address(), TestClock::new()).await;
    let first = session(0);
    assert_eq!(store.0.create(first.clone()).await.unwrap(), Created::Yes, "the first request does not wait");
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tickseed'");
    assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
    subscriber.has_restarted(2).await;
    subscriber.is_caught_up().await;
    assert_eq!(store.0.find(first.id).await.unwrap(), Some(first), "the connection is kept");
}

/// The machine of the old primary is gone, or hangs: nothing refuses a connection to it.
#[tokio::test]
async fn a_host_that_says_nothing_does_not_hold_up_the_next_one() {
    let (server, silent) = (PostgresServer::start(&[]), TcpListener::bind("127.0.0.1:0").unwrap());
    let hosts = format!("{},127.0.0.1:{}", silent.local_addr().unwrap(), server.port());
    let address = server.address().replace(&format!("127.0.0.1:{}", server.port()), &hosts);
    let store = connect(&address, TestClock::new()).await;
    assert_eq!(store.create(session(0)).await.unwrap(), Created::Yes);
    RecordingSubscriber::of(&store).is_caught_up().await;
}

/// Each of them would keep a connection of PostgreSQL until the lock is free, and soon nobody could connect.
#[tokio::test]
async fn writes_that_hang_do_not_pile_up_and_reads_go_on() {
    const CONNECTIONS: &str =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tickseed' AND state IS NOT NULL";
    let (server, store) = postgres_and_store().await;
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let held = server.hold("LOCK TABLE tickseed_sessions IN SHARE MODE");
    for _ in 0..3 {
        let created = join_all((0..50).map(|_| store.0.create(session(0)))).await;
        assert!(created.iter().all(Result::is_err), "all of them wait for the lock");
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
    }
    let connections: u32 = server.ask(CONNECTIONS).parse().unwrap();
    assert!(connections <= 17, "{connections} connections, 16 for requests and one for probes");
    drop(held);
    assert_eq!(store.create(session(0)).await.unwrap(), Created::Yes);
}
