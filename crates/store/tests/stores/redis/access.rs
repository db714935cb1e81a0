//! Logins and permissions.

use tickseed_session::error_chain;
use tickseed_session::{Created, Deadline, Replaced, SessionStore, Timestamp};
use tickseed_store::{RedisAddress, RedisStore, RemoteOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::{sleep, timeout};

use super::{connect, options};
use tickseed_session::acceptance::{
    DEADLINE, LOOK_EVERY, PatientStore, RecordingSubscriber, TestClock, session,
};
use tickseed_store::test_servers::{Certificate, RedisCluster, RedisServer};

pub(super) const PASSWORD: &str = "opensesame";

pub(super) fn with_login(server: &RedisServer, login: &str) -> String {
    server.address().replace("redis://", &format!("redis://{login}@"))
}

async fn assert_works(store: &impl SessionStore) {
    let subscriber = RecordingSubscriber::of(store);
    let first = session(3_600);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    subscriber.is_caught_up().await;
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(
        store.compare_and_set(second.clone(), Some(Deadline::OfServer(Timestamp::MAX))).await.unwrap(),
        Replaced::Yes
    );
    subscriber.is_caught_up().await;
    assert!(subscriber.knows(&second));
    assert_eq!(store.find(second.id).await.unwrap(), Some(second));
    store.check().await.unwrap();
}

/// Connects a store that may retry for an hour, and returns the error of the refusal.
async fn refusal(address: &str, password: Option<&str>) -> String {
    let parsed = RedisAddress::parse(address, password).unwrap();
    let connecting = RedisStore::connect(
        parsed,
        RemoteOptions { wait: crate::refusal::LONG, ..options(TestClock::new()) },
    );
    crate::refusal::refusal(connecting, &[PASSWORD, "wrong"]).await
}

#[tokio::test]
async fn a_correct_password_is_accepted() {
    let server = RedisServer::start(&["--requirepass", PASSWORD]);
    assert_works(&connect(&with_login(&server, &format!(":{PASSWORD}")), TestClock::new()).await).await;
    let separate = RedisAddress::parse(&server.address(), Some(PASSWORD)).unwrap();
    let store = RedisStore::connect(separate, options(TestClock::new())).await.unwrap();
    assert_works(&PatientStore(store)).await;
}

#[tokio::test]
async fn a_missing_or_wrong_password_is_refused_at_once_and_not_shown() {
    const WRONG: &str =
        "it refuses the login; check the user in the address, and the password there or in REDIS_PASSWORD: ";
    let server = RedisServer::start(&["--requirepass", PASSWORD]);
    for (address, password, mistake) in [
        (server.address(), None, "it demands a password; set REDIS_PASSWORD: "),
        (server.address(), Some("wrong"), WRONG),
        (with_login(&server, ":wrong"), None, WRONG),
        (with_login(&server, &format!("nobody:{PASSWORD}")), None, WRONG),
    ] {
        let message = refusal(&address, password).await;
        let expected = format!("Redis at 127.0.0.1:{} cannot be used: {mistake}", server.port());
        assert!(message.starts_with(&expected), "{message}");
    }
}

/// Answers every connection like a web server.
async fn serve_http() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            // Data that is left unread would reset the connection.
            drop(connection.read(&mut [0; 1024]).await);
            let answer = connection.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
            drop(answer.await);
        }
    });
    port
}

#[tokio::test]
async fn a_mistake_in_the_address_ends_the_start_at_once_and_is_named() {
    let certificate = Certificate::new();
    let (plain, cluster) = (RedisServer::start(&[]), RedisCluster::start(0, &[]));
    let tls = RedisServer::start_with_tls(&certificate.redis_arguments().each_ref().map(String::as_str));
    let with_scheme = |scheme: &str, server: &RedisServer| format!("{scheme}://127.0.0.1:{}", server.port());
    for (address, mistake) in [
        (format!("{}/99", plain.address()), "it does not have the database whose number is in the address"),
        (
            with_scheme("redis+cluster", &plain),
            "it is not part of a cluster; the scheme must not end with +cluster",
        ),
        (cluster.nodes[0].address(), "it is part of a cluster; the scheme must end with +cluster"),
        (
            format!("{}/1", cluster.nodes[0].address()),
            "it does not have the database whose number is in the address",
        ),
        (
            format!("redis://127.0.0.1:{}", serve_http().await),
            "something else than Redis answers there; check the host and the port",
        ),
        (with_scheme("rediss", &plain), "it answers only without TLS; the scheme must be redis://"),
        (with_scheme("redis", &tls), "it answers only with TLS; the scheme must be rediss://"),
        (
            with_scheme("rediss+cluster", &cluster.nodes[0]),
            "it answers only without TLS; the scheme must be redis+cluster://",
        ),
        (
            tls.address(),
            "its certificate is not trusted; check the host, and the CA certificates in SSL_CERT_FILE",
        ),
    ] {
        let message = refusal(&address, None).await;
        assert!(message.contains(&format!(" cannot be used: {mistake}: ")), "{address}: {message}");
        assert!(!message.contains("creating a new object"), "{message}");
    }
}

/// The permissions that a server needs. They do not include `CONFIG`, so the server cannot tell what a crash would lose.
pub(super) const PERMISSIONS: [&str; 23] = [
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
    "+zadd",
    "+zrem",
    "+zrangebylex",
    "+zrevrangebylex",
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
    let expected = "its user lacks a permission that this server needs: ";
    assert!(message.contains(expected) && message.contains("'publish'"), "{message}");
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

/// The answer of Redis reaches the caller, and the connection tries again by itself.
#[tokio::test]
async fn a_login_that_is_refused_for_a_while_is_used_again() {
    let server = RedisServer::start(&[]);
    server.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &PERMISSIONS[..]].concat());
    let store = connect(&with_login(&server, &format!("tickseed:{PASSWORD}")), TestClock::new()).await;
    let set_password = |password| server.ask::<()>(&["ACL", "SETUSER", "tickseed", "resetpass", password]);
    set_password(">changed");
    server.ask::<u64>(&["CLIENT", "KILL", "USER", "tickseed"]);
    let refused = async {
        loop {
            match store.0.check().await {
                Err(error) if error_chain(&error).contains("WRONGPASS") => return,
                // On a busy machine, the connection that was cut off can count as silent for a while.
                _ => sleep(LOOK_EVERY).await,
            }
        }
    };
    timeout(DEADLINE, refused).await.expect("the login is refused");
    set_password(&format!(">{PASSWORD}"));
    store.check().await.unwrap();
}
