//! The settings that name a Redis.

use std::process::Command;

use tempfile::TempDir;

use super::create;
use super::start::error_of;
use crate::support::{Process, serve_command};
use tickseed_store::test_servers::{RedisServer, ask};

/// An address at which no Redis listens.
const NOWHERE: &str = "127.0.0.1:1";

#[tokio::test]
async fn host_password_and_database_can_come_from_the_environment() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start(&["--requirepass", "opensesame"]));
    let host = format!("127.0.0.1:{}", server.port());
    let mut command = serve_command(folder.path());
    command.env("REDIS_ADDR", &host).env("REDIS_PASSWORD", "opensesame").env("REDIS_DB", "5");
    assert_stores_sessions_at(&mut command, &format!("redis://:opensesame@{host}/5")).await;
}

#[tokio::test]
async fn the_store_address_and_its_password_can_be_separate_variables() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start(&["--requirepass", "opensesame"]));
    let mut command = serve_command(folder.path());
    command.env("TICKSEED_STORE", format!("{}/2", server.address())).env("REDIS_PASSWORD", "opensesame");
    let address = format!("redis://:opensesame@127.0.0.1:{}/2", server.port());
    assert_stores_sessions_at(&mut command, &address).await;
}

#[tokio::test]
async fn the_store_address_takes_precedence_over_host_and_database() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    let mut command = serve_command(folder.path());
    command.env("REDIS_ADDR", NOWHERE).env("REDIS_DB", "5").args(["--store", &server.address()]);
    assert_stores_sessions_at(&mut command, &server.address()).await;
}

#[tokio::test]
async fn the_embedded_store_takes_precedence_over_a_redis_host() {
    let folder = TempDir::new().unwrap();
    let mut command = serve_command(folder.path());
    let process = Process::spawn(command.env("REDIS_ADDR", NOWHERE).args(["--store", "embedded"]));
    create(&process.api).await;
    assert!(folder.path().join("sessions.redb").exists());
}

#[tokio::test]
async fn empty_settings_count_as_unset() {
    let folder = TempDir::new().unwrap();
    let mut command = serve_command(folder.path());
    let empty = command.env("TICKSEED_STORE", "").env("REDIS_ADDR", "").env("REDIS_PASSWORD", "");
    let process = Process::spawn(empty);
    create(&process.api).await;
    assert!(folder.path().join("sessions.redb").exists());
}

/// Checks that a server started by this command stores its sessions in the Redis at this address.
async fn assert_stores_sessions_at(command: &mut Command, address: &str) {
    let process = Process::spawn(command);
    let path = create(&process.api).await;
    let id = path.rsplit('/').next().unwrap();
    assert!(ask::<bool>(address, &["EXISTS", &format!("session:{{{id}}}")]));
}

#[tokio::test]
async fn an_invalid_address_is_explained_without_its_password() {
    const SCHEMES: &str =
        "a store is one of embedded, redis://…, rediss://…, redis+cluster://…, rediss+cluster://…; got ";
    const MALFORMED: &str = "a host or a port is missing or malformed";
    let folder = TempDir::new().unwrap();
    let error_for = async |variable: &str, value: &str| {
        let mut command = serve_command(folder.path());
        command.env(variable, value);
        error_of(command).await
    };
    for (value, reason) in [
        ("memory", format!("{SCHEMES}a text without a scheme")),
        ("host:6379,password=opensesame", format!("{SCHEMES}a text without a scheme")),
        ("http://user:opensesame@host", format!("{SCHEMES}http://")),
        ("redis://user:opensesame@host:port", format!("in this one {MALFORMED}")),
        (
            "redis+cluster://:opensesame@host/1",
            "in this one there is a database number, and a cluster has only database 0".to_owned(),
        ),
        ("redis://:open@sesame@host?x=1", "in this one there is a ? or a #".to_owned()),
    ] {
        let error = error_for("TICKSEED_STORE", value).await;
        assert!(error.starts_with("error: --store (or TICKSEED_STORE): a"), "{error}");
        assert!(error.ends_with(&format!("{reason}\n")) && !error.contains("sesame"), "{error}");
    }
    let error = error_for("REDIS_ADDR", ":opensesame@host:port").await;
    assert!(
        error.starts_with("error: --redis-addr (or REDIS_ADDR): a redis:// address must look like "),
        "{error}"
    );
    assert!(error.ends_with(&format!("in this one {MALFORMED}\n")) && !error.contains("sesame"), "{error}");
}

#[tokio::test]
async fn the_time_limit_of_the_store_has_a_range() {
    let folder = TempDir::new().unwrap();
    for value in ["49", "401", "soon"] {
        let mut command = serve_command(folder.path());
        command.env("TICKSEED_STORE_TIMEOUT_MS", value);
        let error = error_of(command).await;
        let range = "must be a whole number of milliseconds from 50 to 400";
        assert!(
            error.contains(range) && error.contains("--store-timeout-ms") && error.contains(value),
            "{error}"
        );
    }
}

#[test]
fn help_lists_the_redis_settings_and_shows_no_password() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    command.env_clear().args(["serve", "--help"]);
    command.env("TICKSEED_STORE", "redis://:opensesame@host").env("REDIS_ADDR", ":opensesame@host");
    let output = command.env("REDIS_PASSWORD", "opensesame").env("REDIS_DB", "5").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    // The help is wrapped at the width of the terminal.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!help.contains("opensesame"), "{help}");
    for (flag, variable) in [
        ("--store", "[env: TICKSEED_STORE]"),
        ("--store-wait", "[env: TICKSEED_STORE_WAIT=]"),
        ("--store-timeout-ms", "[env: TICKSEED_STORE_TIMEOUT_MS=]"),
        ("--redis-addr", "[env: REDIS_ADDR]"),
        ("--redis-password", "[env: REDIS_PASSWORD]"),
        ("--redis-db", "[env: REDIS_DB=5]"),
    ] {
        assert!(help.contains(flag) && help.contains(variable), "{flag}: {help}");
    }
}
