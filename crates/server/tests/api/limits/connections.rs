//! How many connections there may be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tickseed_server::app::Options;
use tickseed_server::http::ProtectionOptions;
use tickseed_session::{Clock, SessionStore};
use tickseed_store::EmbeddedStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{LimitedServer, at_most, local};
use crate::support::{Api, DEADLINE, LocalServer, TestClock};

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
