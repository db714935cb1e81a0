//! The settings that name a Redis.

use std::fs::{self, File};
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

/// Checks that a server started by this command stores its sessions in the Redis at this address.
async fn assert_stores_sessions_at(command: &mut Command, address: &str) {
    let process = Process::spawn(command);
    let path = create(&process.api).await;
    let id = path.rsplit('/').next().unwrap();
    assert!(ask::<bool>(address, &["EXISTS", &format!("session:{{{id}}}")]));
}

#[tokio::test]
async fn an_invalid_address_is_explained_without_its_password() {
    const SCHEMES: &str = "a store is one of embedded, cassandra://…, postgres://…, redis://…, rediss://…, \
                           redis+cluster://…, rediss+cluster://…; got ";
    const MALFORMED: &str = "in this one a host or a port is missing or malformed";
    let folder = TempDir::new().unwrap();
    for (variable, value, reason) in [
        ("TICKSEED_STORE", "memory", format!("{SCHEMES}something else")),
        ("TICKSEED_STORE", "host:6379,password=opensesame", format!("{SCHEMES}something else")),
        ("TICKSEED_STORE", "http://user:opensesame@host", format!("{SCHEMES}http://")),
        ("TICKSEED_STORE", "redis://user:opensesame@host:port", MALFORMED.to_owned()),
        (
            "TICKSEED_STORE",
            "redis+cluster://:opensesame@host/1",
            "in this one there is a database number, and a cluster has only database 0".to_owned(),
        ),
        ("TICKSEED_STORE", "redis://:open@sesame@host?x=1", "in this one there is a ? or a #".to_owned()),
        ("REDIS_ADDR", ":opensesame@host:port", MALFORMED.to_owned()),
        ("REDIS_ADDR", "redis://:opensesame@host", "belongs in --store (or TICKSEED_STORE)".to_owned()),
        ("REDIS_ADDR", "host:6379/1", "the database belongs in --redis-db (or REDIS_DB)".to_owned()),
    ] {
        let mut command = serve_command(folder.path());
        command.env(variable, value);
        let error = error_of(command).await;
        assert!(error.starts_with(&format!("error: {variable}: ")), "{error}");
        assert!(error.contains(&format!("{reason}\n")) && !error.contains("sesame"), "{error}");
    }
}

#[tokio::test]
async fn no_level_of_the_log_shows_a_password() {
    const ALL: &str = "trace,actix_server=trace,actix_http::h1=trace,redis=trace";
    let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&["--requirepass", "opensesame"]));
    let address = |password: &str| format!("redis://:{password}@127.0.0.1:{}", redis.port());
    let log = folder.path().join("log");
    let mut command = serve_command(folder.path());
    command.env("TICKSEED_STORE", address("opensesame")).env("TICKSEED_LOG", ALL);
    let mut process = Process::spawn(command.stderr(File::create(&log).unwrap()));
    create(&process.api).await;
    process.end();
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("TRACE") && !log.contains("sesame"), "{log}");

    let mut refused = serve_command(folder.path());
    refused.env("TICKSEED_STORE", address("closesesame")).env("TICKSEED_LOG", ALL);
    let error = error_of(refused).await;
    assert!(error.contains("it refuses the login") && !error.contains("sesame"), "{error}");
}

#[test]
fn a_setting_that_another_one_overrides_is_named_in_the_log() {
    let folder = TempDir::new().unwrap();
    let log_of = |variables: &[(&str, &str)]| {
        let log = folder.path().join("log");
        let mut command = serve_command(folder.path());
        command.envs(variables.iter().copied()).stderr(File::create(&log).unwrap());
        Process::spawn(&mut command).end();
        fs::read_to_string(log).unwrap()
    };
    let log = log_of(&[("TICKSEED_STORE", "embedded"), ("REDIS_ADDR", NOWHERE), ("REDIS_DB", "1")]);
    let words = "settings without effect: --redis-addr (or REDIS_ADDR), --redis-db (or REDIS_DB); --store (or \
                 TICKSEED_STORE) takes precedence";
    assert!(log.contains(words), "{log}");
    let log = log_of(&[("REDIS_PASSWORD", "opensesame")]);
    let words = "settings without effect: --redis-password (or REDIS_PASSWORD); no setting names another store than the \
                 embedded one";
    assert!(log.contains(words), "{log}");
    let log = log_of(&[("TICKSEED_STORE_LOSS_MS", "2000")]);
    let words = "settings without effect: --store-loss-ms (or TICKSEED_STORE_LOSS_MS); no setting names another store than the \
                 embedded one";
    assert!(log.contains(words), "{log}");
    let log = log_of(&[]);
    assert!(!log.contains("without effect"), "{log}");
}

#[tokio::test]
async fn the_time_limit_of_the_store_has_a_range() {
    let folder = TempDir::new().unwrap();
    for (value, got) in [("49", "49"), ("401", "401"), ("soon", "something else")] {
        let mut command = serve_command(folder.path());
        command.env("TICKSEED_STORE_TIMEOUT_MS", value);
        let error = error_of(command).await;
        let range = "TICKSEED_STORE_TIMEOUT_MS: must be a whole number of milliseconds from 50 to 400";
        assert!(error.contains(&format!("{range}, got {got}")), "{error}");
    }
}

#[tokio::test]
async fn the_loss_of_the_store_has_a_range() {
    let folder = TempDir::new().unwrap();
    for (value, got) in [("-1", "-1"), ("86400001", "86400001"), ("2s", "something else")] {
        let mut command = serve_command(folder.path());
        command.env("TICKSEED_STORE_LOSS_MS", value);
        let error = error_of(command).await;
        let range = "TICKSEED_STORE_LOSS_MS: must be a whole number of milliseconds from 0 to 86400000";
        assert!(error.contains(&format!("{range}, got {got}")), "{error}");
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
        ("--store-wait", "[env: TICKSEED_STORE_WAIT]"),
        ("--store-timeout-ms", "[env: TICKSEED_STORE_TIMEOUT_MS]"),
        ("--store-loss-ms", "[env: TICKSEED_STORE_LOSS_MS]"),
        ("--store-password", "[env: TICKSEED_STORE_PASSWORD]"),
        ("--redis-addr", "[env: REDIS_ADDR]"),
        ("--redis-password", "[env: REDIS_PASSWORD]"),
        ("--redis-db", "[env: REDIS_DB]"),
    ] {
        assert!(help.contains(flag) && help.contains(variable), "{flag}: {help}");
    }
}
