//! Several servers on one store: what one acknowledges holds on all of them.

mod client_address;
mod cluster_outage;
mod cut_network;
mod nginx;
mod outage;
mod outage_under_load;
pub(crate) mod pair;
pub(crate) mod proxy;
mod schedules;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::pair::on_cassandra;
use self::pair::{
    BOUND, Observation, Pair, assert_identical, create, create_many, map_concurrently, on_every_store,
    poll_past_bound, retry_while_unavailable, server_on, stop, summary, wait_for_turn, wait_until,
};
use crate::listener::{Listener, stop_in_the_future};
use crate::support::{Api, DEADLINE, LOOK_EVERY};
use tickseed_store::test_servers::{RedisCluster, StoreKind};

on_every_store!(
    two_servers_return_identical_bytes_for_a_thousand_sessions,
    #[ignore = "takes long, and always runs on Redis; scripts/test-long runs it"]
    a_stop_reaches_the_other_server_within_the_bound_and_sends_one_event,
    exactly_one_of_many_concurrent_stops_on_two_servers_succeeds,
    #[ignore = "takes long, and always runs on Redis; scripts/test-long runs it"]
    the_earliest_of_many_concurrent_stops_in_the_future_wins,
    listeners_that_join_during_a_series_of_stops_all_hear_the_last,
    a_session_has_the_same_entity_tag_on_every_server_and_after_a_restart,
    a_server_resumed_from_suspension_shows_nothing_outdated
);

on_cassandra!(
    #[ignore = "takes long, and always runs on Redis; scripts/test-long runs it"]
    a_stop_reaches_the_other_server_within_the_bound_and_sends_one_event,
    exactly_one_of_many_concurrent_stops_on_two_servers_succeeds,
    the_earliest_of_many_concurrent_stops_in_the_future_wins,
    a_session_has_the_same_entity_tag_on_every_server_and_after_a_restart,
    a_server_resumed_from_suspension_shows_nothing_outdated,
);

async fn two_servers_return_identical_bytes_for_a_thousand_sessions(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    assert_identical_bytes(kind, 1_000).await;
}

#[tokio::test]
#[ignore = "takes long; scripts/test-long runs it"]
async fn two_servers_return_identical_bytes_for_ten_thousand_sessions() {
    let _turn = wait_for_turn().await;
    for kind in [StoreKind::Redis, StoreKind::Postgres] {
        assert_identical_bytes(kind, 10_000).await;
    }
}

/// Checks that two servers return the same bytes for many sessions, whose metadata is hard to write twice in one way.
async fn assert_identical_bytes(kind: StoreKind, sessions: u32) {
    let pair = Pair::on(kind);
    let paths = map_concurrently(1..=sessions, async |number| {
        let metadata = json!({"z": number, "a": 1.0 / f64::from(number), "é 🎲": [-0.0, 1e300, u64::MAX]});
        create(&pair.a.api, &json!({"tick_ms": number, "metadata": metadata}).to_string()).await
    });
    map_concurrently(paths.await, async |path| {
        let on_a = Observation::certain(&pair.a.api, &path).await;
        let on_b = Observation::certain(&pair.b.api, &path).await;
        assert_identical(&on_a.response, &on_b.response);
    })
    .await;
}

/// How long one stop on a server took to reach the other.
struct StopDelays {
    /// For each polled path, the time from the acknowledgement to the first request that saw the stop; zero if that request
    /// was sent earlier.
    requests: Vec<Duration>,
    /// The time from the acknowledgement to the event, if there is a listener.
    event: Option<Duration>,
}

async fn a_stop_reaches_the_other_server_within_the_bound_and_sends_one_event(kind: StoreKind) {
    const SESSIONS: usize = 1_000;
    const LISTENERS: usize = 250;
    let _turn = wait_for_turn().await;
    let pair = Pair::on(kind);
    let paths = create_many(&pair.a.api, SESSIONS).await;
    let cached = map_concurrently(&paths, async |path| Observation::certain(&pair.b.api, path).await).await;
    assert!(cached.iter().all(Observation::is_running));
    let listeners = paths.iter().enumerate().map(|(index, path)| (path, index < LISTENERS));
    let listeners = map_concurrently(listeners, async |(path, listens)| {
        if !listens {
            return (path, None);
        }
        let (listener, first) = Listener::start_with_first_event(&pair.b.api, path).await;
        assert_eq!(first.event, "session");
        (path, Some(listener))
    });
    let delays =
        map_concurrently(listeners.await, async |(path, listener)| measure_stop(&pair, path, listener).await)
            .await;

    let mut requests: Vec<_> = delays.iter().flat_map(|delays| delays.requests.clone()).collect();
    let mut events: Vec<_> = delays.iter().filter_map(|delays| delays.event).collect();
    println!("from a stop to the first request that sees it on the other server: {}", summary(&mut requests));
    println!("from a stop to its event on the other server: {}", summary(&mut events));
    assert_eq!((requests.len(), events.len()), (2 * SESSIONS, LISTENERS));
    let after = map_concurrently(&paths, async |path| Observation::certain(&pair.b.api, path).await).await;
    assert!(after.iter().all(Observation::is_stopped));
}

/// Stops a session on A while polling B for it and for its state.
async fn measure_stop(pair: &Pair, path: &str, listener: Option<Listener>) -> StopDelays {
    let (a, b, state) = (&pair.a.api, &pair.b.api, format!("{path}/state"));
    let (sender, stopped_at) = watch::channel(None);
    let poll = async |path: &str| {
        let mut observations = poll_past_bound(b, path, stopped_at.clone()).await;
        observations.push(wait_until(b, path, Observation::is_stopped).await);
        observations
    };
    let stop = async {
        let acknowledged_at = stop(a, path).await;
        sender.send_replace(Some(acknowledged_at));
        acknowledged_at
    };
    let (acknowledged_at, session, state, heard_at) =
        tokio::join!(stop, poll(path), poll(&state), wait_for_stop_event(listener));
    let requests =
        [session, state].map(|observations| delay_until_seen(&observations, acknowledged_at)).to_vec();
    let event = heard_at.map(|heard_at| heard_at.saturating_duration_since(acknowledged_at));
    StopDelays { requests, event }
}

fn delay_until_seen(observations: &[Observation], stopped_at: Instant) -> Duration {
    for observation in observations {
        // A 503 is correct when the store does not answer in time.
        assert!(matches!(observation.response.status, 200 | 503), "{observation:?}");
        observation.assert_within_bound(stopped_at);
    }
    let first = observations.iter().position(Observation::is_stopped).expect("the stop is seen");
    assert!(!observations[first..].iter().any(Observation::is_running), "a stopped session runs again");
    observations[first].sent_at.saturating_duration_since(stopped_at)
}

/// Waits for the event of the stop and returns when it arrived. Checks that no other event follows.
async fn wait_for_stop_event(listener: Option<Listener>) -> Option<Instant> {
    let mut listener = listener?;
    let event = listener.event().await;
    let heard_at = Instant::now();
    assert_eq!((event.event.as_str(), event.revision()), ("stopped", 2));
    assert_eq!(event.json()["status"], "stopped");
    assert!(!listener.hears_an_event_within(BOUND).await, "only one event is sent");
    Some(heard_at)
}

async fn exactly_one_of_many_concurrent_stops_on_two_servers_succeeds(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    let pair = Pair::on(kind);
    repeat_concurrent_stops(pair.both()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_one_of_many_concurrent_stops_on_two_servers_of_a_cluster_succeeds() {
    let _turn = wait_for_turn().await;
    let cluster = RedisCluster::start(0, &[]);
    let (a, b) = (server_on(&cluster.address()), server_on(&cluster.address()));
    repeat_concurrent_stops([&a.api, &b.api]).await;
}

async fn repeat_concurrent_stops(servers: [&Api; 2]) {
    let (mut rounds, deadline) = (0, Instant::now() + DEADLINE);
    while rounds < 10 {
        rounds += usize::from(stop_concurrently(servers).await);
        assert!(Instant::now() < deadline, "{rounds} rounds");
    }
}

/// Stops one session 64 times at once. Returns false if the store is too slow for one of the stops, because that stop may or may
/// not have been made.
async fn stop_concurrently(servers: [&Api; 2]) -> bool {
    let path = create(servers[0], r#"{"tick_ms":100}"#).await;
    let stop = format!("{path}/stop");
    let responses = join_all((0..64).map(|number| servers[number % 2].post(&stop, ""))).await;
    if responses.iter().any(|response| response.status == 503) {
        return false;
    }
    let (stopped, refused): (Vec<_>, Vec<_>) =
        responses.into_iter().partition(|response| response.status == 200);
    assert_eq!((stopped.len(), refused.len()), (1, 63), "{refused:?}");
    let stopped_at = &stopped[0].json()["stopped_at"];
    for response in refused {
        assert_eq!(&response.problem(409, "session_stopped")["stopped_at"], stopped_at);
    }
    for server in servers {
        // Each server reads the session before it refuses a stop, so both know of the stop by now.
        let session = Observation::certain(server, &path).await.response.json();
        assert_eq!((&session["stopped_at"], session["revision"].as_u64()), (stopped_at, Some(2)));
    }
    true
}

async fn the_earliest_of_many_concurrent_stops_in_the_future_wins(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    let pair = Pair::on(kind);
    for _ in 0..5 {
        let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
        let stop = async |number: u32| {
            let server = pair.both()[usize::from(number.is_multiple_of(3))];
            retry_while_unavailable(async || stop_in_the_future(server, &path, number).await).await
        };
        let responses = join_all((1..=64).map(stop)).await;
        let acknowledged = responses.iter().filter(|response| response.status == 200).count() as u64;
        let refused = responses.iter().filter(|response| response.status != 200);
        for response in refused {
            response.problem(409, "stop_not_earlier");
        }
        let session = Observation::certain(&pair.a.api, &path).await.response.json();
        assert_eq!(session["stopped_at"], "2999-01-01T23:58:55.000Z", "{session}");
        // A stop that first gets a 503 may have been made, too.
        assert!(
            session["revision"].as_u64() >= Some(1 + acknowledged),
            "{acknowledged} stops were acknowledged: {session}"
        );
    }
}

async fn listeners_that_join_during_a_series_of_stops_all_hear_the_last(kind: StoreKind) {
    const STOPS: u32 = 300;
    let _turn = wait_for_turn().await;
    let pair = Pair::on(kind);
    let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    let mut listeners = JoinSet::new();
    for number in 0..STOPS {
        listeners.spawn(listen_until(pair.b.api.clone(), path.clone(), u64::from(STOPS) + 1));
        let server = pair.both()[usize::from(number.is_multiple_of(2))];
        let response =
            retry_while_unavailable(async || stop_in_the_future(server, &path, number).await).await;
        // A stop that first gets a 503 may have been made. Its repetition is then refused, as it is not earlier.
        assert!(matches!(response.status, 200 | 409), "{}", response.text);
    }
    let first_heard: HashSet<u64> = listeners.join_all().await.into_iter().collect();
    assert!(first_heard.len() > 10, "the listeners join at different times: {first_heard:?}");
}

/// Listens until the last revision arrives. Returns the first one that arrived.
async fn listen_until(api: Api, path: String, last: u64) -> u64 {
    let (mut listener, first) = Listener::start_with_first_event(&api, &path).await;
    let first = first.json()["revision"].as_u64().expect("a number");
    let mut revision = first;
    while revision < last {
        let next = listener.event().await.json()["revision"].as_u64().expect("a number");
        assert!(next > revision, "{next} comes after {revision}");
        revision = next;
    }
    first
}

async fn a_session_has_the_same_entity_tag_on_every_server_and_after_a_restart(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    let mut pair = Pair::on(kind);
    let path = create(&pair.a.api, r#"{"tick_ms":100,"metadata":{"a":0.1}}"#).await;
    for is_stopped in [false, true] {
        if is_stopped {
            stop(&pair.a.api, &path).await;
            wait_until(&pair.b.api, &path, Observation::is_stopped).await;
        }
        let before = Observation::certain(&pair.a.api, &path).await.response;
        assert_identical(&before, &Observation::certain(&pair.b.api, &path).await.response);
        pair.b = server_on(&pair.store.address());
        assert_identical(&before, &Observation::certain(&pair.b.api, &path).await.response);
    }
}

async fn a_server_resumed_from_suspension_shows_nothing_outdated(kind: StoreKind) {
    let _turn = wait_for_turn().await;
    let pair = Pair::on(kind);
    let paths = create_many(&pair.a.api, 50).await;
    map_concurrently(&paths, async |path| wait_until(&pair.b.api, path, Observation::is_running).await).await;
    pair.b.signal("STOP");
    let stops = map_concurrently(&paths, async |path| (path, stop(&pair.a.api, path).await)).await;
    let last = stops.iter().map(|(_, stopped_at)| *stopped_at).max().expect("there are stops");
    // B answers these only after it resumes.
    let requests = join_all(paths.iter().map(|path| Observation::request(&pair.b.api, path)));
    let resume = async {
        while last.elapsed() < 2 * BOUND {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        pair.b.signal("CONT");
    };
    let (observations, ()) = tokio::join!(requests, resume);
    for observation in &observations {
        observation.assert_within_bound(last);
    }
    assert!(observations.iter().any(Observation::is_stopped), "{observations:?}");
}
