//! Logins, rights, tables and TLS.

use std::env;
use std::process::Command;

use tickseed_session::acceptance::{RecordingSubscriber, TestClock, session};
use tickseed_session::{Created, Replaced, SessionStore, Timestamp};
use tickseed_store::test_servers::{Certificate, PostgresServer};
use tickseed_store::{PostgresAddress, PostgresStore, RemoteOptions, StoreAddress};

use super::{connect, options};

const PASSWORD: &str = "opensesame";

async fn assert_works(store: &impl SessionStore) {
    let subscriber = RecordingSubscriber::of(store);
    let first = session(3_600);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    subscriber.is_caught_up().await;
    let second = first.stopped(Timestamp::MAX);
    assert_eq!(store.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(second.id).await.unwrap(), Some(second));
}

/// Connects a store that may retry for an hour, and returns the error of the refusal.
async fn refusal(address: &str, password: Option<&str>) -> String {
    let parsed = PostgresAddress::parse(address, password).unwrap();
    let connecting = PostgresStore::connect(
        parsed,
        RemoteOptions { wait: crate::refusal::LONG, ..options(TestClock::new()) },
    );
    crate::refusal::refusal(connecting, &[PASSWORD, "wrong"]).await
}

fn with_login(server: &PostgresServer, login: &str) -> String {
    server.address().replace("tickseed@", &format!("{login}@"))
}

/// A server whose user `player` needs a password.
fn with_password() -> PostgresServer {
    let server = PostgresServer::start(&[]);
    server.ask(&format!(
        "CREATE ROLE player LOGIN PASSWORD '{PASSWORD}'; GRANT CREATE ON SCHEMA public TO player"
    ));
    server.demand_passwords_of("player");
    server
}

#[tokio::test]
async fn a_correct_password_is_accepted() {
    let server = with_password();
    assert_works(&connect(&with_login(&server, &format!("player:{PASSWORD}")), TestClock::new()).await).await;
    let separate = PostgresAddress::parse(&with_login(&server, "player"), Some(PASSWORD)).unwrap();
    assert!(PostgresStore::connect(separate, options(TestClock::new())).await.is_ok());
}

#[tokio::test]
async fn a_mistake_is_named_at_once_and_no_password_is_shown() {
    let server = with_password();
    let (refused, other) =
        ("it refuses the login; check", format!("{}none", server.address().trim_end_matches("tickseed")));
    for (address, password, mistake) in [
        (with_login(&server, "player"), None, "it demands a password; set TICKSEED_STORE_PASSWORD"),
        (with_login(&server, "player"), Some("wrong"), refused),
        (with_login(&server, "player:wrong"), None, refused),
        (with_login(&server, &format!("nobody:{PASSWORD}")), None, refused),
        (other, None, "it has no such database; make it with CREATE DATABASE"),
        (format!("{}?sslmode=require", server.address()), None, "it does not offer TLS; sslmode must be"),
    ] {
        let message = refusal(&address, password).await;
        let expected = format!("PostgreSQL at 127.0.0.1:{}/", server.port());
        assert!(message.starts_with(&expected) && message.contains(mistake), "{message}");
    }
}

#[tokio::test]
async fn a_user_who_may_not_make_tables_can_use_those_that_are_there() {
    let server = PostgresServer::start(&[]);
    server.ask("CREATE ROLE player LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let address = with_login(&server, "player");
    assert!(refusal(&address, None).await.contains("GRANT CREATE ON SCHEMA public TO"));
    assert_works(&connect(&server.address(), TestClock::new()).await).await;
    server.ask(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON tickseed_sessions, tickseed_requests TO player; \
         GRANT SELECT, UPDATE ON tickseed_schema TO player",
    );
    assert_works(&connect(&address, TestClock::new()).await).await;
}

#[tokio::test]
async fn the_owner_can_make_the_tables_before_the_first_server_starts() {
    let server = PostgresServer::start(&[]);
    let address = StoreAddress::parse(&server.address(), None).unwrap();
    address.migrate(crate::refusal::LONG).await.unwrap();
    assert_eq!(server.ask("SELECT version FROM tickseed_schema"), "1");
}

#[tokio::test]
async fn tables_of_a_later_version_are_refused_and_left_alone() {
    let server = PostgresServer::start(&[]);
    assert_works(&connect(&server.address(), TestClock::new()).await).await;
    server.ask("UPDATE tickseed_schema SET version = 1000");
    let message = refusal(&server.address(), None).await;
    assert!(message.contains("version 1000") && message.contains("start a newer tickseed"), "{message}");
    assert_eq!(server.ask("SELECT version FROM tickseed_schema"), "1000");
}

#[tokio::test]
async fn servers_that_start_at_the_same_time_make_the_tables_once() {
    let server = PostgresServer::start(&[]);
    let address = server.address();
    let starts = (0..8).map(|_| connect(&address, TestClock::new()));
    let stores = futures_util::future::join_all(starts).await;
    assert_works(&stores[0]).await;
    assert_eq!(server.ask("SELECT count(*) FROM tickseed_schema"), "1");
}

/// Each schema of a database has its own sessions and its own change feed.
#[tokio::test]
async fn schemas_of_one_database_are_separate() {
    let server = PostgresServer::start(&[]);
    server.ask("CREATE SCHEMA games");
    let in_schema = format!("{}?options=-csearch_path%3Dgames", server.address());
    let (one, other) =
        (connect(&server.address(), TestClock::new()).await, connect(&in_schema, TestClock::new()).await);
    let subscriber = RecordingSubscriber::of(&other);
    subscriber.is_caught_up().await;
    let first = session(0);
    assert_eq!(one.create(first.clone()).await.unwrap(), Created::Yes);
    assert_eq!(one.compare_and_set(first.stopped(Timestamp::MAX), None).await.unwrap(), Replaced::Yes);
    subscriber.is_caught_up().await;
    assert_eq!(other.find(first.id).await.unwrap(), None);
    let is_change = |report: &_| matches!(report, tickseed_session::acceptance::Report::Replaced { .. });
    assert!(!subscriber.reports().iter().any(is_change));
}

/// Runs itself in a second process, because a process reads the certificates it trusts only once.
#[tokio::test]
async fn connections_are_encrypted() {
    const ADDRESS: &str = "POSTGRES_WITH_TLS_TO_TEST";
    const ITSELF: &str = "postgres::access::connections_are_encrypted";
    let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                     WHERE application_name = 'tickseed'";
    if let Ok(address) = env::var(ADDRESS) {
        let store = connect(&format!("{address}?sslmode=verify-full"), TestClock::new()).await;
        return assert_works(&store).await;
    }
    let certificate = Certificate::new();
    let server = PostgresServer::start_with_tls(&certificate);
    for mode in ["prefer", "require"] {
        let store = connect(&format!("{}?sslmode={mode}", server.address()), TestClock::new()).await;
        assert_works(&store).await;
        assert_eq!(server.ask(encrypted), "t", "{mode}");
    }
    let message = refusal(&format!("{}?sslmode=verify-full", server.address()), None).await;
    assert!(message.contains("its certificate is not trusted"), "{message}");
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", ITSELF]).env("SSL_CERT_FILE", certificate.file());
    let output = command.env(ADDRESS, server.address()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
