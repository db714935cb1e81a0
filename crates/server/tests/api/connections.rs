//! Connections: how long they stay open, what a shutdown does with them, and clients that do not speak HTTP/1.1.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use reqwest::Method;
use tempfile::TempDir;
use tickseed_server::app::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Api, DEADLINE, LocalServer, Process, serve_command};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

/// Opens a connection and sends bytes on it.
async fn send(api: &Api, bytes: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(api.base.trim_start_matches("http://")).await.unwrap();
    connection.write_all(bytes).await.unwrap();
    connection
}

/// Reads from a connection until the text that arrived ends like this.
async fn read_until(connection: &mut TcpStream, end: &str) -> String {
    let mut received = Vec::new();
    while !received.ends_with(end.as_bytes()) {
        let read = timeout(DEADLINE, connection.read_buf(&mut received)).await.expect("data arrives in time");
        assert!(read.unwrap() > 0, "the connection ends: {:?}", String::from_utf8_lossy(&received));
    }
    String::from_utf8(received).unwrap()
}

/// Reads from a connection until the server closes it.
async fn read_to_end(mut connection: TcpStream) -> String {
    let mut received = Vec::new();
    timeout(DEADLINE, connection.read_to_end(&mut received)).await.expect("the server closes it").unwrap();
    String::from_utf8(received).unwrap()
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_the_time_of_the_options() {
    assert_eq!(Options::default().keep_alive, Duration::from_secs(75));
    let options = Options { keep_alive: Duration::from_secs(1), ..Options::default() };
    let server = LocalServer::with_options(options);
    let mut connection = send(&server.api, REQUEST).await;
    read_until(&mut connection, "}").await;
    let idle_since = Instant::now();
    assert_eq!(read_to_end(connection).await, "");
    // The server reads its clock only every half a second.
    assert!(idle_since.elapsed() >= Duration::from_millis(500), "{:?}", idle_since.elapsed());
}

#[tokio::test]
async fn the_setting_0_lets_a_connection_serve_one_request() {
    let folder = TempDir::new().unwrap();
    let mut command = serve_command(folder.path());
    let server = Process::spawn(command.env("TICKSEED_KEEP_ALIVE_SECONDS", "0"));
    let response = read_to_end(send(&server.api, REQUEST).await).await;
    assert!(response.contains("\r\nconnection: close\r\n"), "{response}");
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_idle_connections() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let mut connection = send(&server.api, REQUEST).await;
    read_until(&mut connection, "}").await;
    let signalled_at = Instant::now();
    server.signal("TERM");
    assert!(server.wait_for_exit().success());
    assert!(signalled_at.elapsed() < Duration::from_secs(5), "{:?}", signalled_at.elapsed());
}

/// The end of the chunk with the session, and that of a whole stream.
const FIRST_EVENT: &str = "}\n\n\r\n";
const END_OF_STREAM: &str = "\r\n0\r\n\r\n";
/// What a healthy server answers.
const OK: &str = r#"{"status":"ok"}"#;

async fn delete(api: &Api, path: &str) {
    assert_eq!(api.request(Method::DELETE, path).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn a_connection_goes_on_after_an_event_stream() {
    let server = LocalServer::start();
    for next_comes_early in [true, false] {
        let path = server.api.create(r#"{"tick_ms":100}"#).await;
        let mut connection = send(&server.api, REQUEST).await;
        read_until(&mut connection, OK).await;
        connection
            .write_all(format!("GET {path}/events HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes())
            .await
            .unwrap();
        read_until(&mut connection, FIRST_EVENT).await;
        if next_comes_early {
            connection.write_all(REQUEST).await.unwrap();
        }
        delete(&server.api, &path).await;
        if !next_comes_early {
            read_until(&mut connection, END_OF_STREAM).await;
            connection.write_all(REQUEST).await.unwrap();
        }
        let received = read_until(&mut connection, OK).await;
        assert!(next_comes_early == received.contains(END_OF_STREAM), "{received}");
    }
}

#[tokio::test]
async fn a_request_that_comes_together_with_one_for_events_is_answered_after_them() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let both = [format!("GET {path}/events HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes(), REQUEST].concat();
    let mut connection = send(&server.api, &both).await;
    read_until(&mut connection, FIRST_EVENT).await;
    delete(&server.api, &path).await;
    let received = read_until(&mut connection, OK).await;
    assert!(received.contains("event: deleted\n") && received.contains(END_OF_STREAM), "{received}");
}

#[tokio::test]
async fn a_connection_ends_with_its_event_stream_if_the_client_wants_that() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let request = format!("GET {path}/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let mut connection = send(&server.api, request.as_bytes()).await;
    let received = read_until(&mut connection, FIRST_EVENT).await;
    assert!(received.contains("\r\nconnection: close\r\n"), "{received}");
    delete(&server.api, &path).await;
    assert!(read_to_end(connection).await.ends_with(END_OF_STREAM));
}

#[tokio::test]
async fn events_over_http_1_0_are_not_chunked_and_end_with_the_connection() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    for header in ["", "connection: keep-alive\r\n"] {
        let request = format!("GET {path}/events HTTP/1.0\r\n{header}\r\n");
        let mut connection = send(&server.api, request.as_bytes()).await;
        let received = read_until(&mut connection, "}\n\n").await;
        let (head, body) = received.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("transfer-encoding") && !head.contains("keep-alive"), "{head}");
        assert!(body.starts_with("retry: ") && body.contains("event: session\n"), "{body}");
    }
    let request = format!("GET {path}/events HTTP/1.0\r\n\r\n");
    let mut connection = send(&server.api, request.as_bytes()).await;
    read_until(&mut connection, "}\n\n").await;
    drop(server);
    let end = read_to_end(connection).await;
    assert!(end.starts_with("retry: ") && end.ends_with("\n\n"), "{end:?}");
}

#[tokio::test]
async fn a_client_that_does_not_speak_http_causes_no_error_in_the_log() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut command = serve_command(folder.path());
    let mut server = Process::spawn(command.env("TICKSEED_LOG", "debug").stderr(File::create(&log).unwrap()));
    let long = format!("GET / HTTP/1.1\r\nx: {}", "x".repeat(200_000));
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"[..],
        b"\r\n\r\nHELP\r\n\r\n",
        b"SSH-2.0-scanner\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        long.as_bytes(),
    ] {
        let mut connection = TcpStream::connect(server.api.base.trim_start_matches("http://")).await.unwrap();
        // The server may close the connection before it has read everything.
        drop(connection.write_all(garbage).await);
        let mut received = Vec::new();
        drop(timeout(DEADLINE, connection.read_to_end(&mut received)).await.expect("the server closes it"));
    }
    assert_eq!(server.api.get("/healthz").await.status, 200);
    server.end();
    let log = fs::read_to_string(log).unwrap();
    assert!(!log.contains("ERROR") && !log.contains("WARN"), "{log}");
}
