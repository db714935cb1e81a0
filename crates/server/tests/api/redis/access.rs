//! Who Redis lets in.

use std::sync::Arc;

use tempfile::TempDir;
use tickseed_server::error_chain::error_chain;
use tickseed_server::session::{Created, Replaced, SessionStore, Timestamp};
use tickseed_server::store::{ConnectError, RedisAddress, RedisStore};
use tokio::time::timeout;

use super::{connect, create};
use crate::acceptance::session;
use crate::follower::TestFollower;
use crate::patient_store::PatientStore;
use crate::redis_server::RedisServer;
use crate::support::{DEADLINE, Process, TestClock, command};

const PASSWORD: &str = "opensesame";
/// Longer than any test takes: who tries again for so long is found out.
const LONG: std::time::Duration = std::time::Duration::from_hours(1);

fn with_login(server: &RedisServer, login: &str) -> String {
    server.address().replace("redis://", &format!("redis://{login}@"))
}

async fn is_used(store: &impl SessionStore) {
    let follower = TestFollower::of(store);
    let first = session(3_600);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    follower.is_up_to_date().await;
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(store.replace(second.clone(), Some(Timestamp::MAX)).await.unwrap(), Replaced::Yes);
    follower.is_up_to_date().await;
    assert!(follower.knows_of(&second));
    assert_eq!(store.find(second.id).await.unwrap(), Some(second));
    store.check().await.unwrap();
}

/// How Redis refuses a server that would try for an hour to be let in.
async fn refusal(address: &str, password: Option<&str>) -> String {
    let parsed = RedisAddress::parse(address, password).unwrap();
    let connecting = RedisStore::connect(parsed, LONG, Arc::new(TestClock::new()));
    let refused = timeout(DEADLINE, connecting).await.expect("it is refused at once").err();
    let error = refused.expect("it is refused");
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    let (words, inside) = (error_chain(&error), format!("{error:?}"));
    for secret in [PASSWORD, "wrong"] {
        assert!(!words.contains(secret) && !inside.contains(secret), "{words} {inside}");
    }
    words
}

#[tokio::test]
async fn a_password_lets_in() {
    let server = RedisServer::start(&["--requirepass", PASSWORD]);
    is_used(&connect(&with_login(&server, &format!(":{PASSWORD}")), TestClock::new()).await).await;
    let beside = RedisAddress::parse(&server.address(), Some(PASSWORD)).unwrap();
    let store = RedisStore::connect(beside, DEADLINE, Arc::new(TestClock::new())).await.unwrap();
    is_used(&PatientStore(store)).await;
}

#[tokio::test]
async fn no_password_or_a_wrong_one_is_refused_at_once_and_not_shown() {
    let server = RedisServer::start(&["--requirepass", PASSWORD]);
    let expected = format!(
        "Redis at 127.0.0.1:{} refuses this server; are REDIS_PASSWORD and the user right, and is it Redis 6 or \
         newer?: ",
        server.port()
    );
    for (address, password) in [
        (server.address(), None),
        (server.address(), Some("wrong")),
        (with_login(&server, ":wrong"), None),
        (with_login(&server, &format!("nobody:{PASSWORD}")), None),
    ] {
        let words = refusal(&address, password).await;
        assert!(words.starts_with(&expected), "{words}");
    }
}

/// All that a server needs: to ask for the settings is not among it, so that it cannot say what a crash would lose.
const RIGHTS: [&str; 18] = [
    "on",
    ">opensesame",
    "resetchannels",
    "&tickseed:0:replaced",
    "~session:*",
    "-@all",
    "+get",
    "+set",
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
async fn a_user_needs_few_rights() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &RIGHTS[..]].concat());
    is_used(&connect(&with_login(&server, &format!("tickseed:{PASSWORD}")), TestClock::new()).await).await;
}

#[tokio::test]
async fn a_user_who_may_not_tell_others_of_changes_is_refused_at_once() {
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
    let words = refusal(&with_login(&server, &format!("tickseed:{PASSWORD}")), None).await;
    assert!(words.contains("has no permissions to run the 'publish' command"), "{words}");
}

#[tokio::test]
async fn a_replacement_that_cannot_be_told_to_others_is_taken_back() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &RIGHTS[..]].concat());
    let store = connect(&with_login(&server, &format!("tickseed:{PASSWORD}")), TestClock::new()).await;
    let first = session(3_600);
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    server.ask::<()>(&["ACL", "SETUSER", "tickseed", "-publish"]);
    assert!(store.0.replace(second.clone(), None).await.unwrap_err().may_pass());
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
    server.ask::<()>(&["ACL", "SETUSER", "tickseed", "+publish"]);
    assert_eq!(store.replace(second.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(second.id).await.unwrap(), Some(second));
}

#[tokio::test]
async fn the_password_is_not_even_in_the_most_talkative_log() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start(&["--requirepass", PASSWORD]));
    let log = folder.path().join("log");
    let mut command = command(folder.path());
    command.args(["--log", "trace", "--store", &with_login(&server, &format!(":{PASSWORD}"))]);
    let mut process = Process::spawn(command.stderr(std::fs::File::create(&log).unwrap()));
    create(&process.api).await;
    process.kill();
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("Redis at") && !log.contains(PASSWORD), "{log}");
}
