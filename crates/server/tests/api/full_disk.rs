//! A server on the embedded store whose disk is full. A limit on the size of files stands in for a full disk.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use tempfile::TempDir;

use crate::support::{Api, DEADLINE, LOOK_EVERY, Process, Response, wait_for_lines_with};

/// A session that takes more room than others.
fn large() -> String {
    format!(r#"{{"tick_ms":100,"metadata":{{"a":"{}"}}}}"#, "a".repeat(10_000))
}

/// Starts a server that may make no file larger than a mebibyte, and has no cache.
fn start_limited(folder: &Path, log: &Path) -> Process {
    let limited = "ulimit -S -f 1024; exec \"$0\" serve --port 0 --cache-mb 0 --data-dir \"$1\"";
    let mut command = Command::new("bash");
    command.args(["-c", limited, env!("CARGO_BIN_EXE_tickseed")]).arg(folder);
    Process::spawn(command.stderr(File::create(log).unwrap()))
}

/// Creates sessions until the disk is full. Returns their paths, and the first response of another kind.
async fn fill(api: &Api) -> (Vec<String>, Response) {
    let mut created = Vec::new();
    loop {
        let response = api.post("/v1/sessions", &large()).await;
        if response.status != 201 {
            return (created, response);
        }
        created.push(response.header("location").to_owned());
    }
}

fn lift_limit(server: &Process) {
    let unlimited =
        Command::new("prlimit").args(["--fsize=unlimited", "--pid", &server.id().to_string()]).status();
    assert!(unlimited.expect("prlimit is installed (apt-get install util-linux)").success());
}

async fn wait_until_ready(api: &Api) {
    let since = Instant::now();
    while api.get("/readyz").await.status != 200 {
        assert!(since.elapsed() < DEADLINE, "the server does not recover");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

const FULL: &str = "writes fail: the disk of the embedded store is full";

#[tokio::test]
async fn a_full_disk_stops_only_writes_and_only_while_it_is_full() {
    let (folder, logs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = logs.path().join("log");
    let server = start_limited(folder.path(), &log);
    let api = &server.api;
    let (mut created, refused) = fill(api).await;
    let problem = refused.problem(503, "store_not_writable");
    assert!(problem["detail"].as_str().unwrap().contains("the disk of the embedded store is full"));
    assert_eq!(refused.header("retry-after"), "1");
    api.get("/readyz").await.problem(503, "store_not_writable");
    assert_eq!(api.get("/healthz").await.status, 200, "the process itself is healthy");
    for number in 0..100 {
        api.post("/v1/sessions", &large()).await.problem(503, "store_not_writable");
        let stop = api.post(&format!("{}/stop", created[0]), "").await;
        stop.problem(503, "store_not_writable");
        assert_eq!(api.get(&created[number % created.len()]).await.status, 200);
    }
    assert_eq!(
        (wait_for_lines_with(&log, FULL), wait_for_lines_with(&log, "repairing")),
        (1, 1),
        "once, not with every write"
    );

    lift_limit(&server);
    wait_until_ready(api).await;
    assert_eq!(wait_for_lines_with(&log, "writes work again"), 1);
    created.push(api.create(&large()).await);
    for path in created {
        assert_eq!(api.get(&path).await.status, 200);
    }
}

#[tokio::test]
async fn a_server_that_starts_on_a_full_disk_serves_its_sessions() {
    let (folder, logs) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = logs.path().join("log");
    let mut server = start_limited(folder.path(), &log);
    let (created, _) = fill(&server.api).await;
    server.kill();

    let server = start_limited(folder.path(), &log);
    for path in &created {
        assert_eq!(server.api.get(path).await.status, 200);
    }
    let (_, refused) = fill(&server.api).await;
    refused.problem(503, "store_not_writable");
    lift_limit(&server);
    wait_until_ready(&server.api).await;
    server.api.create(&large()).await;
}
