//! The start of a server that keeps its sessions in Redis: what it says, and what it waits for.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::thread;

use tempfile::TempDir;
use tokio::time::timeout;

use super::create;
use crate::support::{DEADLINE, Process, command};
use tickseed_store::test_servers::Certificate;
use tickseed_store::test_servers::{RedisCluster, RedisServer};

/// Waits until a command has failed, and gives what it said.
pub(super) async fn fails(command: Command) -> String {
    let mut command = tokio::process::Command::from(command);
    let output = timeout(DEADLINE, command.kill_on_drop(true).output()).await.expect("it ends").unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn on_redis(folder: &Path, address: &str) -> Command {
    let mut command = command(folder);
    command.args(["--store", address]);
    command
}

#[tokio::test]
async fn a_redis_that_does_not_come_up_in_time_is_an_error_that_says_where_it_should_be() {
    let (folder, mut server) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    server.kill();
    let (port, host) = (server.port(), format!("127.0.0.1:{}", server.port()));
    for (address, named) in [
        (server.address(), format!("Redis at {host}")),
        (format!("redis+cluster://{host},127.0.0.1:1"), format!("the Redis Cluster of {host}, 127.0.0.1:1")),
        (format!("redis://nobody.invalid:{port}"), format!("Redis at nobody.invalid:{port}")),
    ] {
        let mut command = on_redis(folder.path(), &address);
        command.args(["--store-wait", "1"]);
        let words = fails(command).await;
        let error = format!(
            "error: cannot reach {named} for 1s; is it running? --store says where it is, --store-wait for how long to try: "
        );
        assert!(words.contains(&error), "{words}");
    }
}

#[tokio::test]
async fn a_server_waits_for_a_redis_that_comes_up_later() {
    let (folder, mut redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    redis.kill();
    let log = folder.path().join("log");
    let mut command = on_redis(folder.path(), &redis.address());
    command.stderr(File::create(&log).unwrap());
    let starting = thread::spawn(move || Process::spawn(&mut command));
    let waits = async {
        while !fs::read_to_string(&log).unwrap().contains("yet; retrying for up to 30s") {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, waits).await.expect("it says that it waits");
    redis.start_again();
    let server = starting.join().unwrap();
    let path = create(&server.api).await;
    assert_eq!(server.api.get(&path).await.status, 200);
}

/// What a server says that starts on a Redis.
fn said_at_the_start(redis: &RedisServer) -> String {
    said(&mut on_redis(redis.folder(), &redis.address()), &redis.folder().join("server-log"))
}

fn said(command: &mut Command, log: &Path) -> String {
    let mut server = Process::spawn(command.stderr(File::create(log).unwrap()));
    server.kill();
    fs::read_to_string(log).unwrap()
}

#[test]
fn the_log_says_what_a_crash_of_redis_can_lose() {
    for (arguments, level, words) in [
        (&["--appendonly", "no"][..], "WARN", "keeps sessions in memory only: all are lost when it ends"),
        (&["--save", "3600 1"], "WARN", "has no append-only file, only snapshots (save 3600 1:"),
        (
            &["--appendonly", "yes", "--appendfsync", "everysec"],
            "WARN",
            "can lose about two seconds of new and stopped sessions",
        ),
        (&["--appendonly", "yes", "--appendfsync", "no"], "WARN", "about thirty seconds"),
        (&["--appendonly", "yes", "--appendfsync", "always"], "INFO", "loses no acknowledged write"),
    ] {
        let redis = RedisServer::start(arguments);
        let log = said_at_the_start(&redis);
        let address = format!("Redis at 127.0.0.1:{} ", redis.port());
        let mut lines = log.lines().filter(|line| line.contains(&address));
        let line = lines.next().unwrap_or_default();
        assert!(line.contains(level) && line.contains(words), "{log}");
        assert_eq!(lines.next(), None, "nothing else is worth a word");
    }
}

#[test]
fn the_log_warns_of_a_redis_that_removes_sessions_when_it_is_full() {
    let redis = RedisServer::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let log = said_at_the_start(&redis);
    assert!(log.contains("removes sessions when it is full (maxmemory-policy allkeys-lru)"), "{log}");
}

#[test]
fn the_log_says_of_each_master_of_a_cluster_what_its_crash_can_lose() {
    let (folder, cluster) = (TempDir::new().unwrap(), RedisCluster::start(0, &[]));
    // One node leads to the others.
    let address = cluster.nodes[0].address().replace("redis://", "redis+cluster://");
    let log = said(&mut on_redis(folder.path(), &address), &folder.path().join("log"));
    for node in &cluster.nodes {
        let words = format!("Redis at 127.0.0.1:{} keeps sessions in memory only", node.port());
        assert!(log.contains(&words), "{log}");
    }
}

#[tokio::test]
async fn a_server_reaches_redis_over_tls_if_it_trusts_the_certificate() {
    let (folder, certificate) = (TempDir::new().unwrap(), Certificate::new());
    let redis = RedisServer::start_with_tls(&certificate.redis_arguments().each_ref().map(String::as_str));
    let mut trusting = on_redis(folder.path(), &redis.address());
    let server = Process::spawn(trusting.env("SSL_CERT_FILE", certificate.file()));
    create(&server.api).await;

    let mut distrusting = on_redis(folder.path(), &redis.address());
    distrusting.env("SSL_CERT_FILE", Certificate::new().file()).args(["--store-wait", "1"]);
    let words = fails(distrusting).await;
    assert!(words.contains("cannot reach Redis at") && words.contains("certificate"), "{words}");
}
