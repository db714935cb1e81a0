//! Acknowledged sessions survive restarts and kills, and concurrent stops have one winner.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::{DEADLINE, LOOK_EVERY, Process, serve_command};

#[tokio::test]
async fn sessions_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let path = server.api.create(r#"{"tick_ms":100,"metadata":{"a":1}}"#).await;
    assert_eq!(server.api.post(&format!("{path}/stop"), "").await.status, 200);
    let session = server.api.get(&path).await.text;
    server.signal("TERM");
    assert!(server.wait_for_exit().success());

    let server = Process::start(folder.path());
    assert_eq!(server.api.get(&path).await.text, session);
}

#[tokio::test]
async fn no_acknowledged_session_is_lost_when_the_server_is_killed() {
    const CLIENTS: usize = 50;
    const CREATES: usize = 1_000;
    const KILLED_AFTER: usize = 400;
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let (sender, mut acknowledged) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (api, sender) = (server.api.clone(), sender.clone());
        clients.spawn(async move {
            for _ in 0..CREATES / CLIENTS {
                let Ok(response) = api.try_post("/v1/sessions", r#"{"tick_ms":100}"#).await else { return };
                // A response without its body was cut off, so it acknowledges nothing.
                if response.status == 201 && !response.text.is_empty() {
                    drop(sender.send(response));
                }
            }
        });
    }
    drop(sender);
    let mut responses = Vec::new();
    while let Some(response) = acknowledged.recv().await {
        responses.push(response);
        if responses.len() == KILLED_AFTER {
            server.kill();
        }
    }
    assert!(
        (KILLED_AFTER..CREATES).contains(&responses.len()),
        "the kill did not come midway: {} of {CREATES} sessions were acknowledged",
        responses.len()
    );

    let server = Process::start(folder.path());
    for response in responses {
        let found = server.api.get(response.header("location")).await;
        assert_eq!((found.status, found.json()["id"].clone()), (200, response.json()["id"].clone()));
    }
}

/// Starts a server on a file that a killed one has left, and checks that it finds a session and has repaired nothing.
async fn assert_starts_without_a_repair(folder: &Path, path: &str) {
    let log = folder.join("log");
    let mut server = Process::spawn(serve_command(folder).stderr(File::create(&log).unwrap()));
    assert_eq!(server.api.get(path).await.status, 200);
    server.end();
    let log = fs::read_to_string(&log).unwrap();
    assert!(!log.contains("repairing"), "{log}");
}

/// A repair reads the whole file several times, which takes long if it is large.
#[tokio::test]
async fn a_server_that_is_killed_while_nobody_writes_starts_without_a_repair() {
    /// Where the file says whether the last commit was made in two phases, as only a checkpoint is: the byte and its bit.
    const TWO_PHASES: (usize, u8) = (9, 4);
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let file = folder.path().join("sessions.redb");
    let since = Instant::now();
    while fs::read(&file).unwrap()[TWO_PHASES.0] & TWO_PHASES.1 == 0 {
        assert!(since.elapsed() < DEADLINE, "the server makes a checkpoint");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.kill();
    assert_starts_without_a_repair(folder.path(), &path).await;
}

/// A repair of a large file takes seconds, so with such a file every write makes it unnecessary.
#[tokio::test]
async fn a_server_with_a_large_file_that_is_killed_while_it_writes_starts_without_a_repair() {
    const LARGE_BYTES: u64 = 256 << 20;
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    server.api.create(r#"{"tick_ms":100}"#).await;
    server.signal("TERM");
    assert!(server.wait_for_exit().success());
    let file = File::options().write(true).open(folder.path().join("sessions.redb")).unwrap();
    // The first writes give back most of what is free.
    file.set_len(8 * LARGE_BYTES).unwrap();
    let mut server = Process::start(folder.path());
    // It starts late enough for a machine that is busy.
    let path = server.api.create(r#"{"tick_ms":100,"start_at":"2100-01-01T00:00:00Z"}"#).await;
    server.kill();
    assert!(file.metadata().unwrap().len() >= LARGE_BYTES, "the file is large when the server is killed");
    assert_starts_without_a_repair(folder.path(), &path).await;
}

#[tokio::test]
async fn exactly_one_of_many_concurrent_stops_succeeds() {
    let folder = TempDir::new().unwrap();
    let server = Process::start(folder.path());
    for _ in 0..5 {
        let path = server.api.create(r#"{"tick_ms":100}"#).await;
        let mut stops = JoinSet::new();
        for _ in 0..64 {
            let (api, stop) = (server.api.clone(), format!("{path}/stop"));
            stops.spawn(async move { api.post(&stop, "").await });
        }
        let responses = stops.join_all().await;
        let (stopped, refused): (Vec<_>, Vec<_>) =
            responses.into_iter().partition(|response| response.status == 200);
        assert_eq!((stopped.len(), refused.len()), (1, 63));
        for response in refused {
            let problem = response.problem(409, "session_stopped");
            assert_eq!(problem["stopped_at"], stopped[0].json()["stopped_at"]);
        }
        assert_eq!(server.api.get(&path).await.json()["revision"], 2);
    }
}

#[tokio::test]
async fn requests_in_progress_finish_during_a_shutdown() {
    for signal in ["TERM", "INT"] {
        let folder = TempDir::new().unwrap();
        let mut server = Process::start(folder.path());
        let address = server.api.base.trim_start_matches("http://").to_owned();
        let mut request = TcpStream::connect(&address).await.unwrap();
        let head = "POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                    content-length: 15\r\nexpect: 100-continue\r\n\r\n";
        request.write_all(head.as_bytes()).await.unwrap();
        // Once the server asks for the body, the request is in progress.
        let mut response = vec![0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        request.read_exact(&mut response).await.unwrap();
        server.signal(signal);
        wait_until_connections_are_refused(&address).await;
        request.write_all(br#"{"tick_ms":100}"#).await.unwrap();
        response.clear();
        request.read_to_end(&mut response).await.unwrap();
        let response = String::from_utf8(response).unwrap();
        assert!(response.starts_with("HTTP/1.1 201 Created"), "{response}");
        assert!(server.wait_for_exit().success());

        let id = &response[response.find("sess_").unwrap()..][..41];
        assert_eq!(Process::start(folder.path()).api.get(&format!("/v1/sessions/{id}")).await.status, 200);
    }
}

/// Waits until the server accepts no new connections.
async fn wait_until_connections_are_refused(address: &str) {
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    tokio::time::timeout(DEADLINE, refused).await.expect("the server stops listening");
}

#[test]
fn a_second_server_on_the_same_folder_explains_why_it_fails() {
    let folder = TempDir::new().unwrap();
    let _first = Process::start(folder.path());
    let second = serve_command(folder.path()).output().unwrap();
    assert!(!second.status.success());
    let text = String::from_utf8(second.stderr).unwrap();
    let expected = "sessions.redb is in use by another process; stop it, or choose another data folder";
    assert!(text.contains(expected), "{text}");
}
