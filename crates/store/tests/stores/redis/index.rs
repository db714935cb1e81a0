//! The index from which the list is made: complete, small, and on the right masters.

use std::time::{Duration, Instant};

use tickseed_session::acceptance::{DEADLINE, LOOK_EVERY, RecordingSubscriber, TestClock, now, session};
use tickseed_session::{Created, Deleted, Session, SessionId, SessionStore, StoreError, Timestamp};
use tickseed_store::test_servers::{RedisCluster, RedisServer};
use tickseed_store::{RedisAddress, RedisStore};
use tokio::time::sleep;

use super::access::{PASSWORD, PERMISSIONS, with_login};
use super::{connect, options, redis_and_store};

/// The index of a Redis that is not a cluster.
const INDEX: &str = "session:{index}";

/// How old an entry is at least that can be removed.
const REMOVED_AFTER: Duration = Duration::from_mins(10);

async fn created(store: &impl SessionStore, session: Session) -> Session {
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    session
}

/// A session that was created this long before the initial time of the test clock.
fn aged(age: Duration) -> Session {
    Session { id: SessionId::random(now().before(age)), ..session(0) }
}

fn key(session: &Session) -> String {
    format!("session:{{{}}}", session.id)
}

async fn listed(store: &impl SessionStore) -> Vec<SessionId> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.list(after, 10).await.unwrap();
        ids.extend(page.sessions.into_iter().map(|session| session.id));
        after = page.next;
        if after.is_none() {
            return ids;
        }
    }
}

async fn wait_until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !is_so().await {
        assert!(since.elapsed() < DEADLINE, "too late: {what}");
        sleep(LOOK_EVERY).await;
    }
}

/// A server of an earlier version stores sessions without adding them to the index.
#[tokio::test]
async fn sessions_of_earlier_versions_are_listed_soon_after_a_server_starts() {
    let (server, store) = redis_and_store().await;
    let mut expected = Vec::new();
    for number in 0..500 {
        let id = if number == 0 {
            // The first ids did not begin with a time.
            "sess_550e8400-e29b-41d4-a716-446655440000".parse().unwrap()
        } else {
            session(0).id
        };
        expected.push(created(&store, Session { id, ..session(0) }).await.id);
    }
    server.ask::<()>(&["SET", "session:{sess_no-id}", ""]);
    server.ask::<()>(&["DEL", INDEX]);
    assert_eq!(listed(&store).await, []);
    let later = connect(&server.address(), TestClock::new()).await;
    expected.sort_unstable_by(|one, other| other.cmp(one));
    wait_until("all are listed", async || listed(&later).await == expected).await;
    assert_eq!(listed(&store).await, expected, "on every server");
}

#[tokio::test]
async fn sessions_of_earlier_versions_are_listed_on_a_cluster() {
    let cluster = RedisCluster::start(0, &[]);
    let store = connect(&cluster.address(), TestClock::new()).await;
    let mut expected = Vec::new();
    for _ in 0..60 {
        expected.push(created(&store, session(0)).await.id);
    }
    for node in &cluster.nodes {
        for key in node.ask::<Vec<String>>(&["KEYS", "session:{index-*"]) {
            node.ask::<()>(&["DEL", &key]);
        }
    }
    assert_eq!(listed(&store).await, []);
    let later = connect(&cluster.address(), TestClock::new()).await;
    expected.sort_unstable_by(|one, other| other.cmp(one));
    wait_until("all are listed", async || listed(&later).await == expected).await;
}

/// Redis expires sessions by itself, and their entries stay behind. They are skipped, and removed when they are old.
#[tokio::test]
async fn entries_without_a_session_are_skipped_and_removed() {
    let (server, store) = redis_and_store().await;
    let kept = created(&store, aged(2 * REMOVED_AFTER)).await;
    let mut orphans = Vec::new();
    let nearly = REMOVED_AFTER.saturating_sub(Duration::from_secs(1));
    for age in [Duration::ZERO, nearly, REMOVED_AFTER, 3 * REMOVED_AFTER] {
        orphans.push(created(&store, aged(age)).await);
    }
    for orphan in &orphans {
        server.ask::<()>(&["DEL", &key(orphan)]);
    }
    let page = store.list(None, 2).await.unwrap();
    assert_eq!((page.sessions.len(), page.next), (0, Some(orphans[1].id)), "a page can be empty");
    assert_eq!(listed(&store).await, [kept.id]);
    // Each look through the index begins when a server starts, and then every minute.
    let _later = connect(&server.address(), TestClock::new()).await;
    wait_until("the old ones are removed", async || server.ask::<u64>(&["ZCARD", INDEX]) == 3).await;
    assert_eq!(listed(&store).await, [kept.id]);
    let clock = TestClock::new();
    clock.advance(REMOVED_AFTER);
    let _much_later = connect(&server.address(), clock).await;
    wait_until("all are removed", async || server.ask::<u64>(&["ZCARD", INDEX]) == 1).await;
    assert_eq!(listed(&store).await, [kept.id]);
}

#[tokio::test]
async fn an_expired_session_leaves_the_list() {
    let (server, store) = redis_and_store().await;
    let gone = Session { expires_at: Some(now().before(Duration::from_mins(1))), ..session(0) };
    let (gone, kept) = (created(&store, gone).await, created(&store, session(0)).await);
    wait_until("Redis removes it", async || !server.ask::<bool>(&["EXISTS", &key(&gone)])).await;
    assert_eq!(listed(&store).await, [kept.id]);
}

#[tokio::test]
async fn a_deletion_leaves_nothing_behind() {
    let (server, store) = redis_and_store().await;
    let first = created(&store, session(0)).await;
    assert_eq!(store.delete(first, None).await.unwrap(), Deleted::Yes);
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), 0);
}

#[tokio::test]
async fn a_session_that_cannot_be_stored_leaves_nothing_behind() {
    let (server, store) = redis_and_store().await;
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    assert!(matches!(store.0.create(session(0)).await, Err(StoreError::NotWritable { .. })));
    assert!(!server.ask::<bool>(&["EXISTS", INDEX]));
}

#[tokio::test]
async fn sessions_can_be_deleted_while_redis_is_full() {
    let (server, store) = redis_and_store().await;
    let first = created(&store, session(0)).await;
    server.ask::<()>(&["CONFIG", "SET", "maxmemory", "1"]);
    assert_eq!(store.delete(first.clone(), None).await.unwrap(), Deleted::Yes);
    assert_eq!(store.find(first.id).await.unwrap(), None);
}

/// What is not deleted must not be reported as deleted.
#[tokio::test]
async fn without_permission_to_delete_nothing_is_deleted_and_nothing_is_reported() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &PERMISSIONS[..], &["-del"]].concat());
    let store = connect(&with_login(&server, &format!("tickseed:{PASSWORD}")), TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&store);
    let first = created(&store, session(0)).await;
    assert!(store.0.delete(first.clone(), None).await.unwrap_err().is_temporary());
    server.ask::<()>(&["ACL", "SETUSER", "tickseed", "+del", "-publish"]);
    assert!(store.0.delete(first.clone(), None).await.unwrap_err().is_temporary());
    assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(listed(&store).await, [first.id]);
    subscriber.is_caught_up().await;
    assert!(!subscriber.knows_deleted(first.id));
    server.ask::<()>(&["ACL", "SETUSER", "tickseed", "+publish"]);
    assert_eq!(store.delete(first, None).await.unwrap(), Deleted::Yes);
}

/// The new version must not begin to serve before its user may use the index: it could store no session.
#[tokio::test]
async fn a_user_without_permission_for_the_index_is_refused_at_once() {
    for command in ["zadd", "zrem", "zrangebylex", "zrevrangebylex"] {
        let server = RedisServer::start(&[]);
        server.ask::<()>(
            &[&["ACL", "SETUSER", "tickseed"], &PERMISSIONS[..], &[format!("-{command}").as_str()]].concat(),
        );
        let address = with_login(&server, &format!("tickseed:{PASSWORD}"));
        let address = RedisAddress::parse(&address, None).unwrap();
        let error =
            RedisStore::connect(address, options(TestClock::new())).await.err().expect("it is refused");
        let message = tickseed_session::error_chain(&error);
        let expected = "its user lacks a permission that this server needs: ";
        assert!(message.contains(expected) && message.contains(&format!("'{command}'")), "{message}");
    }
}

/// The probe would say that writes work, and the next creation that they do not.
#[tokio::test]
async fn a_permission_for_the_index_that_is_taken_away_is_noticed_until_it_is_back() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &PERMISSIONS[..]].concat());
    let store = connect(&with_login(&server, &format!("tickseed:{PASSWORD}")), TestClock::new()).await;
    created(&store, session(0)).await;
    server.ask::<()>(&["ACL", "SETUSER", "tickseed", "-zadd"]);
    let refused = store.0.create(session(0)).await.unwrap_err();
    assert_eq!(refused.to_string(), "Redis denies this server a permission");
    // It is probed once a second.
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(2_500) {
        assert!(store.write_failure().is_some(), "the probe finds out what creating a session needs");
        sleep(LOOK_EVERY).await;
    }
    server.ask::<()>(&["ACL", "SETUSER", "tickseed", "+zadd"]);
    wait_until("the store finds out", async || store.write_failure().is_none()).await;
    created(&store, session(0)).await;
}

/// A master that is away must hold up as few sessions of the others as possible.
#[tokio::test]
async fn nearly_all_sessions_of_a_cluster_have_their_entry_on_their_own_master() {
    const SESSIONS: u64 = 300;
    let cluster = RedisCluster::start(0, &[]);
    let store = connect(&cluster.address(), TestClock::new()).await;
    for _ in 0..SESSIONS {
        created(&store, session(0)).await;
    }
    let (mut entries, mut away) = (0, 0);
    for node in &cluster.nodes {
        let sessions = node.ask::<Vec<String>>(&["KEYS", "session:{sess_*"]).len() as u64;
        let keys = node.ask::<Vec<String>>(&["KEYS", "session:{index-*"]);
        let indexed: u64 = keys.iter().map(|key| node.ask::<u64>(&["ZCARD", key])).sum();
        entries += indexed;
        away += sessions.abs_diff(indexed);
    }
    assert_eq!(entries, SESSIONS);
    assert!(away < SESSIONS / 10, "{away} are on another master, counted twice");
}

/// A list with holes that nobody knows of would be worse than none.
#[tokio::test]
async fn a_cluster_lists_nothing_while_a_master_is_away() {
    let mut cluster = RedisCluster::start(
        0,
        &["--cluster-require-full-coverage", "no", "--appendonly", "yes", "--appendfsync", "always"],
    );
    let store = connect(&cluster.address(), TestClock::new()).await;
    let mut expected = Vec::new();
    for _ in 0..30 {
        expected.push(created(&store, session(0)).await.id);
    }
    cluster.nodes[1].kill();
    let error = store.0.list(None, 10).await.unwrap_err();
    assert!(error.is_temporary(), "{error}");
    cluster.nodes[1].start_again();
    expected.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(listed(&store).await, expected);
}

/// Damaged records, and those of a later version.
#[tokio::test]
async fn what_cannot_be_read_is_left_out_of_the_list() {
    let (server, store) = redis_and_store().await;
    let sessions = [created(&store, session(0)).await, created(&store, session(0)).await];
    let kept = created(&store, session(0)).await;
    server.ask::<()>(&["SET", &key(&sessions[0]), "damaged"]);
    server.ask::<()>(&["SET", &key(&sessions[1]), "\u{9}\0\0\0\0\0\0\0\u{1}later"]);
    assert_eq!(listed(&store).await, [kept.id]);
    let later = kept.stopped(Timestamp::MAX);
    assert_eq!(store.delete(later, None).await.unwrap(), Deleted::No);
}

/// Prints what the documentation says: `cargo test -p tickseed-store --test stores index_takes -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "it measures, and takes a while"]
async fn the_index_takes_this_much_memory_for_each_session() {
    const SESSIONS: usize = 100_000;
    let server = RedisServer::start(&[]);
    let store = connect(&server.address(), TestClock::new()).await;
    for chunk in 0..SESSIONS / 100 {
        let creations = (0..100).map(|_| store.create(session(0)));
        for created in futures_util::future::join_all(creations).await {
            assert_eq!(created.unwrap(), Created::Yes, "{chunk}");
        }
    }
    let bytes: usize = server.ask(&["MEMORY", "USAGE", INDEX, "SAMPLES", "0"]);
    let all = server.ask::<String>(&["INFO", "memory"]);
    let used = all.lines().find(|line| line.starts_with("used_memory:")).unwrap_or_default();
    println!("{} bytes for each of {SESSIONS} sessions; {used}", bytes / SESSIONS);
}
