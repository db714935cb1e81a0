//! The records in Redis: their keys, their bytes, and their time to live.

use std::time::Duration;

use tickseed_engine::{Rules, Schedule, Seed};
use tickseed_session::{
    Created, Deadline, Metadata, Notice, Replaced, Revision, Session, SessionId, SessionStore, Timestamp,
    UnknownFields, WriteId, plain_schedule,
};

use super::{connect, redis_and_store};
use tickseed_session::acceptance::{DEADLINE, LOOK_EVERY, NOW, PatientStore, TestClock, session};
use tickseed_store::RedisStore;
use tickseed_store::test_servers::RedisServer;

const ID: &str = "sess_550e8400-e29b-41d4-a716-446655440000";
const KEY: &str = "session:{sess_550e8400-e29b-41d4-a716-446655440000}";

/// The golden bytes of form 1. They never change.
const GOLDEN: &str = concat!(
    "\u{1}",
    r#"{"seed":"é","start_at":1700000000000,"tick_ms":100,"break_min":100,"break_max":300,"rounds_per_epoch":64,"#,
    r#""engine_version":1,"metadata":{"z":1,"a":[0.1,null]},"created_at":1700000000001,"stopped_at":1700000000002,"#,
    r#""expires_at":1700000000003,"revision":7}"#
);

fn golden() -> Session {
    let instant = |millis| Timestamp::from_millis(millis).unwrap();
    Session {
        id: ID.parse().unwrap(),
        seed: Seed::new("é").unwrap(),
        schedule: plain_schedule(Schedule::new(1_700_000_000_000, 100).unwrap()),
        notice: Notice::NONE,
        rules: Rules::default(),
        engine_version: 1,
        metadata: Some(Metadata::new(&serde_json::from_str(r#"{"z":1,"a":[0.1,null]}"#).unwrap()).unwrap()),
        created_at: instant(1_700_000_000_001),
        stopped_at: Some(instant(1_700_000_000_002)),
        expires_at: Some(instant(1_700_000_000_003)),
        revision: Revision::new(7).unwrap(),
        write: WriteId::NONE,
        replaces: WriteId::NONE,
        control: None,
        key: None,
        unknown_fields: UnknownFields::default(),
    }
}

/// Starts a Redis and connects a store by whose clock the golden session has not expired.
async fn redis_and_store_before_the_expiry() -> (RedisServer, PatientStore<RedisStore>) {
    let (server, clock) = (RedisServer::start(&[]), TestClock::new());
    clock.set("2023-11-14T22:13:20.000Z");
    let store = connect(&server.address(), clock).await;
    (server, store)
}

fn key(id: SessionId) -> String {
    format!("session:{{{id}}}")
}

/// Returns how much longer Redis keeps a session, in milliseconds; a negative number means forever.
fn time_to_live(server: &RedisServer, id: SessionId) -> i64 {
    server.ask(&["PTTL", &key(id)])
}

#[tokio::test]
async fn a_session_is_one_string_whose_key_and_bytes_never_change() {
    let (server, store) = redis_and_store_before_the_expiry().await;
    assert_eq!(store.create(golden()).await.unwrap(), Created::Yes);
    assert_eq!(server.ask::<Vec<String>>(&["KEYS", "session:{sess_*"]), [KEY]);
    assert_eq!(server.ask::<String>(&["GET", KEY]), GOLDEN);

    let replaced = golden().stopped(Timestamp::from_millis(1_700_000_000_001).unwrap());
    assert_eq!(store.compare_and_set(replaced.clone(), None).await.unwrap(), Replaced::Yes);
    let bytes =
        GOLDEN.replace("1700000000002", "1700000000001").replace(r#""revision":7"#, r#""revision":8"#);
    assert_eq!(server.ask::<String>(&["GET", KEY]), bytes);
    assert_eq!(server.ask::<Vec<String>>(&["KEYS", "session:{sess_*"]), [KEY]);

    // Beside it there is its entry in the list.
    let entries: Vec<Vec<u8>> = server.ask(&["ZRANGE", "session:{index}", "0", "-1", "WITHSCORES"]);
    assert_eq!(entries, [golden().id.as_bytes().to_vec(), b"0".to_vec()]);
    assert_eq!(server.ask::<u64>(&["DBSIZE"]), 2);

    server.ask::<()>(&["SET", KEY, GOLDEN]);
    assert_eq!(store.find(golden().id).await.unwrap(), Some(golden()), "another version may have written it");
}

#[tokio::test]
async fn redis_keeps_a_session_until_a_minute_after_it_expires() {
    let (server, store) = redis_and_store().await;
    let most = i64::try_from((Duration::from_hours(1) + Duration::from_mins(1)).as_millis()).unwrap();
    let tolerance = i64::try_from(DEADLINE.as_millis()).unwrap();
    let session = session(3_600);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    let before = time_to_live(&server, session.id);
    assert!((most - tolerance..=most).contains(&before), "{before}");

    let stopped = session.stopped(Timestamp::MAX);
    assert_eq!(store.compare_and_set(stopped, None).await.unwrap(), Replaced::Yes);
    let after = time_to_live(&server, session.id);
    // Counted anew from the clock, so it may be a millisecond more than what was left.
    assert!((before - tolerance..=most).contains(&after), "{before} and then {after}");
}

#[tokio::test]
async fn a_session_without_an_expiry_is_kept_forever() {
    const FOREVER: i64 = -1;
    let (server, store) = redis_and_store().await;
    let session = session(0);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    assert_eq!(time_to_live(&server, session.id), FOREVER);
    assert_eq!(store.compare_and_set(session.stopped(Timestamp::MAX), None).await.unwrap(), Replaced::Yes);
    assert_eq!(time_to_live(&server, session.id), FOREVER);
}

#[tokio::test]
async fn the_expiry_of_the_newest_record_counts() {
    const FOREVER: i64 = -1;
    let (server, store) = redis_and_store().await;
    let tolerance = i64::try_from(DEADLINE.as_millis()).unwrap();
    let mut stored = session(3_600);
    assert_eq!(store.create(stored.clone()).await.unwrap(), Created::Yes);
    for seconds in [7_200, 600, 0, 3_600] {
        let expires_at = session(seconds).expires_at;
        stored = Session { expires_at, ..stored.stopped(Timestamp::MAX) };
        assert_eq!(store.compare_and_set(stored.clone(), None).await.unwrap(), Replaced::Yes);
        let (left, most) = (time_to_live(&server, stored.id), i64::from(seconds + 60) * 1_000);
        let expected = if seconds == 0 { FOREVER..=FOREVER } else { most - tolerance..=most };
        assert!(expected.contains(&left), "{left} for {seconds} s");
    }
}

#[tokio::test]
async fn a_replacement_that_cannot_be_published_does_not_move_the_expiry() {
    let (server, store) = redis_and_store().await;
    let first = session(3_600);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    server.ask::<()>(&["ACL", "SETUSER", "default", "-publish"]);
    for expires_at in [None, session(7_200).expires_at] {
        let before = time_to_live(&server, first.id);
        let second = Session { expires_at, ..first.stopped(Timestamp::MAX) };
        assert!(store.0.compare_and_set(second, None).await.unwrap_err().is_temporary());
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
        let after = time_to_live(&server, first.id);
        assert!(0 < after && after <= before, "{before} and then {after}");
    }
}

#[tokio::test]
async fn redis_removes_an_expired_session_by_itself() {
    let (server, store) = redis_and_store().await;
    let session = session(3_600);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    server.ask::<()>(&["PEXPIRE", &key(session.id), "1"]);
    let removal = async {
        while store.find(session.id).await.unwrap().is_some() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(DEADLINE, removal).await.expect("the session is removed");
    assert_eq!(store.compare_and_set(session.stopped(Timestamp::MAX), None).await.unwrap(), Replaced::No);
    assert_eq!(store.find(session.id).await.unwrap(), None, "the session stays removed");
    assert_eq!(store.create(session).await.unwrap(), Created::Yes, "its id is free");
}

#[tokio::test]
async fn an_unreadable_record_gives_an_error_that_names_its_session_and_is_never_replaced() {
    let (server, store) = redis_and_store().await;
    for (record, message) in [
        (
            "\u{4}\0\0\0\0\0\0\0\u{7}{}",
            "a later version wrote the record of ID: its form is 4, and this version knows forms 1 to 3",
        ),
        ("x", "a later version wrote the record of ID: its form is 120, and this version knows forms 1 to 3"),
        ("\u{2}{}", "the record of ID cannot be read: it ends within its revision"),
        ("", "the record of ID cannot be read: it is empty"),
    ] {
        server.ask::<()>(&["SET", KEY, record]);
        let error = store.find(golden().id).await.unwrap_err().to_string();
        assert_eq!(error, message.replace("ID", ID));
        let replacement = golden().stopped(Timestamp::MAX);
        assert!(!matches!(store.compare_and_set(replacement, None).await, Ok(Replaced::Yes)));
        assert_eq!(store.create(golden()).await.unwrap(), Created::IdTaken);
        assert_eq!(server.ask::<String>(&["GET", KEY]), record);
    }
}

/// A later version may write such a record.
#[tokio::test]
async fn a_session_with_unknown_fields_keeps_them_in_form_2_when_it_is_replaced() {
    let (server, store) = redis_and_store_before_the_expiry().await;
    let with_label = |revision: &str, stopped_at: &str| {
        let fields = GOLDEN.replace("1700000000002", stopped_at);
        let fields = fields.strip_prefix('\u{1}').unwrap().replace(r#""revision":7}"#, r#""label":[1,"é"]}"#);
        format!("\u{2}\0\0\0\0\0\0\0{revision}{fields}")
    };
    server.ask::<()>(&["SET", KEY, &with_label("\u{7}", "1700000000002")]);
    let found = store.find(golden().id).await.unwrap().unwrap();
    assert!(!found.unknown_fields.is_empty());
    let stopped = found.stopped(Timestamp::from_millis(1_700_000_000_001).unwrap());
    let again = stopped.stopped(Timestamp::from_millis(1_700_000_000_000).unwrap());
    assert_eq!(
        store.compare_and_set(again.clone(), None).await.unwrap(),
        Replaced::No,
        "the revision in between is missing"
    );
    assert_eq!(store.compare_and_set(stopped, None).await.unwrap(), Replaced::Yes);
    assert_eq!(server.ask::<String>(&["GET", KEY]), with_label("\u{8}", "1700000000001"));
    assert_eq!(store.compare_and_set(again.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(server.ask::<String>(&["GET", KEY]), with_label("\u{9}", "1700000000000"));
    assert_eq!(store.find(golden().id).await.unwrap(), Some(again));
}

#[tokio::test]
async fn a_foreign_value_under_a_session_key_gives_an_error_and_is_kept() {
    let (server, store) = redis_and_store().await;
    server.ask::<()>(&["RPUSH", KEY, "a"]);
    // The inner store does not retry, which would not help.
    assert!(store.0.find(golden().id).await.is_err());
    assert!(store.0.compare_and_set(golden().stopped(Timestamp::MAX), None).await.is_err());
    assert_eq!(server.ask::<Vec<String>>(&["LRANGE", KEY, "0", "-1"]), ["a"]);
    assert_eq!(store.find(session(0).id).await.unwrap(), None, "Redis itself works");
}

/// The two clocks are years apart. Only the time left by the clock of the server counts.
#[tokio::test]
async fn a_deadline_follows_the_clock_of_the_server_and_not_the_clock_of_redis() {
    let server = RedisServer::start(&[]);
    for now in ["2001-01-31T12:00:00Z", NOW, "2090-01-31T12:00:00Z"] {
        let clock = TestClock::new();
        clock.set(now);
        let store = connect(&server.address(), clock).await;
        let now = Timestamp::parse(now).unwrap();
        let first = session(0);
        assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
        let second = first.stopped(now);
        assert_eq!(
            store.compare_and_set(second.clone(), Some(Deadline::OfServer(now))).await.unwrap(),
            Replaced::TooLate
        );
        assert_eq!(store.find(first.id).await.unwrap(), Some(first));
        assert_eq!(
            store.compare_and_set(second.clone(), now.after(DEADLINE).map(Deadline::OfServer)).await.unwrap(),
            Replaced::Yes
        );
        assert_eq!(store.find(second.id).await.unwrap(), Some(second));
    }
}

#[tokio::test]
async fn scripts_that_redis_forgets_are_loaded_again() {
    let (server, store) = redis_and_store().await;
    let mut session = session(0);
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    for _ in 0..2 {
        session = session.stopped(Timestamp::MAX);
        let deadline = Timestamp::parse(NOW).unwrap().after(DEADLINE).map(Deadline::OfServer);
        assert_eq!(store.compare_and_set(session.clone(), deadline).await.unwrap(), Replaced::Yes);
        server.ask::<()>(&["SCRIPT", "FLUSH"]);
    }
}
