//! Redis answers, but refuses writes.

use tickseed_session::acceptance::{
    DEADLINE, LOOK_EVERY, RecordingSubscriber, TestClock, reservation, session,
};
use tickseed_session::{
    ChangeFeed, Created, Deadline, Progress, Replaced, RequestId, SessionStore, StoreError, Timestamp,
};
use tickseed_store::test_servers::{RedisCluster, RedisServer};
use tokio::time::timeout;

use super::access::{PASSWORD, PERMISSIONS, with_login};
use super::{connect, redis_and_store};

/// Waits until a store finds out by itself that it can be written.
async fn wait_until_writable(store: &impl SessionStore) {
    let writable = async {
        while store.write_failure().is_some() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, writable).await.expect("the store finds out in time");
}

fn reason<T: std::fmt::Debug>(refused: Result<T, StoreError>) -> &'static str {
    match refused {
        Err(StoreError::NotWritable { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_full_redis_refuses_new_sessions_but_no_stops() {
    let (server, store) = redis_and_store().await;
    let subscriber = RecordingSubscriber::of(&store);
    let first = session(3_600);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    subscriber.is_caught_up().await;
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(reason(store.0.create(session(0)).await), "Redis is full");
    assert_eq!(store.write_failure().unwrap().to_string(), "Redis is full");
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(
        store.compare_and_set(second.clone(), Some(Deadline::OfServer(Timestamp::MAX))).await.unwrap(),
        Replaced::Yes
    );
    assert_eq!(store.find(second.id).await.unwrap().as_ref(), Some(&second));
    subscriber.is_caught_up().await;
    assert!(subscriber.knows(&second));
    assert!(store.write_failure().is_some(), "a stop does not show that sessions can be created");
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    wait_until_writable(&store).await;
    assert_eq!(store.create(session(0)).await.unwrap(), Created::Yes);
    // The session still expires.
    assert!(server.ask::<i64>(&["PTTL", &format!("session:{{{}}}", second.id)]) > 3_600_000);
}

/// A stop with an idempotency key that began before Redis was full must be able to end, and a repetition gets its answer.
#[tokio::test]
async fn a_full_redis_finishes_the_requests_that_it_keeps_and_keeps_no_new_ones() {
    let (server, store) = redis_and_store().await;
    let requests = store.requests().unwrap();
    let [known, unknown] = [3, 4].map(|byte| RequestId::new([byte; 32]));
    assert!(requests.reserve(known, reservation(1, Progress::Begun)).await.unwrap().is_none());
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    let planned = reservation(2, Progress::Planned(Box::new(session(0))));
    assert!(requests.update(known, 1, planned.clone()).await.unwrap());
    let existing = requests.reserve(known, reservation(3, Progress::Begun)).await.unwrap();
    assert!(existing == Some(planned), "a repetition finds it");
    let refused = requests.reserve(unknown, reservation(1, Progress::Begun)).await;
    assert_eq!(reason(refused.map(|_| ())), "Redis is full");
    assert!(requests.release(known, 2).await.unwrap());
}

#[tokio::test]
async fn a_store_that_writes_nothing_knows_that_it_could_not() {
    let server = RedisServer::start(&["--maxmemory", "1"]);
    let store = connect(&server.address(), TestClock::new()).await;
    let known = async {
        while store.write_failure().is_none() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, known).await.expect("the store finds out in time");
    assert_eq!(store.write_failure().unwrap().to_string(), "Redis is full");
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    wait_until_writable(&store).await;
}

/// The documentation did not always list DEL among the permissions.
#[tokio::test]
async fn without_permission_to_delete_a_full_redis_refuses_stops_as_well() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &PERMISSIONS[..], &["-del"]].concat());
    let store = connect(&with_login(&server, &format!("tickseed:{PASSWORD}")), TestClock::new()).await;
    let first = session(3_600);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(reason(store.0.compare_and_set(first.stopped(Timestamp::MAX), None).await), "Redis is full");
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
}

#[tokio::test]
async fn one_full_master_of_a_cluster_is_named_and_the_others_work() {
    let cluster = RedisCluster::start(0, &[]);
    let store = connect(&cluster.address(), TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    cluster.nodes[0].ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    let mut created = Vec::new();
    let (refused, reason) = loop {
        let new = session(0);
        match store.0.create(new.clone()).await {
            Ok(Created::Yes) => created.push(store.0.part_of(new.id)),
            Err(StoreError::NotWritable { reason, .. }) if created.len() > 20 => {
                break (store.0.part_of(new.id), reason);
            }
            Err(error) if error.is_temporary() => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reason, "Redis is full");
    assert!(!created.contains(&refused), "only the full master refuses");
    assert_eq!(store.write_failure().unwrap().to_string(), "Redis is full");
    cluster.nodes[0].ask::<()>(&["CONFIG", "SET", "maxmemory", "0"]);
    wait_until_writable(&store).await;
}

/// A login that Redis refuses stays refused on the connection that exists.
#[tokio::test]
async fn a_login_that_is_accepted_again_is_used_again() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &PERMISSIONS[..]].concat());
    let store = connect(&with_login(&server, &format!("tickseed:{PASSWORD}")), TestClock::new()).await;
    let login = |password| server.ask::<()>(&["ACL", "SETUSER", "tickseed", "resetpass", password]);
    login(">changed");
    server.ask::<()>(&["CLIENT", "KILL", "USER", "tickseed"]);
    let refused = async {
        while !matches!(store.0.create(session(0)).await, Err(StoreError::NotWritable { .. })) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, refused).await.expect("the login is refused");
    assert_eq!(store.write_failure().unwrap().to_string(), "Redis refuses the login of this server");
    login(">opensesame");
    wait_until_writable(&store).await;
    assert_eq!(store.create(session(0)).await.unwrap(), Created::Yes);
}

#[tokio::test]
async fn a_key_of_another_type_is_unreadable_and_affects_no_other_session() {
    let (server, store) = redis_and_store().await;
    let first = session(0);
    server.ask::<()>(&["LPUSH", &format!("session:{{{}}}", first.id), "element"]);
    for refused in [
        store.find(first.id).await.map(|_| ()),
        store.compare_and_set(first.stopped(Timestamp::MAX), None).await.map(|_| ()),
    ] {
        match refused {
            Err(StoreError::Unreadable { id, reason }) => {
                assert!(id == first.id && reason.contains("WRONGTYPE"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(store.write_failure().is_none());
    assert_eq!(store.create(session(0)).await.unwrap(), Created::Yes);
}
