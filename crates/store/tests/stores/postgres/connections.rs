//! The connections of the PostgreSQL store: how they are made, and how many there are.

use std::collections::BTreeSet;
use std::net::TcpListener;

use futures_util::future::join_all;
use tickseed_session::acceptance::{DEADLINE, PatientStore, RecordingSubscriber, TestClock, session};
use tickseed_session::{Created, Session, SessionId, SessionStore, StoreError};
use tickseed_store::test_servers::PostgresServer;
use tickseed_store::{PostgresAddress, PostgresStore, RemoteOptions, StoreTimeout};
use tokio::time::timeout;

use super::{connect, options, postgres_and_store};

/// A login with TLS takes several round trips, which may be far longer than a request may take.
#[tokio::test]
async fn a_login_may_take_longer_than_a_request() {
    let (server, store, first) = with_slow_logins(1).await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tickseed'");
    assert_eq!(found_while_asked(&store, first.id).await.as_ref(), Some(&first));
    subscriber.has_restarted(2).await;
    subscriber.is_caught_up().await;
    let before = connections(&server);
    assert!(before.len() >= 3, "of the feed, of the probes, and of a request");
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
    assert!(connections(&server).is_superset(&before), "they are kept");
}

/// Finds a session once a request gets a connection in time. The server is fine, so no request is refused without being asked.
async fn found_while_asked(store: &PatientStore<PostgresStore>, id: SessionId) -> Option<Session> {
    let found = async {
        loop {
            match store.0.find(id).await {
                Ok(found) => return found,
                Err(error) => {
                    assert!(!matches!(error, StoreError::NotAsked), "logins are slow, not the server");
                }
            }
        }
    };
    timeout(DEADLINE, found).await.expect("a request gets a connection")
}

/// Starts a PostgreSQL whose logins take so many seconds, and a store on it with a session. The store waits for answers as long as
/// the setting may say, because a busy machine is slow.
async fn with_slow_logins(seconds: u8) -> (PostgresServer, PatientStore<PostgresStore>, Session) {
    let server = PostgresServer::start(&[&format!("pre_auth_delay={seconds}")]);
    let address = PostgresAddress::parse(&server.address(), None).unwrap();
    let options =
        RemoteOptions { timeout: StoreTimeout::from_millis(400).unwrap(), ..options(TestClock::new()) };
    let store = PatientStore(PostgresStore::connect(address, options).await.unwrap());
    let first = session(0);
    assert_eq!(store.0.create(first.clone()).await.unwrap(), Created::Yes, "the first request does not wait");
    (server, store, first)
}

/// Returns the processes that PostgreSQL runs for its connections with a store.
fn connections(server: &PostgresServer) -> BTreeSet<String> {
    let processes = server
        .ask("SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE application_name = 'tickseed'");
    processes.split(' ').map(str::to_owned).collect()
}

/// Requests that come together find one free connection, and each of them would wait for a login of its own.
#[tokio::test]
async fn requests_share_the_connections_that_there_are_while_others_are_made() {
    let (_server, store, first) = with_slow_logins(3).await;
    let found = join_all((0..12).map(|_| store.0.find(first.id))).await;
    assert!(found.iter().all(|found| found.as_ref().is_ok_and(Option::is_some)), "{found:?}");
}

/// The probes have a connection of their own, so that they say something about the server and not about the pool.
#[tokio::test]
async fn a_busy_pool_and_slow_logins_do_not_look_like_a_server_that_is_gone() {
    let (server, store, first) = with_slow_logins(3).await;
    let held = server.hold("LOCK TABLE tickseed_sessions IN ACCESS EXCLUSIVE MODE");
    for _ in 0..4 {
        let given_up = store.0.find(first.id).await.unwrap_err();
        assert!(!matches!(given_up, StoreError::NotAsked), "it is still asked");
    }
    drop(held);
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
