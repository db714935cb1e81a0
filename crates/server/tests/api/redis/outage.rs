//! What the store in Redis says while Redis is away, and that it goes on afterwards.

use std::future::Future;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{Client, cmd};
use tickseed_server::session::{
    Clock, Created, Replaced, SessionId, SessionStore, StoreError, SystemClock, Timestamp,
};

use super::{connect, redis_and_store};
use crate::acceptance::session;
use crate::follower::TestFollower;
use crate::redis_server::{RedisCluster, RedisServer};
use crate::support::TestClock;

#[tokio::test]
async fn a_redis_that_is_silent_is_unavailable_and_is_used_again_when_it_answers() {
    let (server, store) = redis_and_store().await;
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    server.pause();
    let (created, second) = (session(0), first.stopped(Timestamp::MAX));
    assert!(matches!(store.0.find(first.id).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.0.create(created.clone()).await, Err(StoreError::NotAsked)));
    assert!(matches!(store.0.replace(second.clone(), None).await, Err(StoreError::NotAsked)));
    assert!(matches!(store.0.check().await, Err(StoreError::NotAsked)));
    server.go_on();
    store.check().await.unwrap();
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
    assert_eq!(store.find(created.id).await.unwrap(), None, "it was not asked");
    assert_eq!(store.replace(second.clone(), None).await.unwrap(), Replaced::Yes);
}

/// Also a Redis that has forgotten the scripts, and whose channel nobody listens to any more.
#[tokio::test]
async fn after_a_crash_of_redis_what_was_acknowledged_is_there_and_everything_goes_on() {
    let mut server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = connect(&server.address(), TestClock::new()).await;
    let follower = TestFollower::of(&store);
    follower.is_up_to_date().await;
    let first = session(3_600);
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(store.create(first).await.unwrap(), Created::Yes);
    assert_eq!(store.replace(second.clone(), None).await.unwrap(), Replaced::Yes);
    server.kill();
    assert!(store.0.find(second.id).await.unwrap_err().may_pass());
    server.start_again();
    assert_eq!(store.find(second.id).await.unwrap().as_ref(), Some(&second));
    follower.has_begun(2).await;
    let third = second.stopped(Timestamp::MAX);
    assert_eq!(store.replace(third.clone(), None).await.unwrap(), Replaced::Yes);
    follower.is_up_to_date().await;
    assert!(follower.knows_of(&third));
}

#[tokio::test]
async fn nothing_is_proved_while_any_master_of_a_cluster_is_silent() {
    let cluster = RedisCluster::start(0, &[]);
    let store = connect(&cluster.address(), TestClock::new()).await;
    let follower = TestFollower::of(&store);
    for node in &cluster.nodes {
        follower.is_up_to_date().await;
        node.pause();
        let paused_at = SystemClock.uptime();
        // Several times as long as it takes to prove something.
        tokio::time::sleep(Duration::from_millis(250)).await;
        assert!(follower.told_until().iter().all(|told_until| *told_until < paused_at));
        node.go_on();
    }
    follower.is_up_to_date().await;
}

/// Who is told that a write was refused counts on nothing having changed.
#[tokio::test]
async fn a_write_whose_answer_is_lost_is_never_said_to_be_refused() {
    let server = RedisServer::start(&[]);
    no_lost_answer_is_a_refusal(&server.address(), std::slice::from_ref(&server)).await;
}

#[tokio::test]
async fn a_write_whose_answer_a_cluster_loses_is_never_said_to_be_refused() {
    let cluster = RedisCluster::start(0, &[]);
    no_lost_answer_is_a_refusal(&cluster.address(), &cluster.nodes).await;
}

async fn no_lost_answer_is_a_refusal(address: &str, nodes: &[RedisServer]) {
    let store = Arc::new(connect(address, TestClock::new()).await);
    // So that Redis knows the script.
    let other = session(0);
    assert_eq!(store.create(other.clone()).await.unwrap(), Created::Yes);
    assert_eq!(store.replace(other.stopped(Timestamp::MAX), None).await.unwrap(), Replaced::Yes);

    let first = session(0);
    let second = first.stopped(Timestamp::MAX);
    let (create, replace) = (Arc::clone(&store), Arc::clone(&store));
    let (created, replaced) = (first.clone(), second.clone());
    let outcome = losing_the_answer(nodes, first.id, async move { create.0.create(created).await }).await;
    assert!(!matches!(outcome, Ok(Created::IdTaken)), "it was carried out");
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
    let outcome =
        losing_the_answer(nodes, second.id, async move { replace.0.replace(replaced, None).await }).await;
    assert!(!matches!(outcome, Ok(Replaced::No)), "it was carried out");
    assert_eq!(store.find(second.id).await.unwrap(), Some(second));
}

/// Writes a session so that Redis carries it out and cuts all connections before it has answered.
async fn losing_the_answer<T: Send + 'static>(
    nodes: &[RedisServer],
    id: SessionId,
    write: impl Future<Output = T> + Send + 'static,
) -> T {
    let node = nodes.iter().find(|node| keeps(node, id)).unwrap();
    let mut killer = TcpStream::connect(("127.0.0.1", node.port())).unwrap();
    node.pause();
    let write = tokio::spawn(write);
    // It is on its way then, and Redis answers what it has done only when it has done all that has come.
    tokio::time::sleep(Duration::from_millis(50)).await;
    killer.write_all(b"CLIENT KILL TYPE normal\r\n").unwrap();
    node.go_on();
    write.await.unwrap()
}

/// Whether a node keeps that session, or would: the others of its cluster refuse to say.
fn keeps(node: &RedisServer, id: SessionId) -> bool {
    let mut connection = Client::open(node.address()).unwrap().get_connection().unwrap();
    cmd("EXISTS").arg(format!("session:{{{id}}}")).query::<bool>(&mut connection).is_ok()
}
