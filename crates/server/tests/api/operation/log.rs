//! The log of the real binary: without a reader, and in a flood of failures.

use std::fs::File;
use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, thread};

use tempfile::TempDir;
use tickseed_store::test_servers::RedisServer;
use tokio::task::JoinSet;

use super::eventually;
use crate::support::{Process, serve_command};

/// Returns the sum of a field over the lines of a log that contain some words.
fn sum(log: &str, words: &str, field: &str) -> usize {
    let lines = log.lines().filter(|line| line.contains(words));
    lines.filter_map(|line| line.split_once(field)?.1.split(' ').next()?.parse::<usize>().ok()).sum()
}

#[tokio::test]
async fn a_log_that_nobody_reads_does_not_hold_up_requests() {
    let folder = TempDir::new().unwrap();
    let mut command = serve_command(folder.path());
    let mut server = Process::spawn(
        command.args(["--log", "trace,actix_server=trace,actix_http::h1=trace"]).stderr(Stdio::piped()),
    );
    let unread = server.take_stderr();
    // Far more lines than fit into the pipe and into the queue.
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let api = server.api.clone();
        clients.spawn(async move {
            for _ in 0..250 {
                assert_eq!(api.get("/v1/time").await.status, 200);
            }
        });
    }
    clients.join_all().await;
    let lost = Arc::new(AtomicUsize::new(0));
    let reader = thread::spawn({
        let lost = Arc::clone(&lost);
        move || {
            for line in BufReader::new(unread).lines() {
                let count = sum(&line.unwrap(), "lines of the log are lost", " lost=");
                lost.fetch_add(count, Ordering::Relaxed);
            }
        }
    });
    eventually("the log says how many lines are lost", async || lost.load(Ordering::Relaxed) > 0).await;
    server.end();
    reader.join().unwrap();
}

/// Makes a pipe that takes nothing more. It is full as long as nobody reads it.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = io::pipe().unwrap();
    writer.write_all(&vec![b'x'; 65_536]).unwrap();
    (reader, writer)
}

#[tokio::test]
async fn a_process_whose_log_cannot_be_written_serves_and_ends() {
    let (folder, (unread, full)) = (TempDir::new().unwrap(), full_pipe());
    let mut server = Process::spawn(serve_command(folder.path()).stderr(full));
    assert_eq!(server.api.get("/readyz").await.status, 200);
    server.end();
    drop(unread);
}

#[test]
fn an_error_that_cannot_be_written_ends_the_process() {
    let (unread, full) = full_pipe();
    let mut command = serve_command(Path::new("/dev/null/data"));
    let mut child = command.stderr(full).spawn().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    drop(unread);
}

#[tokio::test]
async fn a_server_whose_output_nobody_reads_serves() {
    let folder = TempDir::new().unwrap();
    let mut command = serve_command(folder.path());
    let mut server = Process::with_closed_stdout(&mut command, &folder.path().join("log"));
    eventually("the server is ready", async || server.api.get("/readyz").await.status == 200).await;
    server.end();
}

#[tokio::test]
async fn a_flood_of_failures_takes_a_handful_of_lines() {
    const CREATES: usize = 1_000;
    const CLIENTS: usize = 10;
    // It is full from the beginning.
    let redis = RedisServer::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]);
    let (folder, log) = (TempDir::new().unwrap(), redis.folder().join("server-log"));
    let mut command = serve_command(folder.path());
    command.args(["--store", &redis.address()]).stderr(File::create(&log).unwrap());
    let mut server = Process::spawn(&mut command);
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let api = server.api.clone();
        clients.spawn(async move {
            for _ in 0..CREATES / CLIENTS {
                assert_eq!(api.post("/v1/sessions", r#"{"tick_ms":100}"#).await.status, 503);
            }
        });
    }
    clients.join_all().await;
    server.end();
    let log = fs::read_to_string(log).unwrap();
    let lines = log.lines().count();
    assert!(lines < 30, "{lines} lines: {log}");
    assert_eq!(log.matches("writes fail: Redis is full").count(), 1, "{log}");
}
