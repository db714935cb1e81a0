//! Logins and permissions.

use std::sync::Arc;

use tickseed_session::error_chain;
use tickseed_session::{Created, Replaced, SessionStore, Timestamp};
use tickseed_store::{ConnectError, RedisAddress, RedisStore};
use tokio::time::timeout;

use super::connect;
use tickseed_session::acceptance::{DEADLINE, PatientStore, RecordingSubscriber, TestClock, session};
use tickseed_store::test_servers::RedisServer;

pub(super) const PASSWORD: &str = "opensesame";
/// Longer than a test may take, so that a store that retries fails the test.
const LONG: std::time::Duration = std::time::Duration::from_hours(1);

pub(super) fn with_login(server: &RedisServer, login: &str) -> String {
    server.address().replace("redis://", &format!("redis://{login}@"))
}

async fn assert_works(store: &impl SessionStore) {
    let subscriber = RecordingSubscriber::of(store);
    let first = session(3_600);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    subscriber.is_caught_up().await;
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(store.compare_and_set(second.clone(), Some(Timestamp::MAX)).await.unwrap(), Replaced::Yes);
    subscriber.is_caught_up().await;
    assert!(subscriber.knows(&second));
    assert_eq!(store.find(second.id).await.unwrap(), Some(second));
    store.check().await.unwrap();
}

/// Connects a store that may retry for an hour, and returns the error of the refusal.
async fn refusal(address: &str, password: Option<&str>) -> String {
    let parsed = RedisAddress::parse(address, password).unwrap();
    let connecting = RedisStore::connect(parsed, LONG, Arc::new(TestClock::new()));
    let refused = timeout(DEADLINE, connecting).await.expect("the refusal comes at once").err();
    let error = refused.expect("the connection is refused");
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    let (message, debug) = (error_chain(&error), format!("{error:?}"));
    for secret in [PASSWORD, "wrong"] {
        assert!(!message.contains(secret) && !debug.contains(secret), "{message} {debug}");
    }
    message
}

#[tokio::test]
async fn a_correct_password_is_accepted() {
    let server = RedisServer::start(&["--requirepass", PASSWORD]);
    assert_works(&connect(&with_login(&server, &format!(":{PASSWORD}")), TestClock::new()).await).await;
    let separate = RedisAddress::parse(&server.address(), Some(PASSWORD)).unwrap();
    let store = RedisStore::connect(separate, DEADLINE, Arc::new(TestClock::new())).await.unwrap();
    assert_works(&PatientStore(store)).await;
}

#[tokio::test]
async fn a_missing_or_wrong_password_is_refused_at_once_and_not_shown() {
    let server = RedisServer::start(&["--requirepass", PASSWORD]);
    let expected = format!(
        "Redis at 127.0.0.1:{} refuses this server; check REDIS_PASSWORD and the user, and that it is Redis 6 or \
         newer: ",
        server.port()
    );
    for (address, password) in [
        (server.address(), None),
        (server.address(), Some("wrong")),
        (with_login(&server, ":wrong"), None),
        (with_login(&server, &format!("nobody:{PASSWORD}")), None),
    ] {
        let message = refusal(&address, password).await;
        assert!(message.starts_with(&expected), "{message}");
    }
}

/// The permissions that a server needs. They do not include `CONFIG`, so the server cannot tell what a crash would lose.
pub(super) const PERMISSIONS: [&str; 19] = [
    "on",
    ">opensesame",
    "resetchannels",
    "&tickseed:0:replaced",
    "~session:*",
    "-@all",
    "+get",
    "+set",
    "+del",
    "+exists",
    "+eval",
    "+evalsha",
    "+script|load",
    "+time",
    "+publish",
    "+subscribe",
    "+ping",
    "+hello",
    "+select",
];

#[tokio::test]
async fn a_user_needs_few_permissions() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &PERMISSIONS[..]].concat());
    assert_works(&connect(&with_login(&server, &format!("tickseed:{PASSWORD}")), TestClock::new()).await)
        .await;
}

#[tokio::test]
async fn a_user_without_permission_to_publish_is_refused_at_once() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[
        "ACL",
        "SETUSER",
        "tickseed",
        "on",
        &format!(">{PASSWORD}"),
        "~*",
        "&*",
        "+@all",
        "-publish",
    ]);
    let message = refusal(&with_login(&server, &format!("tickseed:{PASSWORD}")), None).await;
    assert!(message.contains("has no permissions to run the 'publish' command"), "{message}");
}

#[tokio::test]
async fn a_replacement_that_cannot_be_published_is_rolled_back() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &PERMISSIONS[..]].concat());
    let store = connect(&with_login(&server, &format!("tickseed:{PASSWORD}")), TestClock::new()).await;
    let first = session(3_600);
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    server.ask::<()>(&["ACL", "SETUSER", "tickseed", "-publish"]);
    assert!(store.0.compare_and_set(second.clone(), None).await.unwrap_err().is_temporary());
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
    server.ask::<()>(&["ACL", "SETUSER", "tickseed", "+publish"]);
    assert_eq!(store.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(second.id).await.unwrap(), Some(second));
}
