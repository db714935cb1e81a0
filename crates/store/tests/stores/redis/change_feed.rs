//! The change feed of Redis.

use std::sync::Arc;

use tickseed_session::{Created, Replaced, SessionStore, Timestamp};
use tokio::task::JoinSet;

use super::{connect, redis_and_store};
use tickseed_session::acceptance::{DEADLINE, LOOK_EVERY, RecordingSubscriber, Report, TestClock, session};
use tickseed_store::test_servers::{RedisCluster, RedisServer};

const CHANNEL: &str = "tickseed:0:replaced";

#[tokio::test]
async fn a_new_subscriber_hears_every_later_change_during_many_replacements() {
    let server = RedisServer::start(&[]);
    subscribe_during_replacements(&server.address(), 1).await;
}

#[tokio::test]
async fn a_new_subscriber_to_a_cluster_hears_every_later_change_during_many_replacements() {
    let cluster = RedisCluster::start(0, &[]);
    // Each part restarts once the masters are known, and again when it connects.
    subscribe_during_replacements(&cluster.address(), 6).await;
}

async fn subscribe_during_replacements(address: &str, restarts: usize) {
    let store = Arc::new(connect(address, TestClock::new()).await);
    let mut replacers = JoinSet::new();
    for _ in 0..8 {
        replacers.spawn(replace_forever(Arc::clone(&store)));
    }
    for _ in 0..10 {
        let late = connect(address, TestClock::new()).await;
        let subscriber = RecordingSubscriber::of(&late);
        subscriber.has_restarted(restarts).await;
        let first = session(0);
        assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
        let second = first.stopped(Timestamp::MAX);
        assert_eq!(store.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
        subscriber.is_caught_up().await;
        assert!(subscriber.knows(&second));
        let before_it_caught_up = subscriber.reports_before_it_caught_up();
        assert!(
            before_it_caught_up.iter().any(|report| matches!(report, Report::Restarted(..))),
            "{before_it_caught_up:?}"
        );
    }
    replacers.abort_all();
}

async fn replace_forever(store: Arc<impl SessionStore>) {
    let mut session = session(0);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    loop {
        session = session.stopped(Timestamp::MAX);
        assert_eq!(store.compare_and_set(session.clone(), None).await.unwrap(), Replaced::Yes);
    }
}

#[tokio::test]
async fn the_feed_restarts_after_an_unreadable_message() {
    let (server, store) = redis_and_store().await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    for (message, times) in [("too short", 2), ("sixteen bytes id\u{2}{}", 3)] {
        assert_eq!(server.ask::<u64>(&["PUBLISH", CHANNEL, message]), 1, "the store listens");
        subscriber.has_restarted(times).await;
    }
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(store.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
    subscriber.is_caught_up().await;
    assert!(subscriber.knows(&second));
}

#[tokio::test]
async fn the_connection_of_the_feed_ends_with_the_subscriber_and_with_the_store() {
    let (server, store) = redis_and_store().await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    assert_eq!(listeners(&server), 1);
    drop(subscriber);
    wait_until_nobody_listens(&server).await;

    let store = connect(&server.address(), TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    drop(store);
    wait_until_nobody_listens(&server).await;
}

async fn wait_until_nobody_listens(server: &RedisServer) {
    let silence = async {
        while listeners(server) > 0 {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(DEADLINE, silence).await.expect("the last listener leaves");
}

fn listeners(server: &RedisServer) -> u64 {
    let (_, listeners): (String, u64) = server.ask(&["PUBSUB", "NUMSUB", CHANNEL]);
    listeners
}

#[tokio::test]
async fn each_database_has_its_own_sessions_and_its_own_feed() {
    let server = RedisServer::start(&[]);
    let address_of_three = format!("{}/3", server.address());
    let zero = connect(&server.address(), TestClock::new()).await;
    let three = connect(&address_of_three, TestClock::new()).await;
    let (of_zero, of_three) = (RecordingSubscriber::of(&zero), RecordingSubscriber::of(&three));
    of_zero.is_caught_up().await;
    of_three.is_caught_up().await;
    let mut channels: Vec<String> = server.ask(&["PUBSUB", "CHANNELS"]);
    channels.sort();
    assert_eq!(channels, ["tickseed:0:replaced", "tickseed:3:replaced"]);

    let first = session(0);
    assert_eq!(three.create(first.clone()).await.unwrap(), Created::Yes);
    assert_eq!(zero.find(first.id).await.unwrap(), None);
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(three.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
    of_zero.is_caught_up().await;
    of_three.is_caught_up().await;
    assert!(of_three.knows(&second) && !of_zero.knows(&second));
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), 0);
    assert_eq!(
        tickseed_store::test_servers::ask::<u64>(&address_of_three, &["DBSIZE"]),
        2,
        "it and the index"
    );
}
