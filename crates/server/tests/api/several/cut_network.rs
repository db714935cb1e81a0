//! A network that is cut without a word: no server shows a running session that has stopped, and all comes back by itself.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::watch;

use super::pair::{
    BOUND, Pair, RECOVERED_WITHIN, Sight, alone, create, create_many, each, look_on, median, patiently,
    server_on, stop, summary, until_created, wait_until,
};
use super::proxy::Proxy;
use crate::listener::{Listener, stop_in_the_future};
use crate::support::Process;
use tickseed_store::test_servers::RedisServer;

/// Two servers on one Redis: A is near, B is behind a network that can be cut.
struct Remote {
    a: Process,
    b: Process,
    network: Proxy,
    _redis: RedisServer,
}

impl Remote {
    fn start() -> Self {
        let redis = RedisServer::start(&[]);
        let network = Proxy::start(redis.port());
        Self { a: server_on(&redis.address()), b: server_on(&network.address()), network, _redis: redis }
    }

    /// Sessions that both have in memory, each with a listener on B.
    async fn sessions(&self, count: usize) -> Vec<(String, Listener)> {
        let paths = create_many(&self.a.api, count).await;
        each(paths, async |path| {
            let (listener, first) = Listener::told_of(&self.b.api, &path).await;
            assert_eq!(first.event, "session");
            (path, listener)
        })
        .await
    }
}

/// Stops sessions on A while B is asked for them all the time, and gives what B showed, with the moments of the stops.
async fn stop_all(remote: &Remote, sessions: &[(String, Listener)]) -> Vec<(Instant, Vec<Sight>)> {
    each(sessions, async |(path, _)| {
        let (told, stopped) = watch::channel(None);
        let stop = async {
            let answered_at = stop(&remote.a.api, path).await;
            told.send_replace(Some(answered_at));
            answered_at
        };
        tokio::join!(stop, look_on(&remote.b.api, path, stopped))
    })
    .await
}

/// Waits until B shows every session stopped, without an age, and its listeners know it.
async fn all_is_told(remote: &Remote, sessions: Vec<(String, Listener)>) {
    join_all(sessions.into_iter().map(async |(path, mut listener)| {
        let event = listener.event().await;
        assert_eq!((event.event.as_str(), event.id.as_str()), ("stopped", "2"));
        wait_until(&remote.b.api, &path, |sight| sight.is_stopped() && sight.is_sure()).await;
        assert!(!listener.hears_something(BOUND).await, "it is told once");
    }))
    .await;
}

/// Starts to listen to a session that has been stopped, on B, which cannot know that yet.
async fn listen_meanwhile(remote: &Remote, path: &str) -> (String, Listener) {
    let mut listener = Listener::start(&remote.b.api, path).await;
    let event = listener.event().await;
    assert_eq!((event.event.as_str(), event.id.as_str()), ("session", "1"));
    (path.to_owned(), listener)
}

async fn stops_behind_a_cut_network(mend: impl Fn(&Proxy)) {
    let remote = Remote::start();
    let mut recoveries = Vec::new();
    for _ in 0..5 {
        let sessions = remote.sessions(30).await;
        remote.network.cut();
        for (stopped_at, sights) in stop_all(&remote, &sessions).await {
            for sight in sights {
                assert!(sight.is_answered(), "it is in memory: {sight:?}");
                sight.assert_keeps_the_promise(stopped_at);
            }
        }
        // Long enough that also the connection for the news is given up.
        wait_until(&remote.b.api, &sessions[0].0, |sight| sight.age() > Some(Duration::ZERO)).await;
        let late = listen_meanwhile(&remote, &sessions[0].0).await;
        mend(&remote.network);
        recoveries.push(until_created(&remote.b.api).await);
        all_is_told(&remote, sessions.into_iter().chain([late]).collect()).await;
    }
    println!("from the end of the cut until a session is created: {}", summary(&mut recoveries));
    assert!(median(&recoveries) < RECOVERED_WITHIN, "{recoveries:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_cut_network_no_stop_is_hidden_and_what_was_held_up_arrives() {
    let _alone = alone().await;
    stops_behind_a_cut_network(Proxy::mend).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_cut_network_that_has_forgotten_its_connections_new_ones_are_made() {
    let _alone = alone().await;
    stops_behind_a_cut_network(Proxy::mend_for_new_connections).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_only_the_news_are_cut_off_every_answer_is_read_from_redis() {
    let _alone = alone().await;
    let remote = Remote::start();
    let sessions = remote.sessions(60).await;
    remote.network.cut_the_news();
    let (mut answers, mut sure) = (0, 0);
    for (stopped_at, sights) in stop_all(&remote, &sessions).await {
        for sight in sights {
            sight.assert_keeps_the_promise(stopped_at);
            answers += 1;
            sure += usize::from(sight.is_sure());
        }
    }
    println!("while the news are cut off {sure} of {answers} answers have no age");
    assert!(sure > answers / 2, "Redis can be asked, unless the machine is too busy");
    remote.network.mend();
    all_is_told(&remote, sessions).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_hear_what_happened_while_the_news_were_cut_off() {
    let _alone = alone().await;
    let remote = Remote::start();
    for mend in [Proxy::mend, Proxy::mend_for_new_connections] {
        let sessions = remote.sessions(60).await;
        remote.network.cut_the_news();
        // Nobody asks B for them meanwhile.
        each(&sessions, async |(path, _)| stop(&remote.a.api, path).await).await;
        mend(&remote.network);
        all_is_told(&remote, sessions).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listeners_hear_of_stops_that_fall_on_a_connection_that_breaks() {
    let _alone = alone().await;
    let pair = Pair::start(&[]);
    let path = create(&pair.a.api, r#"{"tick_ms":100}"#).await;
    let (mut listener, mut before) = Listener::told_of(&pair.b.api, &path).await;
    for number in 0..30 {
        let stop = patiently(async || stop_in_the_future(&pair.a.api, &path, number).await);
        let broken = async { pair.redis.ask::<u32>(&["CLIENT", "KILL", "TYPE", "pubsub"]) };
        let (answer, _) = tokio::join!(stop, broken);
        assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
        assert_eq!(before.id, (number + 1).to_string());
        before = listener.event().await;
    }
    assert_eq!(before.id, "31");
}
