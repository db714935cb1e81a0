//! How many event streams there may be.

use std::time::Instant;

use reqwest::Method;
use tickseed_server::http::ProtectionOptions;

use super::{LimitedServer, at_most};
use crate::support::{DEADLINE, LOOK_EVERY, Response};

impl LimitedServer {
    /// Opens a stream for a client with this address, and waits only for its head.
    async fn stream_from(&self, address: &str, path: &str) -> reqwest::Response {
        let request = self.server.api.request(Method::GET, path).header("x-forwarded-for", address);
        request.send().await.unwrap()
    }
}

#[tokio::test]
async fn the_streams_of_an_address_and_of_all_are_limited() {
    let protection = ProtectionOptions {
        streams: at_most(3),
        streams_per_address: at_most(2),
        ..ProtectionOptions::default()
    };
    let limited = LimitedServer::start(protection);
    let path = limited.server.api.create(r#"{"tick_ms":100}"#).await + "/events";
    let one = limited.stream_from("192.0.2.1", &path).await;
    let other = limited.stream_from("192.0.2.1", &path).await;
    assert_eq!((one.status(), other.status()), (200.try_into().unwrap(), 200.try_into().unwrap()));
    let refused = Response::read(limited.stream_from("192.0.2.1", &path).await).await;
    let problem = refused.problem(429, "too_many_streams");
    assert_eq!(problem["detail"], "this address has 2 event streams, and may not have more; try again later");
    assert_eq!(refused.header("retry-after"), "10");
    let third = limited.stream_from("192.0.2.2", &path).await;
    assert_eq!(third.status(), 200);
    let refused = Response::read(limited.stream_from("192.0.2.3", &path).await).await;
    let problem = refused.problem(503, "overloaded");
    assert!(problem["detail"].as_str().unwrap().contains("as many event streams as it may"), "{problem}");
    assert!(!refused.header("retry-after").is_empty());
    // Other requests go on, and the end of a stream makes room.
    assert_eq!(limited.get_from("192.0.2.1", "/v1/time").await.status, 200);
    drop(one);
    let since = Instant::now();
    while limited.stream_from("192.0.2.3", &path).await.status() != 200 {
        assert!(since.elapsed() < DEADLINE, "the place of a stream that has ended is not free");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    drop((other, third));
}

#[tokio::test]
async fn a_stream_that_never_began_takes_no_place() {
    let protection = ProtectionOptions { streams: at_most(1), ..ProtectionOptions::default() };
    let limited = LimitedServer::start(protection);
    for _ in 0..3 {
        let missing = "/v1/sessions/sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21/events";
        limited.get_from("192.0.2.1", missing).await.problem(404, "session_not_found");
    }
}
