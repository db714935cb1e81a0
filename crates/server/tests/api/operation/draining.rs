//! The end of a server that a load balancer has to notice first.

use std::fs;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::eventually;
use crate::listener::Listener;
use crate::support::{Process, serve_command};

/// Starts a server that drains for this long.
fn draining_for(folder: &TempDir, seconds: &str) -> Process {
    Process::spawn(serve_command(folder.path()).args(["--drain-seconds", seconds]))
}

#[tokio::test]
async fn a_server_that_drains_serves_requests_but_is_not_ready_and_a_second_signal_ends_it() {
    let folder = TempDir::new().unwrap();
    let mut server = draining_for(&folder, "600");
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let mut listener = Listener::start(&server.api, &path).await;
    assert_eq!(listener.event().await.event, "session");
    server.signal("TERM");
    eventually("the server drains", async || server.api.get("/readyz").await.status == 503).await;
    let unready = server.api.get("/readyz").await;
    unready.problem(503, "draining");
    assert_eq!(unready.header("retry-after"), "1");
    assert_eq!(server.api.get("/healthz").await.status, 200);
    assert_eq!(server.api.post(&format!("{path}/stop"), "").await.status, 200);
    assert_eq!(listener.event().await.event, "stopped", "open streams continue");
    let [hint] = Listener::start(&server.api, &path).await.remaining_blocks().await.try_into().unwrap();
    assert!(!hint.is_event() && !hint.retry.is_empty(), "a new stream ends at once: {hint:?}");
    server.signal("TERM");
    assert_eq!(server.wait_for_exit().code(), Some(1));
}

#[tokio::test]
async fn after_draining_the_server_ends() {
    let folder = TempDir::new().unwrap();
    let mut server = draining_for(&folder, "1");
    let signalled_at = Instant::now();
    server.end();
    assert!(signalled_at.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_person_at_the_terminal_does_not_wait() {
    let folder = TempDir::new().unwrap();
    let mut server = draining_for(&folder, "600");
    server.signal("INT");
    assert!(server.wait_for_exit().success());
}

#[tokio::test]
async fn a_hangup_does_not_end_the_server() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut server = Process::from_log(&mut serve_command(folder.path()), &log);
    server.signal("HUP");
    eventually("the log says so", async || {
        fs::read_to_string(&log)
            .unwrap()
            .contains("SIGHUP has no effect: settings are read only at the start")
    })
    .await;
    assert_eq!(server.api.get("/healthz").await.status, 200);
    server.end();
}
