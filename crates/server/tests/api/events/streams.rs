//! Streams of events as connections: how all of them end with the server, and what those cost that nobody reads.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;
use tickseed_server::app::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::listener::{Listener, stop_in_the_future};
use crate::support::{Api, DEADLINE, LocalServer, Process};

/// A session whose events are as large as they can be.
async fn create_large(api: &Api) -> String {
    let text = "x".repeat(16 * 1024 - r#"{"a":""}"#.len());
    api.create(&format!(r#"{{"tick_ms":100,"metadata":{{"a":"{text}"}}}}"#)).await
}

#[tokio::test]
async fn the_end_of_the_server_ends_all_streams_and_tells_each_another_time_to_come_back() {
    const STREAMS: usize = 50;
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let listeners = join_all((0..STREAMS).map(async |_| {
        let mut listener = Listener::start(&server.api, &path).await;
        assert_eq!(listener.event().await.event, "session");
        listener
    }));
    let listeners = listeners.await;
    let told_at = Instant::now();
    server.signal("TERM");
    let hints = join_all(listeners.into_iter().map(async |listener| {
        let [hint] = listener.rest().await.try_into().expect("nothing but a hint comes");
        assert!(!hint.is_event(), "{hint:?}");
        hint.retry.parse::<u32>().expect("milliseconds")
    }));
    let hints: HashSet<u32> = hints.await.into_iter().collect();
    assert!(hints.iter().all(|hint| (1_000..=10_000).contains(hint)), "{hints:?}");
    assert!(hints.len() > STREAMS / 2, "{hints:?}");
    assert!(server.ended().success());
    println!("{STREAMS} streams and the server ended within {:.1?}", told_at.elapsed());
    assert!(told_at.elapsed() < Duration::from_secs(5), "nobody was waited for");
}

/// Asks for the events of a session and reads nothing of the answer.
async fn listen_without_reading(api: &Api, path: &str) -> TcpStream {
    let address: SocketAddr = api.base.trim_start_matches("http://").parse().expect("an address");
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be made");
    // Before it connects, so that the server's kernel soon has nowhere to put what is sent.
    socket.set_recv_buffer_size(4 * 1024).expect("it can be set");
    socket.connect(&address.into()).expect("the server listens");
    socket.set_nonblocking(true).expect("it can be set");
    let mut stream = TcpStream::from_std(socket.into()).expect("it can be used here");
    let request = format!("GET {path}/events HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the server takes it");
    stream
}

/// Whether the server's end of a connection is still there, as its kernel says.
fn is_kept(connection: &TcpStream) -> bool {
    let port = |address: SocketAddr| format!("0100007F:{:04X}", address.port());
    let server = port(connection.peer_addr().expect("it is connected"));
    let client = port(connection.local_addr().expect("it is connected"));
    let table = fs::read_to_string("/proc/net/tcp").expect("this is Linux");
    table.lines().any(|line| line.contains(&format!("{server} {client} ")))
}

#[tokio::test]
async fn who_does_not_read_is_cut_off_and_the_others_go_on() {
    let unread_for = Duration::from_millis(500);
    let server = LocalServer::with_options(Options { unread_for, ..Options::default() });
    let path = create_large(&server.api).await;
    let mut reader = Listener::start(&server.api, &path).await;
    let silent = listen_without_reading(&server.api, &path).await;
    assert_eq!(reader.event().await.id, "1");
    let since = Instant::now();
    let mut number = 0;
    while number == 0 || is_kept(&silent) {
        assert!(since.elapsed() < DEADLINE, "it is not cut off after {number} stops");
        assert_eq!(stop_in_the_future(&server.api, &path, number).await.status, 200);
        assert_eq!(reader.event().await.id, (number + 2).to_string());
        number += 1;
    }
    assert!(since.elapsed() > unread_for);
    println!("cut off after {:.1?} and {number} events of 16 KiB", since.elapsed());
    assert_eq!(stop_in_the_future(&server.api, &path, number).await.status, 200);
    assert_eq!(reader.event().await.id, (number + 2).to_string());
}

#[tokio::test]
async fn for_who_does_not_read_only_the_newest_is_kept() {
    const LISTENERS: usize = 8;
    const STOPS: u32 = 500;
    let folder = TempDir::new().unwrap();
    let server = Process::start(folder.path());
    let path = create_large(&server.api).await;
    let mut silent = Vec::new();
    for _ in 0..LISTENERS {
        silent.push(listen_without_reading(&server.api, &path).await);
    }
    let mut reader = Listener::start(&server.api, &path).await;
    assert_eq!(reader.event().await.id, "1");
    let before = memory(&server);
    for number in 0..STOPS {
        assert_eq!(stop_in_the_future(&server.api, &path, number).await.status, 200);
    }
    let grown = memory(&server).saturating_sub(before);
    println!("{LISTENERS} listeners, {STOPS} events of 16 KiB, {} KiB more memory", grown / 1024);
    assert!(grown < 16 * 1024 * 1024, "{grown} bytes of {}", u64::from(STOPS) * 16 * 1024);
    for connection in silent {
        let text = read_until(connection, &format!("id: {}\n", STOPS + 1)).await;
        let events = text.matches("event: stopped\n").count();
        assert!(events < STOPS as usize / 2, "{events} of {STOPS} events were kept");
    }
}

/// How many bytes of memory a process has.
fn memory(server: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("this is Linux");
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
    kibibytes.expect("it is told").trim().parse::<u64>().expect("a number") * 1024
}

/// Reads from a connection until some text comes.
async fn read_until(mut connection: TcpStream, end: &str) -> String {
    let mut received = Vec::new();
    let mut seen = 0;
    loop {
        let read = timeout(DEADLINE, connection.read_buf(&mut received)).await.expect("something comes");
        assert!(read.expect("it is not cut") > 0, "it ends without {end:?}");
        let new = &received[seen..];
        if new.windows(end.len()).any(|bytes| bytes == end.as_bytes()) {
            return String::from_utf8(received).expect("events are UTF-8");
        }
        seen = received.len().saturating_sub(end.len());
    }
}
