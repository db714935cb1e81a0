//! What the store in Redis says while Redis is away, and that it goes on afterwards.

use tickseed_server::session::{Created, Replaced, SessionStore, StoreError, Timestamp};

use super::{connect, redis_and_store};
use crate::acceptance::session;
use crate::follower::TestFollower;
use crate::redis_server::RedisServer;
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
