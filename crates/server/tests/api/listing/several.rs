//! Several servers on one Redis: what one deletes or extends, the others show.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;

use super::{path_set, walk};
use crate::listener::{Block, Listener};
use crate::several::pair::{
    BOUND, Observation, Pair, create, create_many, map_concurrently, retry_while_unavailable, server_on,
    stop, wait_for_turn, wait_until,
};
use crate::several::proxy::Proxy;
use crate::support::{Api, LOOK_EVERY, Response};
use tickseed_store::test_servers::{RedisCluster, RedisServer};

/// Deletes a session and returns when that was acknowledged. A 404 counts after a 503, because the session may have been deleted.
async fn delete(api: &Api, path: &str) -> Instant {
    let response = retry_while_unavailable(async || {
        Response::read(api.request(Method::DELETE, path).send().await.expect("the server answers")).await
    });
    let response = response.await;
    let acknowledged_at = Instant::now();
    assert!(matches!(response.status, 204 | 404), "{}", response.text);
    acknowledged_at
}

/// Checks that no response shows a session too long after its deletion.
fn assert_within_bound(observation: &Observation, deleted_at: Instant) {
    let bound = observation.age().map_or(BOUND, |age| age + Duration::from_secs(1));
    assert!(matches!(observation.response.status, 200 | 404 | 503), "{observation:?}");
    assert!(observation.sent_at <= deleted_at + bound || !observation.is_ok(), "{observation:?}");
}

/// Requests a session until it is gone, and for a while after that.
async fn poll_until_gone(api: &Api, path: &str) -> Vec<Observation> {
    let mut observations = Vec::new();
    let gone_since = loop {
        let observation = Observation::request(api, path).await;
        let is_gone = observation.response.status == 404;
        observations.push(observation);
        if is_gone {
            break Instant::now();
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    while gone_since.elapsed() < BOUND {
        let observation = Observation::request(api, path).await;
        assert!(!observation.is_ok(), "a deleted session comes back: {observation:?}");
        observations.push(observation);
        tokio::time::sleep(LOOK_EVERY).await;
    }
    observations
}

async fn assert_deletions_reach_the_other_server([a, b]: [&Api; 2], sessions: usize) {
    let (paths, heard) = (create_many(a, sessions).await, AtomicUsize::new(0));
    map_concurrently(&paths, async |path| {
        wait_until(b, path, Observation::is_running).await;
        let (listener, first) = Listener::start_with_first_event(b, path).await;
        assert_eq!(first.event, "session");
        let (deleted_at, observations) = tokio::join!(delete(a, path), poll_until_gone(b, path));
        for observation in &observations {
            assert_within_bound(observation, deleted_at);
        }
        let events = listener.remaining_blocks().await.into_iter().filter(Block::is_event);
        let events: Vec<_> = events.map(|block| block.event).collect();
        // B may read the store, and find nothing, just before it hears why.
        assert!(events == ["deleted"] || events == ["expired"], "{events:?}");
        heard.fetch_add(usize::from(events == ["deleted"]), Ordering::Relaxed);
    })
    .await;
    let heard = heard.into_inner();
    assert!(heard > sessions * 9 / 10, "{heard} of {sessions}");
    for api in [a, b] {
        assert!(path_set(&walk(api, "limit=100").await).is_disjoint(&paths.iter().cloned().collect()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_reaches_the_other_server_within_the_bound_and_sends_one_event() {
    let _turn = wait_for_turn().await;
    let pair = Pair::start(&[]);
    assert_deletions_reach_the_other_server(pair.both(), 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_reaches_the_other_server_of_a_cluster_within_the_bound() {
    let _turn = wait_for_turn().await;
    let cluster = RedisCluster::start(0, &[]);
    let (a, b) = (server_on(&cluster.address()), server_on(&cluster.address()));
    assert_deletions_reach_the_other_server([&a.api, &b.api], 60).await;
}

/// While B is cut off it shows what it has, with its age.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_during_a_cut_is_seen_within_the_age_and_certain_afterwards() {
    let _turn = wait_for_turn().await;
    let redis = RedisServer::start(&[]);
    let network = Proxy::start(&redis.address(), redis.port());
    let (a, b) = (server_on(&redis.address()), server_on(network.address()));
    for restore in [Proxy::restore, Proxy::restore_for_new_connections] {
        let paths = create_many(&a.api, 20).await;
        let listeners = map_concurrently(&paths, async |path| {
            let (listener, _) = Listener::start_with_first_event(&b.api, path).await;
            listener
        })
        .await;
        network.cut();
        let deletions = map_concurrently(&paths, async |path| (path, delete(&a.api, path).await)).await;
        map_concurrently(deletions, async |(path, deleted_at)| {
            let stale =
                wait_until(&b.api, path, |observation| observation.age() > Some(Duration::ZERO)).await;
            assert_within_bound(&stale, deleted_at);
        })
        .await;
        restore(&network);
        map_concurrently(&paths, async |path| {
            wait_until(&b.api, path, |observation| observation.response.status == 404).await;
        })
        .await;
        // A server that has heard of the deletion says so. One that only finds nothing cannot know why.
        for events in join_all(listeners.into_iter().map(Listener::remaining_blocks)).await {
            let events: Vec<_> =
                events.into_iter().filter(Block::is_event).map(|block| block.event).collect();
            assert!(events == ["deleted"] || events == ["expired"], "{events:?}");
        }
    }
}

/// A stop that A decides upon while B deletes the session never brings it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_on_another_server_brings_a_deleted_session_back() {
    let _turn = wait_for_turn().await;
    let pair = Pair::start(&[]);
    let paths = create_many(&pair.a.api, 200).await;
    map_concurrently(&paths, async |path| {
        let stop = async {
            let stop = retry_while_unavailable(async || pair.a.api.post(&format!("{path}/stop"), "").await);
            assert!(matches!(stop.await.status, 200 | 404 | 409));
        };
        let extend = async {
            let address = format!("{path}/extend");
            let body = r#"{"ttl_seconds":100000}"#;
            let extend = retry_while_unavailable(async || pair.b.api.post(&address, body).await);
            assert!(matches!(extend.await.status, 200 | 404 | 409));
        };
        tokio::join!(stop, extend, delete(&pair.b.api, path));
    })
    .await;
    map_concurrently(&paths, async |path| {
        for api in pair.both() {
            wait_until(api, path, |observation| observation.response.status == 404).await;
        }
        let id = path.rsplit('/').next().unwrap();
        assert!(!pair.redis().ask::<bool>(&["EXISTS", &format!("session:{{{id}}}")]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_reaches_the_other_server_and_redis() {
    let _turn = wait_for_turn().await;
    let pair = Pair::start(&[]);
    let path = create(&pair.a.api, r#"{"tick_ms":100,"ttl_seconds":60}"#).await;
    let (mut listener, _) = Listener::start_with_first_event(&pair.b.api, &path).await;
    let key = format!("session:{{{}}}", path.rsplit('/').next().unwrap());
    assert!((60..=124).contains(&pair.redis().ask::<i64>(&["TTL", &key])));
    for (ttl, expected) in [(3_600, 3_600..=3_664), (0, -1..=-1)] {
        let body = format!(r#"{{"ttl_seconds":{ttl}}}"#);
        let extend =
            retry_while_unavailable(async || pair.a.api.post(&format!("{path}/extend"), &body).await).await;
        assert!(matches!(extend.status, 200 | 409), "{}", extend.text);
        assert!(expected.contains(&pair.redis().ask::<i64>(&["TTL", &key])));
        let event = listener.event().await;
        assert_eq!(event.event, "changed");
        let on_a = pair.a.api.get(&path).await;
        assert_eq!(event.data, on_a.text);
        wait_until(&pair.b.api, &path, |observation| observation.response.text == on_a.text).await;
    }
}

/// Walks through the list on both servers, with the cursors of one passed to the other.
async fn walk_on_both(servers: [&Api; 2]) -> BTreeSet<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    for api in servers.into_iter().cycle() {
        let part =
            retry_while_unavailable(async || api.get(&format!("/v1/sessions?limit=7{cursor}")).await).await;
        assert_eq!(part.status, 200, "{}", part.text);
        let part = part.json();
        found.extend(part["sessions"].as_array().unwrap().clone());
        match part["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    path_set(&found)
}

async fn assert_both_list_the_same([a, b]: [&Api; 2]) {
    let mut expected: BTreeSet<_> =
        create_many(a, 60).await.into_iter().chain(create_many(b, 60).await).collect();
    let gone: Vec<_> = expected.iter().step_by(3).cloned().collect();
    map_concurrently(&gone, async |path| delete(b, path).await).await;
    expected.retain(|path| !gone.contains(path));
    let stopped: BTreeSet<_> = expected.iter().step_by(2).cloned().collect();
    map_concurrently(&stopped, async |path| stop(a, path).await).await;
    assert_eq!(walk_on_both([a, b]).await, expected);
    for api in [a, b] {
        assert_eq!(path_set(&walk(api, "status=stopped&limit=9").await), stopped);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_servers_list_the_same_sessions_and_read_each_others_cursors() {
    let _turn = wait_for_turn().await;
    let pair = Pair::start(&[]);
    assert_both_list_the_same(pair.both()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_servers_of_a_cluster_list_the_same_sessions() {
    let _turn = wait_for_turn().await;
    let cluster = RedisCluster::start(0, &[]);
    let (a, b) = (server_on(&cluster.address()), server_on(&cluster.address()));
    assert_both_list_the_same([&a.api, &b.api]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_refused_while_redis_is_away_and_complete_afterwards() {
    let _turn = wait_for_turn().await;
    let mut pair = Pair::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let expected: BTreeSet<_> = create_many(&pair.a.api, 30).await.into_iter().collect();
    pair.store.kill();
    for api in pair.both() {
        api.get("/v1/sessions").await.problem(503, "store_unavailable");
        let deletion = api.request(Method::DELETE, expected.first().unwrap()).send().await.unwrap();
        // Memory knows the session, or nobody can say whether there is one.
        Response::read(deletion).await.problem(503, "store_unavailable");
    }
    pair.store.start_again();
    assert_eq!(walk_on_both(pair.both()).await, expected);
}
