//! Event streams as connections: how a shutdown ends them, and the cost of clients that do not read.

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

/// Creates a session whose events are as large as possible.
async fn create_large(api: &Api) -> String {
    let text = "x".repeat(16 * 1024 - r#"{"a":""}"#.len());
    api.create(&format!(r#"{{"tick_ms":100,"metadata":{{"a":"{text}"}}}}"#)).await
}

#[tokio::test]
async fn a_shutdown_ends_all_streams_and_spreads_their_reconnections() {
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
    let signalled_at = Instant::now();
    server.signal("TERM");
    let hints = join_all(listeners.into_iter().map(async |listener| {
        let [hint] = listener.remaining_blocks().await.try_into().expect("only a reconnection hint arrives");
        assert!(!hint.is_event(), "{hint:?}");
        hint.retry.parse::<u32>().expect("milliseconds")
    }));
    let hints: HashSet<u32> = hints.await.into_iter().collect();
    assert!(hints.iter().all(|hint| (1_000..=10_000).contains(hint)), "{hints:?}");
    assert!(hints.len() > STREAMS / 2, "{hints:?}");
    assert!(server.wait_for_exit().success());
    println!("the server and its {STREAMS} streams ended within {:.1?}", signalled_at.elapsed());
    assert!(signalled_at.elapsed() < Duration::from_secs(5), "the shutdown does not wait for clients");
}

/// Opens the event stream of a session and reads nothing from it.
async fn listen_without_reading(api: &Api, path: &str) -> TcpStream {
    let address: SocketAddr = api.base.trim_start_matches("http://").parse().expect("an address");
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket can be created");
    // A small receive buffer soon stops the server from sending. It must be set before connecting.
    socket.set_recv_buffer_size(4 * 1024).expect("the option can be set");
    socket.connect(&address.into()).expect("the server listens");
    socket.set_nonblocking(true).expect("the option can be set");
    let mut stream = TcpStream::from_std(socket.into()).expect("tokio can use the socket");
    let request = format!("GET {path}/events HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the server accepts the request");
    stream
}

/// Returns whether the server's end of a connection is still in the kernel's table.
fn is_open_on_the_server(connection: &TcpStream) -> bool {
    let port = |address: SocketAddr| format!("0100007F:{:04X}", address.port());
    let server = port(connection.peer_addr().expect("it is connected"));
    let client = port(connection.local_addr().expect("it is connected"));
    let table = fs::read_to_string("/proc/net/tcp").expect("this is Linux");
    table.lines().any(|line| line.contains(&format!("{server} {client} ")))
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_without_affecting_others() {
    let unread_for = Duration::from_millis(500);
    let server = LocalServer::with_options(Options { unread_for, ..Options::default() });
    let path = create_large(&server.api).await;
    let mut reader = Listener::start(&server.api, &path).await;
    let silent = listen_without_reading(&server.api, &path).await;
    assert_eq!(reader.event().await.revision(), 1);
    let since = Instant::now();
    let mut number = 0;
    while number == 0 || is_open_on_the_server(&silent) {
        assert!(since.elapsed() < DEADLINE, "the silent client is not cut off after {number} stops");
        assert_eq!(stop_in_the_future(&server.api, &path, number).await.status, 200);
        assert_eq!(reader.event().await.revision(), u64::from(number) + 2);
        number += 1;
    }
    assert!(since.elapsed() > unread_for);
    println!("cut off after {:.1?} and {number} events of 16 KiB", since.elapsed());
    assert_eq!(stop_in_the_future(&server.api, &path, number).await.status, 200);
    assert_eq!(reader.event().await.revision(), u64::from(number) + 2);
}

#[tokio::test]
async fn a_client_that_does_not_read_costs_only_the_newest_event() {
    const LISTENERS: usize = 8;
    const STOPS: u32 = 500;
    // In memory: a client that does not read is cut off after 30 s, and a busy disk would take longer for all of these writes.
    let folder = TempDir::new_in("/dev/shm").expect("Linux has this folder");
    let server = Process::start(folder.path());
    let path = create_large(&server.api).await;
    let mut silent = Vec::new();
    for _ in 0..LISTENERS {
        silent.push(listen_without_reading(&server.api, &path).await);
    }
    let mut reader = Listener::start(&server.api, &path).await;
    assert_eq!(reader.event().await.revision(), 1);
    let before = resident_memory(&server);
    for number in 0..STOPS {
        assert_eq!(stop_in_the_future(&server.api, &path, number).await.status, 200);
    }
    let grown = resident_memory(&server).saturating_sub(before);
    println!("{LISTENERS} listeners, {STOPS} events of 16 KiB, {} KiB more memory", grown / 1024);
    assert!(grown < 16 * 1024 * 1024, "{grown} bytes of {}", u64::from(STOPS) * 16 * 1024);
    for connection in silent {
        let text = read_until(connection, &format!("\"revision\":{}}}\n", STOPS + 1)).await;
        let events = text.matches("event: stopped\n").count();
        assert!(events < STOPS as usize / 2, "{events} of {STOPS} events were buffered");
    }
}

/// Returns the resident memory of a process in bytes.
fn resident_memory(server: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).expect("this is Linux");
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
    kibibytes.expect("the kernel reports it").trim().parse::<u64>().expect("a number") * 1024
}

/// Reads from a connection until this text arrives.
async fn read_until(mut connection: TcpStream, end: &str) -> String {
    let mut received = Vec::new();
    let mut seen = 0;
    loop {
        let read = timeout(DEADLINE, connection.read_buf(&mut received)).await.expect("data arrives in time");
        assert!(read.expect("the connection is not reset") > 0, "the stream ends without {end:?}");
        let new = &received[seen..];
        if new.windows(end.len()).any(|bytes| bytes == end.as_bytes()) {
            return String::from_utf8(received).expect("events are UTF-8");
        }
        seen = received.len().saturating_sub(end.len());
    }
}
