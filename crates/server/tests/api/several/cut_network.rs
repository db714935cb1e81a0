//! A network that is cut silently: no server shows a stopped session as running beyond the bound, and every server recovers
//! on its own.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::watch;

use super::pair::{
    BOUND, Observation, Pair, RECOVERED_WITHIN, create, create_many, map_concurrently, median,
    on_every_store, poll_past_bound, retry_while_unavailable, server_on, stop, summary, time_until_created,
    wait_for_turn, wait_until,
};
use super::proxy::Proxy;
use crate::listener::{Listener, stop_in_the_future};
use crate::support::Process;
use tickseed_store::test_servers::{StoreKind, StoreServer};

on_every_store!(
    a_cut_network_hides_no_stop_and_delivers_the_delayed_data_afterwards,
    #[ignore = "takes long, and always runs on Redis; scripts/test-long runs it"]
    servers_reconnect_after_a_cut_that_kills_their_connections,
    responses_come_from_the_store_while_only_the_change_feed_is_cut,
    listeners_hear_of_stops_made_while_the_change_feed_was_cut,
    listeners_hear_of_stops_made_while_a_connection_breaks
);

/// Two servers on one store: A is connected directly, and B through a network that can be cut.
struct Remote {
    a: Process,
    b: Process,
    network: Proxy,
    _store: StoreServer,
}

impl Remote {
    fn start(kind: StoreKind) -> Self {
        let store = StoreServer::start(kind);
        let network = Proxy::start(&store.address(), store.port());
        Self { a: server_on(&store.address()), b: server_on(network.address()), network, _store: store }
    }

    /// Creates sessions that both servers have in memory, each with a listener on B.
    async fn sessions(&self, count: usize) -> Vec<(String, Listener)> {
        let paths = create_many(&self.a.api, count).await;
        map_concurrently(paths, async |path| {
            let (listener, first) = Listener::start_with_first_event(&self.b.api, &path).await;
            assert_eq!(first.event, "session");
            (path, listener)
        })
        .await
    }
}

/// Stops sessions on A while polling B for them. Returns the time of each stop with what B showed.
async fn stop_all_while_polling(
    remote: &Remote,
    sessions: &[(String, Listener)],
) -> Vec<(Instant, Vec<Observation>)> {
    map_concurrently(sessions, async |(path, _)| {
        let (sender, stopped_at) = watch::channel(None);
        let stop = async {
            let acknowledged_at = stop(&remote.a.api, path).await;
            sender.send_replace(Some(acknowledged_at));
            acknowledged_at
        };
        tokio::join!(stop, poll_past_bound(&remote.b.api, path, stopped_at))
    })
    .await
}

/// Waits until B is certain that every session has stopped. Checks that each listener hears of it once.
async fn assert_all_stops_arrive(remote: &Remote, sessions: Vec<(String, Listener)>) {
    join_all(sessions.into_iter().map(async |(path, mut listener)| {
        let event = listener.event().await;
        assert_eq!((event.event.as_str(), event.revision()), ("stopped", 2));
        wait_until(&remote.b.api, &path, |observation| observation.is_stopped() && observation.is_certain())
            .await;
        assert!(!listener.hears_an_event_within(BOUND).await, "only one event is sent");
    }))
    .await;
}

/// Listens on B to a session whose stop has not reached B yet.
async fn listen_before_the_stop_arrives(remote: &Remote, path: &str) -> (String, Listener) {
    let mut listener = Listener::start(&remote.b.api, path).await;
    let event = listener.event().await;
    assert_eq!((event.event.as_str(), event.revision()), ("session", 1));
    (path.to_owned(), listener)
}

async fn stop_during_cuts(kind: StoreKind, restore: impl Fn(&Proxy)) {
    let remote = Remote::start(kind);
    let mut recoveries = Vec::new();
    for _ in 0..5 {
        let sessions = remote.sessions(30).await;
        remote.network.cut();
        for (stopped_at, observations) in stop_all_while_polling(&remote, &sessions).await {
            for observation in observations {
                assert!(observation.is_ok(), "it is in memory: {observation:?}");
                observation.assert_within_bound(stopped_at);
            }
        }
        // An age of at least a second is long enough for the server to give up the connection of its change feed, too.
        wait_until(&remote.b.api, &sessions[0].0, |observation| observation.age() > Some(Duration::ZERO))
            .await;
        let late = listen_before_the_stop_arrives(&remote, &sessions[0].0).await;
        restore(&remote.network);
        recoveries.push(time_until_created(&remote.b.api).await);
        assert_all_stops_arrive(&remote, sessions.into_iter().chain([late]).collect()).await;
    }
    println!("from the end of a cut until a session can be created: {}", summary(&mut recoveries));
    assert!(median(&recoveries) < RECOVERED_WITHIN, "{recoveries:?}");
}

async fn a_cut_network_hides_no_stop_and_delivers_the_delayed_data_afterwards(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    stop_during_cuts(kind, Proxy::restore).await;
}

async fn servers_reconnect_after_a_cut_that_kills_their_connections(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    stop_during_cuts(kind, Proxy::restore_for_new_connections).await;
}

async fn responses_come_from_the_store_while_only_the_change_feed_is_cut(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    let remote = Remote::start(kind);
    let sessions = remote.sessions(60).await;
    remote.network.cut_the_change_feed();
    let (mut responses, mut certain) = (0, 0);
    for (stopped_at, observations) in stop_all_while_polling(&remote, &sessions).await {
        for observation in observations {
            observation.assert_within_bound(stopped_at);
            responses += 1;
            certain += usize::from(observation.is_certain());
        }
    }
    println!("while the change feed is cut, {certain} of {responses} responses have no age");
    assert!(certain > responses / 2, "the store is reachable, unless the machine is too busy");
    remote.network.restore();
    assert_all_stops_arrive(&remote, sessions).await;
}

async fn listeners_hear_of_stops_made_while_the_change_feed_was_cut(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    let remote = Remote::start(kind);
    for restore in [Proxy::restore, Proxy::restore_for_new_connections] {
        let sessions = remote.sessions(60).await;
        remote.network.cut_the_change_feed();
        // B gets no requests for these sessions meanwhile.
        map_concurrently(&sessions, async |(path, _)| stop(&remote.a.api, path).await).await;
        restore(&remote.network);
        assert_all_stops_arrive(&remote, sessions).await;
    }
}

async fn listeners_hear_of_stops_made_while_a_connection_breaks(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    let pair = Pair::on(kind);
    let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    let (mut listener, mut newest) = Listener::start_with_first_event(&pair.b.api, &path).await;
    for number in 0..30 {
        let stop = retry_while_unavailable(async || stop_in_the_future(&pair.a.api, &path, number).await);
        let break_connection = async { pair.store.cut_the_change_feed() };
        let (response, ()) = tokio::join!(stop, break_connection);
        assert!(matches!(response.status, 200 | 409), "{}", response.text);
        assert_eq!(newest.revision(), u64::from(number) + 1);
        newest = listener.event().await;
    }
    assert_eq!(newest.revision(), 31);
}
