//! The change feed when the masters of a cluster change, or the cluster is down.

use std::process::Command;
use std::time::Duration;

use tickseed_session::acceptance::{
    DEADLINE, RecordingSubscriber, Report, TestClock, makes_promises, rescheduled, session,
    session_with_notice,
};
use tickseed_session::{
    ChangeFeed, Clock, Created, Deadline, FeedPart, Replaced, SessionId, SessionStore, SystemClock, Timestamp,
};
use tickseed_store::test_servers::{RedisCluster, RedisServer};
use tokio::time::timeout;

use super::connect;
use super::outage::is_responsible;

/// Waits until a node says this about its cluster.
async fn says(node: &RedisServer, expected: &str) {
    let said = async {
        while !node.ask::<String>(&["CLUSTER", "INFO"]).contains(expected) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(DEADLINE, said).await.expect("the node says it in time");
}

fn restarts_of(reports: &[Report], part: FeedPart) -> usize {
    reports.iter().filter(|report| matches!(report, Report::Restarted(other, _) if *other == part)).count()
}

/// Returns how often each of the three parts has restarted.
fn restarts(subscriber: &RecordingSubscriber) -> [usize; 3] {
    let reports = subscriber.reports();
    [0, 1, 2].map(|part| restarts_of(&reports, FeedPart(part)))
}

/// An id in this slot, which needs no session.
fn id_in_slot(node: &RedisServer, slot: u32) -> SessionId {
    let is_in_slot =
        |id: &SessionId| node.ask::<u32>(&["CLUSTER", "KEYSLOT", &format!("session:{{{id}}}")]) == slot;
    std::iter::repeat_with(|| session(0).id).find(is_in_slot).expect("some id is in the slot")
}

#[tokio::test]
async fn a_slot_that_moves_restarts_only_the_part_that_loses_it() {
    let cluster = RedisCluster::start(0, &[]);
    let store = connect(&cluster.address(), TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    let id = id_in_slot(&cluster.nodes[0], 0);
    let (loser, winner) = (store.0.part_of(id), store.0.part_of(id_in_slot(&cluster.nodes[0], 16_383)));
    let before = restarts(&subscriber);
    let target: String = cluster.nodes[2].ask(&["CLUSTER", "MYID"]);
    for node in [2, 0, 1] {
        cluster.nodes[node].ask::<()>(&["CLUSTER", "SETSLOT", "0", "NODE", &target]);
    }
    let once_more = before[usize::from(loser.0)] + 1;
    subscriber.hears("the loser restarts", |reports| restarts_of(reports, loser) >= once_more).await;
    assert_eq!(store.0.part_of(id), winner);
    subscriber.is_caught_up().await;
    let expected = [0, 1, 2].map(|part| before[usize::from(part)] + usize::from(FeedPart(part) == loser));
    assert_eq!(restarts(&subscriber), expected);
}

#[tokio::test]
async fn promises_follow_a_session_whose_slot_moves() {
    let cluster = RedisCluster::start(0, &[]);
    let store = connect(&cluster.address(), SystemClock).await;
    let _subscriber = RecordingSubscriber::of(&store);
    let id = id_in_slot(&cluster.nodes[0], 0);
    makes_promises(&store, id).await;
    let loser = store.0.part_of(id);
    let target: String = cluster.nodes[2].ask(&["CLUSTER", "MYID"]);
    for node in [2, 0, 1] {
        cluster.nodes[node].ask::<()>(&["CLUSTER", "SETSLOT", "0", "NODE", &target]);
    }
    let moved = async {
        while store.0.part_of(id) == loser {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(DEADLINE, moved).await.expect("the store notices");
    makes_promises(&store, id).await;
}

/// The steps are those of `redis-cli --cluster reshard`.
#[tokio::test]
async fn requests_follow_a_slot_while_it_moves_and_afterwards() {
    let cluster = RedisCluster::start(0, &[]);
    let store = connect(&cluster.address(), TestClock::new()).await;
    let first = session(0);
    let key = format!("session:{{{}}}", first.id);
    let is_source = |node: &&RedisServer| is_responsible(node, first.id);
    let source = cluster.nodes.iter().find(is_source).unwrap();
    let target = cluster.nodes.iter().find(|node| !is_source(node)).unwrap();
    let slot = source.ask::<u32>(&["CLUSTER", "KEYSLOT", &key]).to_string();
    let [source_id, target_id] = [source, target].map(|node| node.ask::<String>(&["CLUSTER", "MYID"]));
    target.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &source_id]);
    source.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &target_id]);
    // The source has no such session, and sends the call on.
    let (missing, deadline) = (first.stopped(Timestamp::MAX), SystemClock.now().after(DEADLINE));
    let outcome = store.0.compare_and_set(missing, deadline.map(Deadline::OfStore)).await.unwrap();
    assert_eq!(outcome, Replaced::No);
    assert_eq!(store.0.create(first.clone()).await.unwrap(), Created::Yes);
    let on_target: Vec<String> = target.ask(&["CLUSTER", "GETKEYSINSLOT", &slot, "10"]);
    assert_eq!(on_target, [key], "new keys are on the target already");
    assert_eq!(store.0.find(first.id).await.unwrap(), Some(first.clone()));
    for node in [target, source] {
        node.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "NODE", &target_id]);
    }
    assert_eq!(store.0.find(first.id).await.unwrap(), Some(first.clone()));
    let (second, deadline) = (first.stopped(Timestamp::MAX), SystemClock.now().after(DEADLINE));
    assert_eq!(store.0.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
    let third = rescheduled(&second, 2);
    let outcome = store.0.compare_and_set(third.clone(), deadline.map(Deadline::OfStore)).await.unwrap();
    assert_eq!(outcome, Replaced::Yes);
    assert_eq!(store.0.find(first.id).await.unwrap(), Some(third));
}

/// A call follows a slot that moves. The clock that decides about its deadline must be one that has been measured.
#[tokio::test]
async fn a_node_whose_clock_has_not_been_measured_writes_no_change() {
    let cluster = RedisCluster::start(0, &[]);
    let store = connect(&cluster.address(), SystemClock).await;
    let _subscriber = RecordingSubscriber::of(&store);
    let (first, stranger) = (session_with_notice(), RedisServer::start(&["--cluster-enabled", "yes"]));
    let is_source = |node: &&RedisServer| is_responsible(node, first.id);
    let source = cluster.nodes.iter().find(is_source).unwrap();
    let other = cluster.nodes.iter().find(|node| !is_source(node)).unwrap();
    let port = source.port().to_string();
    stranger.ask::<()>(&["CLUSTER", "MEET", "127.0.0.1", &port]);
    says(&stranger, "cluster_known_nodes:4").await;
    says(source, "cluster_known_nodes:4").await;
    says(&stranger, "cluster_state:ok").await;
    makes_promises(&store, first.id).await;
    let key = format!("session:{{{}}}", first.id);
    let slot = source.ask::<u32>(&["CLUSTER", "KEYSLOT", &key]).to_string();
    let id_of = |node: &RedisServer| node.ask::<String>(&["CLUSTER", "MYID"]);
    for (target, expected) in [(other, Replaced::Yes), (&stranger, Replaced::TooLate)] {
        target.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id_of(source)]);
        source.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &id_of(target)]);
        assert_eq!(store.0.create(first.clone()).await.unwrap(), Created::Yes, "it is on the target");
        let (second, deadline) = (rescheduled(&first, 1), SystemClock.now().after(DEADLINE));
        let outcome = store.0.compare_and_set(second.clone(), deadline.map(Deadline::OfStore)).await.unwrap();
        assert_eq!(outcome, expected);
        let stored = if expected == Replaced::Yes { &second } else { &first };
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(stored));
        for node in [source, target] {
            node.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "STABLE"]);
        }
    }
}

/// The epochs of the new cluster begin again, so its views look older than those of the old one.
#[tokio::test]
async fn a_cluster_that_is_made_anew_is_followed() {
    let cluster = RedisCluster::start(1, &[]);
    let store = connect(&cluster.address(), TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    for node in &cluster.nodes {
        node.ask::<()>(&["CLUSTER", "RESET", "HARD"]);
    }
    let hosts: Vec<_> = cluster.nodes[3..].iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
    let mut create = Command::new("redis-cli");
    create.args(["--cluster", "create"]).args(&hosts).args(["--cluster-yes", "--cluster-replicas", "0"]);
    let created = create.output().unwrap();
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
    says(&cluster.nodes[5], "cluster_state:ok").await;
    let other = connect(&format!("redis+cluster://{}", hosts.join(",")), TestClock::new()).await;
    let reported = async {
        loop {
            let first = session(0);
            assert_eq!(other.create(first.clone()).await.unwrap(), Created::Yes);
            let second = first.stopped(Timestamp::MAX);
            assert_eq!(other.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
            tokio::time::sleep(Duration::from_millis(100)).await;
            if subscriber.knows(&second) {
                return;
            }
        }
    };
    timeout(DEADLINE, reported).await.expect("the feed reports changes of the new cluster");
}

/// One of three masters is gone and has no replica. With Redis's defaults, all nodes then say that the cluster is down.
#[tokio::test]
async fn a_cluster_that_is_down_is_not_followed_until_it_is_up_again() {
    let cluster = RedisCluster::start(0, &["--cluster-node-timeout", "1000"]);
    let store = connect(&cluster.address(), TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    cluster.nodes[0].pause();
    for node in &cluster.nodes[1..] {
        says(node, "cluster_state:fail").await;
    }
    // Each master is asked once a second, and may take as long to answer.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let (before, caught_up) = (restarts(&subscriber), subscriber.caught_up_to());
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!((restarts(&subscriber), subscriber.caught_up_to()), (before, caught_up));
    cluster.nodes[0].go_on();
    subscriber.is_caught_up().await;
}
