//! How a server is told which Redis it is.

use std::process::Command;

use tempfile::TempDir;

use super::create;
use super::start::fails;
use crate::support::{Process, command};
use tickseed_store::test_servers::{RedisServer, ask};

/// Where no Redis is.
const NOWHERE: &str = "127.0.0.1:1";

#[tokio::test]
async fn host_password_and_database_come_from_the_environment() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start(&["--requirepass", "opensesame"]));
    let host = format!("127.0.0.1:{}", server.port());
    let mut command = command(folder.path());
    command.env("REDIS_ADDR", &host).env("REDIS_PASSWORD", "opensesame").env("REDIS_DB", "5");
    keeps_its_sessions_in(&mut command, &format!("redis://:opensesame@{host}/5")).await;
}

#[tokio::test]
async fn the_address_of_the_store_comes_from_the_environment_and_its_password_from_beside_it() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start(&["--requirepass", "opensesame"]));
    let mut command = command(folder.path());
    command.env("TICKSEED_STORE", format!("{}/2", server.address())).env("REDIS_PASSWORD", "opensesame");
    let kept_in = format!("redis://:opensesame@127.0.0.1:{}/2", server.port());
    keeps_its_sessions_in(&mut command, &kept_in).await;
}

#[tokio::test]
async fn an_address_of_the_store_wins_over_host_and_database() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    let mut command = command(folder.path());
    command.env("REDIS_ADDR", NOWHERE).env("REDIS_DB", "5").args(["--store", &server.address()]);
    keeps_its_sessions_in(&mut command, &server.address()).await;
}

#[tokio::test]
async fn the_embedded_store_wins_over_the_host_of_a_redis() {
    let folder = TempDir::new().unwrap();
    let mut command = command(folder.path());
    let process = Process::spawn(command.env("REDIS_ADDR", NOWHERE).args(["--store", "embedded"]));
    create(&process.api).await;
    assert!(folder.path().join("sessions.redb").exists());
}

#[tokio::test]
async fn settings_that_are_empty_are_none() {
    let folder = TempDir::new().unwrap();
    let mut command = command(folder.path());
    let empty = command.env("TICKSEED_STORE", "").env("REDIS_ADDR", "").env("REDIS_PASSWORD", "");
    let process = Process::spawn(empty);
    create(&process.api).await;
    assert!(folder.path().join("sessions.redb").exists());
}

async fn keeps_its_sessions_in(command: &mut Command, address: &str) {
    let process = Process::spawn(command);
    let path = create(&process.api).await;
    let id = path.rsplit('/').next().unwrap();
    assert!(ask::<bool>(address, &["EXISTS", &format!("session:{{{id}}}")]));
}

#[tokio::test]
async fn an_invalid_address_is_refused_with_a_reason_and_without_its_password() {
    const SCHEMES: &str =
        "an address begins with embedded, redis://, rediss://, redis+cluster://, rediss+cluster://; got ";
    const MALFORMED: &str = "the host, the port or the database number is missing or malformed";
    let folder = TempDir::new().unwrap();
    let refused = async |variable: &str, value: &str| {
        let mut command = command(folder.path());
        command.env(variable, value);
        fails(command).await
    };
    for (value, reason) in [
        ("memory", format!("{SCHEMES}none of these")),
        ("host:6379,password=opensesame", format!("{SCHEMES}none of these")),
        ("http://user:opensesame@host", format!("{SCHEMES}http://")),
        ("redis://user:opensesame@host:port", format!("in this one {MALFORMED}")),
        (
            "redis+cluster://:opensesame@host/1",
            "in this one there is a database number, and a cluster has only database 0".to_owned(),
        ),
        ("redis://:open@sesame@host?x=1", "in this one there is a ? or a #".to_owned()),
    ] {
        let words = refused("TICKSEED_STORE", value).await;
        assert!(words.starts_with("error: --store (or TICKSEED_STORE): a"), "{words}");
        assert!(words.ends_with(&format!("{reason}\n")) && !words.contains("sesame"), "{words}");
    }
    let words = refused("REDIS_ADDR", ":opensesame@host:port").await;
    assert!(
        words.starts_with("error: --redis-addr (or REDIS_ADDR): a redis:// address must look like "),
        "{words}"
    );
    assert!(words.ends_with(&format!("in this one {MALFORMED}\n")) && !words.contains("sesame"), "{words}");
}

#[test]
fn help_names_the_settings_of_redis_and_shows_no_password() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    command.env_clear().args(["serve", "--help"]);
    command.env("TICKSEED_STORE", "redis://:opensesame@host").env("REDIS_ADDR", ":opensesame@host");
    let output = command.env("REDIS_PASSWORD", "opensesame").env("REDIS_DB", "5").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    // Lines are broken where the terminal ends.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!help.contains("opensesame"), "{help}");
    for (flag, variable) in [
        ("--store", "[env: TICKSEED_STORE]"),
        ("--store-wait", "[env: TICKSEED_STORE_WAIT=]"),
        ("--redis-addr", "[env: REDIS_ADDR]"),
        ("--redis-password", "[env: REDIS_PASSWORD]"),
        ("--redis-db", "[env: REDIS_DB=5]"),
    ] {
        assert!(help.contains(flag) && help.contains(variable), "{flag}: {help}");
    }
}
