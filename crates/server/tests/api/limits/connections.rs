//! How many connections there may be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tempfile::TempDir;
use tickseed_server::app::Options;
use tickseed_server::http::ProtectionOptions;
use tickseed_session::{Clock, SessionStore};
use tickseed_store::EmbeddedStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use super::{LimitedServer, at_most, local};
use crate::support::{Api, DEADLINE, LOOK_EVERY, LocalServer, TestClock};

const REQUEST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

async fn connect(api: &Api) -> TcpStream {
    TcpStream::connect(api.base.trim_start_matches("http://")).await.unwrap()
}

/// Sends a request and reads what comes first. Returns an empty text if the connection is reset.
async fn ask(connection: &mut TcpStream) -> String {
    let mut received = vec![0; 4_096];
    drop(connection.write_all(REQUEST).await);
    let read = timeout(DEADLINE, connection.read(&mut received)).await.expect("the server answers or closes");
    received.truncate(read.unwrap_or_default());
    String::from_utf8(received).unwrap()
}

/// Reads a refusal up to the end of the connection, without sending anything.
async fn refusal(api: &Api) -> String {
    let (mut connection, mut received) = (connect(api).await, Vec::new());
    timeout(DEADLINE, connection.read_to_end(&mut received)).await.expect("the server closes it").unwrap();
    String::from_utf8(received).unwrap()
}

async fn assert_limited_to_two(api: &Api) {
    let mut open = vec![connect(api).await, connect(api).await];
    for connection in &mut open {
        assert!(ask(connection).await.starts_with("HTTP/1.1 200"));
    }
    let refused = refusal(api).await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.ends_with(r#""code":"overloaded"}"#), "{refused}");
    let (head, body) = refused.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{refused}");
    assert!(
        refused.contains("retry-after: 10\r\n") && refused.contains("connection: close\r\n"),
        "{refused}"
    );
    for connection in &mut open {
        assert!(ask(connection).await.starts_with("HTTP/1.1 200"), "open connections go on");
    }
    open.pop();
    let since = Instant::now();
    while !ask(&mut connect(api).await).await.starts_with("HTTP/1.1 200") {
        assert!(since.elapsed() < DEADLINE, "the place of a closed connection is not free");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_get_503_and_are_closed() {
    let server = local(ProtectionOptions { connections: at_most(2), ..ProtectionOptions::default() });
    assert_limited_to_two(&server.api).await;
}

#[tokio::test]
async fn one_address_has_a_limit_of_its_own() {
    let protection =
        ProtectionOptions { connections_per_address: at_most(2), ..ProtectionOptions::default() };
    let server = local(protection);
    assert_limited_to_two(&server.api).await;
}

#[tokio::test]
async fn a_trusted_proxy_may_have_as_many_connections_as_there_are() {
    let protection =
        ProtectionOptions { connections_per_address: at_most(2), ..ProtectionOptions::default() };
    let limited = LimitedServer::start(protection);
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(connect(&limited.server.api).await);
        assert!(ask(open.last_mut().unwrap()).await.starts_with("HTTP/1.1 200"));
    }
}

/// A request that the client has sent before it was refused must not take effect.
#[tokio::test]
async fn a_request_on_a_refused_connection_has_no_effect() {
    let (folder, clock) = (TempDir::new().unwrap(), TestClock::new());
    let store: Arc<dyn SessionStore> =
        Arc::new(EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap());
    let protection = ProtectionOptions { connections: at_most(1), ..ProtectionOptions::default() };
    let options = Options { protection, ..Options::default() };
    let server = LocalServer::with_store(Arc::clone(&store), clock.clone(), options);
    let mut open = connect(&server.api).await;
    assert!(ask(&mut open).await.starts_with("HTTP/1.1 200"));
    let create = b"POST /v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                   content-length: 29\r\n\r\n{\"tick_ms\":1,\"ttl_seconds\":1}";
    for _ in 0..50 {
        let (mut refused, mut received) = (connect(&server.api).await, Vec::new());
        drop(refused.write_all(create).await);
        drop(timeout(DEADLINE, refused.read_to_end(&mut received)).await.expect("the server closes it"));
    }
    assert!(ask(&mut open).await.starts_with("HTTP/1.1 200"));
    clock.advance(Duration::from_mins(1));
    assert_eq!(store.remove_expired(Clock::now(&clock)).await.unwrap(), 0, "no session was created");
}

/// Sends requests without reading a response, until the server takes no more for a while. Returns how many bytes it has taken.
async fn send_until_stuck(api: &Api, request: &str, max_bytes: usize) -> usize {
    let socket = TcpSocket::new_v4().unwrap();
    // A small window, so that the buffers of the kernel are soon full.
    socket.set_recv_buffer_size(4_096).unwrap();
    socket.set_send_buffer_size(65_536).unwrap();
    let address = api.base.trim_start_matches("http://").parse().unwrap();
    let mut connection = socket.connect(address).await.unwrap();
    let (requests, mut sent) = (request.repeat(100), 0);
    while sent < max_bytes {
        match timeout(STUCK_FOR, connection.write(&requests.as_bytes()[sent % request.len()..])).await {
            Ok(written) => sent += written.unwrap(),
            Err(_) => break,
        }
    }
    sent
}

/// After this time without progress, a connection counts as stuck.
const STUCK_FOR: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_client_that_never_reads_cannot_fill_the_memory() {
    const MAX_BYTES: usize = 8_000_000;
    let server = local(ProtectionOptions::default());
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    let known = server.api.get(&session).await.header("etag").to_owned();
    let requests = [
        format!("GET {session} HTTP/1.1\r\nhost: x\r\n\r\n"),
        format!("GET {session} HTTP/1.1\r\nhost: x\r\nif-none-match: {known}\r\n\r\n"),
        format!("HEAD {session} HTTP/1.1\r\nhost: x\r\n\r\n"),
        "OPTIONS /v1/time HTTP/1.1\r\nhost: x\r\naccess-control-request-method: GET\r\n\r\n".to_owned(),
        "GET /docs HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
    ];
    let sent = requests.iter().map(|request| send_until_stuck(&server.api, request, MAX_BYTES));
    let sent = join_all(sent).await;
    println!("bytes that the server has taken: {sent:?}");
    assert!(sent.iter().all(|sent| *sent < MAX_BYTES), "{sent:?}");
}

#[tokio::test]
async fn a_304_says_nothing_about_a_body_and_leaves_the_connection_open() {
    let server = local(ProtectionOptions::default());
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    let known = server.api.get(&session).await.header("etag").to_owned();
    let mut connection = connect(&server.api).await;
    let request = format!("GET {session} HTTP/1.1\r\nhost: x\r\nif-none-match: {known}\r\n\r\n");
    for _ in 0..2 {
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        while !received.ends_with(b"\r\n\r\n") {
            let read = timeout(DEADLINE, connection.read_buf(&mut received)).await.expect("it answers");
            assert!(read.unwrap() > 0, "the connection ends");
        }
        let head = String::from_utf8(received).unwrap();
        assert!(head.starts_with("HTTP/1.1 304"), "{head}");
        for name in ["content-length", "transfer-encoding", "connection", "content-type"] {
            assert!(!head.contains(&format!("\r\n{name}:")), "{name}: {head}");
        }
    }
    assert!(ask(&mut connection).await.starts_with("HTTP/1.1 200"));
}
