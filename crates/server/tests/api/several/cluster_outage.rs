//! One of three masters of a Redis Cluster is away: its sessions are served from memory or refused, the others as ever.

use std::ops::RangeInclusive;

use super::pair::{Sight, alone, create_many, each, server_on, stop, wait_until};
use crate::listener::Listener;
use crate::support::Api;
use tickseed_store::test_servers::RedisCluster;

/// A cluster that goes on without one of its masters, and loses nothing.
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

/// Slots 0 to 5460 are kept by the first of three masters.
const FIRST_MASTER: RangeInclusive<u32> = 0..=5_460;
/// The servers notice for 128 slots at once that a master is away, so what is in these is refused together with its
/// neighbours.
const BORDER: RangeInclusive<u32> = 5_461..=5_503;

/// Which of the sessions the first master keeps, and which the others keep, without those at the border.
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

/// Checks that sessions are read from Redis, created in it and stopped as ever.
async fn go_on([a, b]: [&Api; 2], paths: &[String]) {
    each(paths, async |path| {
        let (mut listener, first) = Listener::told_of(b, path).await;
        assert_eq!(first.event, "session");
        wait_until(b, path, |sight| sight.is_running() && sight.is_sure()).await;
        stop(a, path).await;
        assert_eq!(listener.event().await.event, "stopped");
        wait_until(b, path, |sight| sight.is_stopped() && sight.is_sure()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_master_is_away_the_sessions_of_the_others_are_served_as_ever() {
    let _alone = alone().await;
    let mut cluster = RedisCluster::start(0, &ARGUMENTS);
    let servers = [server_on(&cluster.address()), server_on(&cluster.address())];
    let [a, b] = [&servers[0].api, &servers[1].api];
    let paths = create_many(a, 120).await;
    let (away, there) = divide(&cluster, &paths);
    let (known, unknown_to_b) = away.split_at(away.len() / 2);
    assert!(known.len() > 10 && there.len() > 40, "{} and {}", known.len(), there.len());
    each(known, async |path| wait_until(b, path, Sight::is_running).await).await;
    cluster.nodes[0].kill();
    each(known, async |path| wait_until(b, path, |sight| sight.age().is_some()).await).await;
    each(unknown_to_b, async |path| b.get(path).await.problem(503, "store_unavailable")).await;
    go_on([a, b], &there).await;

    cluster.nodes[0].start_again();
    each(&away, async |path| {
        wait_until(b, path, Sight::is_sure).await;
    })
    .await;
    go_on([a, b], &away).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_a_replica_has_taken_over_from_a_master_that_hangs_all_is_told_again() {
    let _alone = alone().await;
    let arguments = [&ARGUMENTS[..], &["--cluster-replica-validity-factor", "0"]].concat();
    let cluster = RedisCluster::start(1, &arguments);
    let servers = [server_on(&cluster.address()), server_on(&cluster.address())];
    let [a, b] = [&servers[0].api, &servers[1].api];
    let paths = create_many(a, 30).await;
    each(&paths, async |path| wait_until(a, path, Sight::is_running).await).await;
    let (away, _) = divide(&cluster, &paths);
    // The first that the servers were told of.
    cluster.nodes[0].pause();
    each(&away, async |path| {
        wait_until(a, path, |sight| sight.age().is_some()).await;
        for server in [a, b] {
            wait_until(server, path, Sight::is_sure).await;
        }
    })
    .await;
    go_on([a, b], &paths).await;
}
