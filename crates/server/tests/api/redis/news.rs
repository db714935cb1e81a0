//! How the store in Redis tells of replacements.

use std::sync::Arc;

use tickseed_server::session::{Created, News, Replaced, SessionStore, Timestamp};
use tokio::task::JoinSet;

use super::{connect, redis_and_store};
use crate::acceptance::session;
use crate::follower::{TestFollower, Told};
use crate::redis_server::{RedisCluster, RedisServer};
use crate::support::{DEADLINE, TestClock};

const CHANNEL: &str = "tickseed:0:replaced";

#[tokio::test]
async fn who_begins_to_follow_while_many_replace_is_told_everything_from_then_on() {
    let server = RedisServer::start(&[]);
    begins_in_the_middle(&server.address()).await;
}

#[tokio::test]
async fn who_begins_to_follow_a_cluster_while_many_replace_is_told_everything_from_then_on() {
    let cluster = RedisCluster::start(0, &[]);
    begins_in_the_middle(&cluster.address()).await;
}

async fn begins_in_the_middle(address: &str) {
    let store = Arc::new(connect(address, TestClock::new()).await);
    let mut replacers = JoinSet::new();
    for _ in 0..8 {
        replacers.spawn(replace_for_ever(Arc::clone(&store)));
    }
    for _ in 0..10 {
        let late = connect(address, TestClock::new()).await;
        let follower = TestFollower::of(&late);
        follower.has_begun(1).await;
        let first = session(0);
        assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
        let second = first.stopped(Timestamp::MAX);
        assert_eq!(store.replace(second.clone(), None).await.unwrap(), Replaced::Yes);
        follower.is_up_to_date().await;
        assert!(follower.knows_of(&second));
        let before_the_first_proof = follower.told_before_the_first_proof();
        assert!(
            before_the_first_proof.iter().any(|told| matches!(told, Told::Begins(News::Soon, _))),
            "{before_the_first_proof:?}"
        );
    }
    replacers.abort_all();
}

async fn replace_for_ever(store: Arc<impl SessionStore>) {
    let mut session = session(0);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    loop {
        session = session.stopped(Timestamp::MAX);
        assert_eq!(store.replace(session.clone(), None).await.unwrap(), Replaced::Yes);
    }
}

#[tokio::test]
async fn after_news_that_cannot_be_read_they_begin_anew() {
    let (server, store) = redis_and_store().await;
    let follower = TestFollower::of(&store);
    follower.is_up_to_date().await;
    for (message, times) in [("too short", 2), ("sixteen bytes id\u{2}{}", 3)] {
        assert_eq!(server.ask::<u64>(&["PUBLISH", CHANNEL, message]), 1, "somebody listens");
        follower.has_begun(times).await;
    }
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(store.replace(second.clone(), None).await.unwrap(), Replaced::Yes);
    follower.is_up_to_date().await;
    assert!(follower.knows_of(&second));
}

#[tokio::test]
async fn the_connection_for_the_news_ends_with_the_follower_and_with_the_store() {
    let (server, store) = redis_and_store().await;
    let follower = TestFollower::of(&store);
    follower.is_up_to_date().await;
    assert_eq!(listeners(&server), 1);
    drop(follower);
    nobody_listens(&server).await;

    let store = connect(&server.address(), TestClock::new()).await;
    let follower = TestFollower::of(&store);
    follower.is_up_to_date().await;
    drop(store);
    nobody_listens(&server).await;
}

async fn nobody_listens(server: &RedisServer) {
    let nobody = async {
        while listeners(server) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, nobody).await.expect("nobody listens any more");
}

fn listeners(server: &RedisServer) -> u64 {
    let (_, listeners): (String, u64) = server.ask(&["PUBSUB", "NUMSUB", CHANNEL]);
    listeners
}

#[tokio::test]
async fn each_database_has_its_own_sessions_and_its_own_news() {
    let server = RedisServer::start(&[]);
    let third = format!("{}/3", server.address());
    let (none, three) =
        (connect(&server.address(), TestClock::new()).await, connect(&third, TestClock::new()).await);
    let (of_none, of_three) = (TestFollower::of(&none), TestFollower::of(&three));
    of_none.is_up_to_date().await;
    of_three.is_up_to_date().await;
    let mut channels: Vec<String> = server.ask(&["PUBSUB", "CHANNELS"]);
    channels.sort();
    assert_eq!(channels, ["tickseed:0:replaced", "tickseed:3:replaced"]);

    let first = session(0);
    assert_eq!(three.create(first.clone()).await.unwrap(), Created::Yes);
    assert_eq!(none.find(first.id).await.unwrap(), None);
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(three.replace(second.clone(), None).await.unwrap(), Replaced::Yes);
    of_none.is_up_to_date().await;
    of_three.is_up_to_date().await;
    assert!(of_three.knows_of(&second) && !of_none.knows_of(&second));
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), 0);
    assert_eq!(crate::redis_server::ask::<u64>(&third, &["DBSIZE"]), 1);
}
