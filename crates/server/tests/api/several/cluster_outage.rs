//! One of the three masters of a Redis Cluster is down: its sessions are served from memory or refused, and all others work
//! as usual.

use std::ops::RangeInclusive;

use super::pair::{Observation, create_many, map_concurrently, server_on, stop, wait_for_turn, wait_until};
use crate::listener::Listener;
use crate::support::Api;
use tickseed_store::test_servers::RedisCluster;

/// The arguments of a cluster that keeps running without one of its masters and loses nothing.
const ARGUMENTS: [&str; 8] = [
    "--cluster-require-full-coverage",
    "no",
    "--cluster-node-timeout",
    "1000",
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
];

/// The slots of the first of three masters.
const FIRST_MASTER: RangeInclusive<u32> = 0..=5_460;
/// The servers detect an outage for blocks of 128 slots, so they refuse these slots of the next master, too.
const BORDER: RangeInclusive<u32> = 5_461..=5_503;

/// Divides sessions into those of the first master and those of the others, without those at the border.
fn divide(cluster: &RedisCluster, paths: &[String]) -> (Vec<String>, Vec<String>) {
    let slot = |path: &String| {
        let (_, id) = path.rsplit_once('/').expect("a path");
        cluster.nodes[0].ask::<u32>(&["CLUSTER", "KEYSLOT", &format!("session:{{{id}}}")])
    };
    let slots = paths.iter().map(|path| (path.clone(), slot(path)));
    let (first, others): (Vec<_>, Vec<_>) = slots.partition(|(_, slot)| FIRST_MASTER.contains(slot));
    let others = others.into_iter().filter(|(_, slot)| !BORDER.contains(slot));
    (first.into_iter().map(|(path, _)| path).collect(), others.map(|(path, _)| path).collect())
}

/// Checks that these sessions are read from Redis, and that their stops reach listeners.
async fn assert_sessions_work([a, b]: [&Api; 2], paths: &[String]) {
    map_concurrently(paths, async |path| {
        let (mut listener, first) = Listener::start_with_first_event(b, path).await;
        assert_eq!(first.event, "session");
        wait_until(b, path, |observation| observation.is_running() && observation.is_certain()).await;
        stop(a, path).await;
        assert_eq!(listener.event().await.event, "stopped");
        wait_until(b, path, |observation| observation.is_stopped() && observation.is_certain()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sessions_of_the_other_masters_work_while_one_is_down() {
    let _turn = wait_for_turn().await;
    let mut cluster = RedisCluster::start(0, &ARGUMENTS);
    let servers = [server_on(&cluster.address()), server_on(&cluster.address())];
    let [a, b] = [&servers[0].api, &servers[1].api];
    let paths = create_many(a, 120).await;
    let (affected, others) = divide(&cluster, &paths);
    let (known, unknown_to_b) = affected.split_at(affected.len() / 2);
    assert!(known.len() > 10 && others.len() > 40, "{} and {}", known.len(), others.len());
    map_concurrently(known, async |path| wait_until(b, path, Observation::is_running).await).await;
    cluster.nodes[0].kill();
    map_concurrently(known, async |path| {
        wait_until(b, path, |observation| observation.age().is_some()).await
    })
    .await;
    map_concurrently(unknown_to_b, async |path| b.get(path).await.problem(503, "store_unavailable")).await;
    assert_sessions_work([a, b], &others).await;

    cluster.nodes[0].start_again();
    map_concurrently(&affected, async |path| {
        wait_until(b, path, Observation::is_certain).await;
    })
    .await;
    assert_sessions_work([a, b], &affected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_sessions_work_after_a_replica_takes_over_from_a_hanging_master() {
    let _turn = wait_for_turn().await;
    let arguments = [&ARGUMENTS[..], &["--cluster-replica-validity-factor", "0"]].concat();
    let cluster = RedisCluster::start(1, &arguments);
    let servers = [server_on(&cluster.address()), server_on(&cluster.address())];
    let [a, b] = [&servers[0].api, &servers[1].api];
    let paths = create_many(a, 30).await;
    map_concurrently(&paths, async |path| wait_until(a, path, Observation::is_running).await).await;
    let (affected, _) = divide(&cluster, &paths);
    // The servers were given the address of this node first.
    cluster.nodes[0].pause();
    map_concurrently(&affected, async |path| {
        wait_until(a, path, |observation| observation.age().is_some()).await;
        for server in [a, b] {
            wait_until(server, path, Observation::is_certain).await;
        }
    })
    .await;
    assert_sessions_work([a, b], &paths).await;
}

/// A master that hangs keeps its connections open, so only silence tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sessions_of_the_other_masters_work_while_one_hangs() {
    let _turn = wait_for_turn().await;
    let cluster = RedisCluster::start(0, &["--cluster-require-full-coverage", "no"]);
    let servers = [server_on(&cluster.address()), server_on(&cluster.address())];
    let [a, b] = [&servers[0].api, &servers[1].api];
    let paths = create_many(a, 120).await;
    let (affected, others) = divide(&cluster, &paths);
    map_concurrently(&affected, async |path| wait_until(b, path, Observation::is_running).await).await;
    cluster.nodes[0].pause();
    // Requests for the hanging master come in all the time.
    let ask_the_hanging_master = async {
        loop {
            map_concurrently(&affected, async |path| a.post(&format!("{path}/stop"), "").await).await;
        }
    };
    let use_the_others = async {
        let (mut refused, mut unready) = (0, 0);
        for path in &others {
            let response = a.post(&format!("{path}/stop"), "").await;
            assert!(matches!(response.status, 200 | 503), "{}", response.text);
            // A busy machine alone may cause a few.
            refused += usize::from(response.status == 503);
            unready += usize::from(b.get("/readyz").await.status != 200);
        }
        assert!(refused < others.len() / 10, "{refused} of {} stops are refused", others.len());
        assert!(unready < others.len() / 10, "the other server is not ready {unready} times");
    };
    tokio::select! {
        () = use_the_others => {}
        () = ask_the_hanging_master => {}
    }
    cluster.nodes[0].go_on();
    map_concurrently(&affected, async |path| wait_until(b, path, Observation::is_certain).await).await;
}
