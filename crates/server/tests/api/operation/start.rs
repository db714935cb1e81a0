//! The start of a server, while its store is being opened.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use tempfile::TempDir;
use tickseed_store::test_servers::RedisServer;

use super::eventually;
use crate::support::{Process, serve_command};

#[tokio::test]
async fn a_server_answers_while_it_opens_its_store() {
    const SESSION: &str = "/v1/sessions/sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21";
    let (folder, mut redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    redis.kill();
    let mut command = serve_command(folder.path());
    command.args(["--store", &redis.address()]);
    let server = Process::from_log(&mut command, &folder.path().join("log"));
    for path in ["/healthz", "/v1/time", "/openapi.json", "/docs/"] {
        assert_eq!(server.api.get(path).await.status, 200, "{path}");
    }
    let answers = [
        server.api.get("/readyz").await,
        server.api.get(SESSION).await,
        server.api.get(&format!("{SESSION}/state")).await,
        server.api.post(&format!("{SESSION}/stop"), "").await,
        server.api.post("/v1/sessions", r#"{"tick_ms":100}"#).await,
    ];
    for answer in answers {
        answer.problem(503, "opening");
        assert_eq!(answer.header("retry-after"), "1");
    }
    let events = server.api.get(&format!("{SESSION}/events")).await;
    assert!(events.status == 200 && events.text.starts_with("retry: "), "browsers come back: {events:?}");
    assert_eq!(server.api.get("/v1/nothing").await.status, 404);

    redis.start_again();
    eventually("the server is ready", async || server.api.get("/readyz").await.status == 200).await;
    assert_eq!(server.api.get(SESSION).await.status, 404);
}

#[test]
fn a_port_in_use_is_reported_before_the_store_is_touched() {
    let (folder, taken) = (TempDir::new().unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let data = folder.path().join("data");
    let port = taken.local_addr().unwrap().port().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    let output =
        command.env_clear().args(["serve", "--port", &port, "--data-dir"]).arg(&data).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("cannot listen on 127.0.0.1:"), "{error}");
    assert!(!data.exists());
}

/// Starts a server, ends it, and returns its log.
fn log_of(folder: &TempDir, mut command: Command) -> String {
    let log = folder.path().join("log");
    let mut server = Process::spawn(command.stderr(fs::File::create(&log).unwrap()));
    server.end();
    fs::read_to_string(log).unwrap()
}

#[test]
fn the_first_line_of_the_log_says_what_the_server_runs_with() {
    let folder = TempDir::new().unwrap();
    let log = log_of(&folder, serve_command(&folder.path().join("data")));
    let line = log.lines().next().unwrap();
    for part in [
        "tickseed starts version=\"0.1.0\" address=127.0.0.1:",
        "store=the embedded store",
        "/data session_ttl=86400 cache_mb=64 keep_alive_seconds=75 drain_seconds=0 cores=",
        " open_files=",
    ] {
        assert!(line.contains(part), "{part}: {log}");
    }
    assert!(!log.contains("WARN") || log.contains("limit on open files"), "{log}");
}

#[test]
fn the_first_line_names_a_redis_without_its_password() {
    let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&["--requirepass", "opensesame"]));
    let mut command = serve_command(folder.path());
    command.args(["--store", &redis.address(), "--redis-password", "opensesame"]);
    let log = log_of(&folder, command);
    assert!(
        log.lines().next().unwrap().contains(&format!("store=Redis at 127.0.0.1:{} ", redis.port())),
        "{log}"
    );
    assert!(!log.contains("opensesame"), "{log}");
}

/// Returns the log of a server that starts with these limits on open files, and the limit that it ends up with.
fn with_limits(limits: &str) -> (String, u64) {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new("bash");
    command.args(["-c", &format!("{limits} && exec \"$@\""), "bash"]);
    let serve = serve_command(folder.path());
    command.arg(serve.get_program()).args(serve.get_args()).env("TICKSEED_DRAIN_SECONDS", "0");
    let log = log_of(&folder, command);
    let open_files =
        log.split_once(" open_files=").unwrap().1.split_whitespace().next().unwrap().parse().unwrap();
    (log, open_files)
}

#[test]
fn the_limit_on_open_files_is_raised_and_a_low_one_gives_a_warning() {
    const WARNING: &str = "the limit on open files is low";
    let (log, open_files) = with_limits("ulimit -S -n 256");
    assert!(open_files > 256, "it is raised to the hard limit of this machine: {log}");
    assert_eq!(log.contains(WARNING), open_files < 10_000, "{log}");
    let (log, open_files) = with_limits("ulimit -S -n 256 && ulimit -H -n 5000");
    assert_eq!((open_files, log.contains(WARNING)), (5_000, true), "{log}");
}
