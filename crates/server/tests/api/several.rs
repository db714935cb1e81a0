//! Several servers on one Redis: what one has answered holds on all of them.

mod cluster_outage;
mod cut_network;
mod outage;
mod outage_under_load;
mod pair;
mod proxy;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::pair::{
    BOUND, Pair, Sight, alone, assert_same, create, create_many, each, look_on, patiently, server_on, stop,
    summary, wait_until,
};
use crate::listener::{Listener, stop_in_the_future};
use crate::support::{Api, DEADLINE};
use tickseed_store::test_servers::RedisCluster;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_sessions_of_one_server_are_read_on_the_other_to_the_byte() {
    let _alone = alone().await;
    let pair = Pair::start(&[]);
    let paths = each(1..=10_000_u32, async |number| {
        let metadata = json!({"z": number, "a": 1.0 / f64::from(number), "é 🎲": [-0.0, 1e300, u64::MAX]});
        create(&pair.a.api, &json!({"tick_ms": number, "metadata": metadata}).to_string()).await
    });
    each(paths.await, async |path| {
        let (here, there) = (Sight::of(&pair.a.api, &path).await, Sight::of(&pair.b.api, &path).await);
        assert_same(&here.answer, &there.answer);
    })
    .await;
}

/// What those who ask saw of one stop.
struct Seen {
    /// How long after it was answered the other server was asked by the first to be told of it; nothing if that was before.
    delays: Vec<Duration>,
    /// How long after it was answered the listener was told.
    told: Option<Duration>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_seen_on_the_other_server_within_its_bound_and_told_once() {
    const SESSIONS: usize = 1_000;
    const LISTENERS: usize = 250;
    let _alone = alone().await;
    let pair = Pair::start(&[]);
    let paths = create_many(&pair.a.api, SESSIONS).await;
    let warm = each(&paths, async |path| Sight::of(&pair.b.api, path).await).await;
    assert!(warm.iter().all(Sight::is_running));
    let listeners = paths.iter().enumerate().map(|(index, path)| (path, index < LISTENERS));
    let listeners = each(listeners, async |(path, listens)| {
        if !listens {
            return (path, None);
        }
        let (listener, first) = Listener::told_of(&pair.b.api, path).await;
        assert_eq!(first.event, "session");
        (path, Some(listener))
    });
    let seen = each(listeners.await, async |(path, listener)| see_a_stop(&pair, path, listener).await).await;

    let mut delays: Vec<_> = seen.iter().flat_map(|seen| seen.delays.clone()).collect();
    let mut told: Vec<_> = seen.iter().filter_map(|seen| seen.told).collect();
    println!("asked after a stop until it is seen on the other server: {}", summary(&mut delays));
    println!("from a stop's answer to its event on the other server: {}", summary(&mut told));
    assert_eq!((delays.len(), told.len()), (2 * SESSIONS, LISTENERS));
    let after = each(&paths, async |path| Sight::of(&pair.b.api, path).await).await;
    assert!(after.iter().all(Sight::is_stopped));
}

/// Stops a session on A while B is asked for it, and for its state, all the time.
async fn see_a_stop(pair: &Pair, path: &str, listener: Option<Listener>) -> Seen {
    let (a, b, state) = (&pair.a.api, &pair.b.api, format!("{path}/state"));
    let (told, stopped) = watch::channel(None);
    let watch = async |path: &str| {
        let mut sights = look_on(b, path, stopped.clone()).await;
        sights.push(wait_until(b, path, Sight::is_stopped).await);
        sights
    };
    let stop = async {
        let answered_at = stop(a, path).await;
        told.send_replace(Some(answered_at));
        answered_at
    };
    let (answered_at, session, state, told) =
        tokio::join!(stop, watch(path), watch(&state), hear_of_the_stop(listener));
    let delays = [session, state].map(|sights| delay(&sights, answered_at)).to_vec();
    Seen { delays, told: told.map(|told_at| told_at.saturating_duration_since(answered_at)) }
}

fn delay(sights: &[Sight], stopped_at: Instant) -> Duration {
    for sight in sights {
        // To say that Redis does not answer in time is no wrong answer.
        assert!(matches!(sight.answer.status, 200 | 503), "{sight:?}");
        sight.assert_keeps_the_promise(stopped_at);
    }
    let first = sights.iter().position(Sight::is_stopped).expect("the stop is seen");
    assert!(!sights[first..].iter().any(Sight::is_running), "a stopped session does not run again");
    sights[first].asked_at.saturating_duration_since(stopped_at)
}

/// Waits for the stop and gives when it was told; checks that nothing else is told until long after.
async fn hear_of_the_stop(listener: Option<Listener>) -> Option<Instant> {
    let mut listener = listener?;
    let event = listener.event().await;
    let told_at = Instant::now();
    assert_eq!((event.event.as_str(), event.id.as_str()), ("stopped", "2"));
    assert_eq!(event.json()["status"], "stopped");
    assert!(!listener.hears_something(BOUND).await, "it is told once");
    Some(told_at)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_stops_at_once_on_two_servers_exactly_one_succeeds() {
    let _alone = alone().await;
    let pair = Pair::start(&[]);
    stop_again_and_again(pair.both()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_stops_at_once_on_two_servers_of_a_cluster_exactly_one_succeeds() {
    let _alone = alone().await;
    let cluster = RedisCluster::start(0, &[]);
    let (a, b) = (server_on(&cluster.address()), server_on(&cluster.address()));
    stop_again_and_again([&a.api, &b.api]).await;
}

async fn stop_again_and_again(servers: [&Api; 2]) {
    let (mut rounds, deadline) = (0, Instant::now() + DEADLINE);
    while rounds < 10 {
        rounds += usize::from(stop_at_once(servers).await);
        assert!(Instant::now() < deadline, "{rounds} rounds");
    }
}

/// Stops one session 64 times at once. Does not count if Redis is too slow for one of them: nobody knows whether that was
/// made.
async fn stop_at_once(servers: [&Api; 2]) -> bool {
    let path = create(servers[0], r#"{"tick_ms":100}"#).await;
    let stop = format!("{path}/stop");
    let answers = join_all((0..64).map(|number| servers[number % 2].post(&stop, ""))).await;
    if answers.iter().any(|answer| answer.status == 503) {
        return false;
    }
    let (stopped, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((stopped.len(), refused.len()), (1, 63), "{refused:?}");
    let stopped_at = &stopped[0].json()["stopped_at"];
    for answer in refused {
        assert_eq!(&answer.problem(409, "session_stopped")["stopped_at"], stopped_at);
    }
    for server in servers {
        // Who has been refused has read it, so both know of it by now.
        let session = Sight::of(server, &path).await.answer.json();
        assert_eq!((&session["stopped_at"], session["revision"].as_u64()), (stopped_at, Some(2)));
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_stops_in_the_future_at_once_the_earliest_counts() {
    let _alone = alone().await;
    let pair = Pair::start(&[]);
    for _ in 0..5 {
        let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
        let stop = async |number: u32| {
            let server = pair.both()[usize::from(number.is_multiple_of(3))];
            patiently(async || stop_in_the_future(server, &path, number).await).await
        };
        let answers = join_all((1..=64).map(stop)).await;
        let made = answers.iter().filter(|answer| answer.status == 200).count() as u64;
        let refused = answers.iter().filter(|answer| answer.status != 200);
        for answer in refused {
            answer.problem(409, "stop_not_earlier");
        }
        let session = Sight::of(&pair.a.api, &path).await.answer.json();
        assert_eq!(session["stopped_at"], "2999-01-01T23:58:55.000Z", "{session}");
        // What was answered by 503 at first may have been made as well.
        assert!(session["revision"].as_u64() >= Some(1 + made), "{made} were made: {session}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_starts_to_listen_while_stops_are_made_hears_of_the_last() {
    const STOPS: u32 = 300;
    let _alone = alone().await;
    let pair = Pair::start(&[]);
    let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    let mut listeners = JoinSet::new();
    for number in 0..STOPS {
        listeners.spawn(hear_the_last(pair.b.api.clone(), path.clone(), u64::from(STOPS) + 1));
        let server = pair.both()[usize::from(number.is_multiple_of(2))];
        let answer = patiently(async || stop_in_the_future(server, &path, number).await).await;
        // What was answered by 503 at first may have been made, and is not earlier than itself.
        assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
    }
    let first_heard: HashSet<u64> = listeners.join_all().await.into_iter().collect();
    assert!(first_heard.len() > 10, "they have come at different times: {first_heard:?}");
}

/// Listens until the last revision is told, and gives the first that was.
async fn hear_the_last(api: Api, path: String, last: u64) -> u64 {
    let (mut listener, first) = Listener::told_of(&api, &path).await;
    let first = first.json()["revision"].as_u64().expect("a number");
    let mut revision = first;
    while revision < last {
        let told = listener.event().await.json()["revision"].as_u64().expect("a number");
        assert!(told > revision, "{told} comes after {revision}");
        revision = told;
    }
    first
}

#[tokio::test]
async fn a_session_has_the_same_tag_on_every_server_and_after_a_restart() {
    let _alone = alone().await;
    let mut pair = Pair::start(&[]);
    let path = create(&pair.a.api, r#"{"tick_ms":100,"metadata":{"a":0.1}}"#).await;
    for is_stopped in [false, true] {
        if is_stopped {
            stop(&pair.a.api, &path).await;
            wait_until(&pair.b.api, &path, Sight::is_stopped).await;
        }
        let before = Sight::of(&pair.a.api, &path).await.answer;
        assert_same(&before, &Sight::of(&pair.b.api, &path).await.answer);
        pair.b = server_on(&pair.redis.address());
        assert_same(&before, &Sight::of(&pair.b.api, &path).await.answer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_did_not_run_for_a_while_shows_nothing_that_is_over() {
    let _alone = alone().await;
    let pair = Pair::start(&[]);
    let paths = create_many(&pair.a.api, 50).await;
    each(&paths, async |path| wait_until(&pair.b.api, path, Sight::is_running).await).await;
    pair.b.signal("STOP");
    let stops = each(&paths, async |path| (path, stop(&pair.a.api, path).await)).await;
    let last = stops.iter().map(|(_, stopped_at)| *stopped_at).max().expect("there are some");
    // B cannot take these up yet.
    let asked = join_all(paths.iter().map(|path| Sight::take(&pair.b.api, path)));
    let goes_on = async {
        while last.elapsed() < 2 * BOUND {
            tokio::task::yield_now().await;
        }
        pair.b.signal("CONT");
    };
    let (sights, ()) = tokio::join!(asked, goes_on);
    for sight in &sights {
        sight.assert_keeps_the_promise(last);
    }
    assert!(sights.iter().any(Sight::is_stopped), "{sights:?}");
}
