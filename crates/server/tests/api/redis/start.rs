//! The start of a server on Redis: its messages, and its wait for a Redis that is down.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::thread;

use tempfile::TempDir;
use tokio::time::timeout;

use super::create;
use crate::support::{DEADLINE, LOOK_EVERY, Process, serve_command, wait_for_lines_with};
use tickseed_store::test_servers::Certificate;
use tickseed_store::test_servers::{RedisCluster, RedisServer};

/// Waits until a command fails and returns its error output.
pub(super) async fn error_of(command: Command) -> String {
    let mut command = tokio::process::Command::from(command);
    let output = timeout(DEADLINE, command.kill_on_drop(true).output())
        .await
        .expect("the command ends in time")
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn on_redis(folder: &Path, address: &str) -> Command {
    let mut command = serve_command(folder);
    command.args(["--store", address]);
    command
}

#[tokio::test]
async fn an_unreachable_redis_gives_an_error_that_names_its_address() {
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
        let error = error_of(command).await;
        let expected = format!(
            "error: could not reach {named} within 1s; is it running? --store says where it is, --store-wait for how long to try: "
        );
        assert!(error.contains(&expected), "{error}");
    }
}

#[tokio::test]
async fn a_server_waits_for_a_redis_that_starts_later() {
    let (folder, mut redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    redis.kill();
    let log = folder.path().join("log");
    let mut command = on_redis(folder.path(), &redis.address());
    command.stderr(File::create(&log).unwrap());
    let starting = thread::spawn(move || Process::spawn(&mut command));
    let waiting = async {
        while !fs::read_to_string(&log).unwrap().contains("yet; retrying for up to 30s") {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, waiting).await.expect("the log reports the wait");
    redis.start_again();
    let server = starting.join().unwrap();
    let path = create(&server.api).await;
    assert_eq!(server.api.get(&path).await.status, 200);
}

/// Returns the log of a server that starts on a Redis.
fn startup_log(redis: &RedisServer) -> String {
    log_of(&mut on_redis(redis.folder(), &redis.address()), &redis.folder().join("server-log"))
}

/// Starts a server, ends it, and returns its log.
fn log_of(command: &mut Command, log: &Path) -> String {
    let mut server = Process::spawn(command.stderr(File::create(log).unwrap()));
    server.end();
    fs::read_to_string(log).unwrap()
}

#[test]
fn the_log_states_what_a_crash_of_redis_can_lose() {
    for (arguments, level, words) in [
        (&["--appendonly", "no"][..], "WARN", "keeps sessions in memory only: all are lost when it stops"),
        (&["--save", "3600 1"], "WARN", "has no append-only file, only snapshots (save 3600 1:"),
        (
            &["--appendonly", "yes", "--appendfsync", "everysec"],
            "WARN",
            "can lose about two seconds of new and changed sessions",
        ),
        (&["--appendonly", "yes", "--appendfsync", "no"], "WARN", "about thirty seconds"),
        (&["--appendonly", "yes", "--appendfsync", "always"], "INFO", "loses no acknowledged write"),
    ] {
        let redis = RedisServer::start(arguments);
        let log = startup_log(&redis);
        let address = format!("Redis at 127.0.0.1:{} ", redis.port());
        let mut lines = log.lines().skip(1).filter(|line| line.contains(&address));
        let line = lines.next().unwrap_or_default();
        assert!(line.contains(level) && line.contains(words), "{log}");
        assert_eq!(lines.next(), None, "one line is enough");
    }
}

/// Only with snapshots it is not known how much a crash can lose.
#[test]
fn the_log_says_what_to_set_before_anything_is_promised() {
    const WITHOUT: &str = "so nothing is promised about sessions with a notice until --store-loss-ms (or TICKSEED_STORE_LOSS_MS)";
    const WITH: &str = "allow for the loss of the last 60000 ms of writes, as --store-loss-ms says";
    let redis = RedisServer::start(&["--save", "60 1"]);
    let log = startup_log(&redis);
    assert!(log.contains(WITHOUT) && !log.contains(WITH), "{log}");
    let mut command = on_redis(redis.folder(), &redis.address());
    command.env("TICKSEED_STORE_LOSS_MS", "60000");
    let log = log_of(&mut command, &redis.folder().join("server-log"));
    assert!(log.contains(WITH) && !log.contains(WITHOUT), "{log}");
    let synced = startup_log(&RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]));
    assert!(!synced.contains("--store-loss-ms"), "{synced}");
}

#[test]
fn the_log_warns_about_a_redis_that_evicts_sessions() {
    let redis = RedisServer::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let log = startup_log(&redis);
    assert!(log.contains("removes sessions when it is full (maxmemory-policy allkeys-lru)"), "{log}");
}

#[test]
fn the_log_states_what_a_crash_of_each_cluster_master_can_lose() {
    let (folder, cluster) = (TempDir::new().unwrap(), RedisCluster::start(0, &[]));
    // The server finds the other masters through this one.
    let address = cluster.nodes[0].address().replace("redis://", "redis+cluster://");
    let log = log_of(&mut on_redis(folder.path(), &address), &folder.path().join("log"));
    for node in &cluster.nodes {
        let words = format!("Redis at 127.0.0.1:{} keeps sessions in memory only", node.port());
        assert!(log.contains(&words), "{log}");
    }
}

#[tokio::test]
async fn a_server_connects_over_tls_only_if_it_trusts_the_certificate() {
    let (folder, certificate) = (TempDir::new().unwrap(), Certificate::new());
    let redis = RedisServer::start_with_tls(&certificate.redis_arguments().each_ref().map(String::as_str));
    let mut trusting = on_redis(folder.path(), &redis.address());
    let server = Process::spawn(trusting.env("SSL_CERT_FILE", certificate.file()));
    create(&server.api).await;

    let other = Certificate::new();
    for (trusted, mistake) in [
        (other.file(), "its certificate is not trusted; "),
        (
            folder.path().join("missing"),
            "TLS cannot be set up; check the file in SSL_CERT_FILE, and the host: ",
        ),
    ] {
        let mut distrusting = on_redis(folder.path(), &redis.address());
        distrusting.env("SSL_CERT_FILE", trusted);
        let error = error_of(distrusting).await;
        assert!(error.contains(&format!(" cannot be used: {mistake}")), "{error}");
    }
}

#[tokio::test]
async fn a_server_starts_while_a_master_of_its_cluster_is_down() {
    let (folder, mut cluster) =
        (TempDir::new().unwrap(), RedisCluster::start(0, &["--cluster-require-full-coverage", "no"]));
    for is_hanging in [false, true] {
        let log = folder.path().join("log");
        if is_hanging {
            cluster.nodes[0].pause();
        } else {
            cluster.nodes[0].kill();
        }
        let mut command = on_redis(folder.path(), &cluster.address());
        let server = Process::spawn(command.stderr(File::create(&log).unwrap()));
        let words = format!(
            "Redis at 127.0.0.1:{} does not answer: the server starts without the sessions there",
            cluster.nodes[0].port()
        );
        wait_for_lines_with(&log, &words);
        create(&server.api).await;
        if !is_hanging {
            cluster.nodes[0].start_again();
        }
    }
}
