//! The life of a session as events, with the clock set by the test.

mod streams;

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tickseed_server::app::Options;

use crate::listener::{Block, Listener};
use crate::support::{Answer, LocalServer, NOW};

const UNKNOWN: &str = "/v1/sessions/sess_00000000-0000-4000-8000-000000000000";

/// How often the servers of these tests send a comment.
const HEARTBEAT: Duration = Duration::from_millis(20);

fn start() -> LocalServer {
    LocalServer::with_options(Options { heartbeat_every: HEARTBEAT, ..Options::default() })
}

/// Stops the session at an instant.
async fn stop(server: &LocalServer, path: &str, at: &str) {
    let answer = server.api.post(&format!("{path}/stop"), &format!(r#"{{"at":"{at}"}}"#)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Checks that an event brings the session as it is now.
async fn assert_is_now(server: &LocalServer, path: &str, event: &Block, name: &str) {
    let session = server.api.get(path).await;
    assert_eq!((event.event.as_str(), &event.data), (name, &session.text));
    assert_eq!(event.id, event.json()["revision"].to_string());
}

/// Checks that a listener is sent heartbeats and nothing else for a while.
async fn assert_nothing_new(listener: &mut Listener) {
    for _ in 0..5 {
        let block = listener.block().await.expect("the stream goes on");
        assert_eq!(block, Block { comment: "nothing new".to_owned(), ..Block::default() });
    }
}

#[tokio::test]
async fn a_listener_is_told_the_session_and_then_every_change_of_its_stop() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100,"metadata":{"text":"é\n\r\u2028 🎲"}}"#).await;
    let mut listener = Listener::start(&server.api, &path).await;
    let greeting = listener.block().await.unwrap();
    assert!((1_000..=10_000).contains(&greeting.retry.parse::<u32>().unwrap()), "{greeting:?}");
    let first = listener.block().await.unwrap();
    assert_is_now(&server, &path, &first, "session").await;
    assert_nothing_new(&mut listener).await;
    for (at, id) in [("2026-01-31T12:30:00Z", "2"), ("2026-01-31T12:10:00Z", "3"), (NOW, "4")] {
        stop(&server, &path, at).await;
        let event = listener.event().await;
        assert_is_now(&server, &path, &event, "stopped").await;
        assert_eq!(event.id, id);
        assert_nothing_new(&mut listener).await;
    }
}

#[tokio::test]
async fn a_refused_stop_is_not_told() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    stop(&server, &path, "2026-01-31T12:10:00Z").await;
    let mut listener = Listener::start(&server.api, &path).await;
    assert_eq!(listener.event().await.event, "session");
    let later = server.api.post(&format!("{path}/stop"), r#"{"at":"2026-01-31T12:20:00Z"}"#).await;
    later.problem(409, "stop_not_earlier");
    assert_nothing_new(&mut listener).await;
}

#[tokio::test]
async fn who_comes_back_with_the_newest_id_is_told_only_what_is_new() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    for (id, at) in [("1", "2026-01-31T12:10:00Z"), ("2", "2026-01-31T12:05:00Z")] {
        let mut listener = Listener::come_back(&server.api, &path, Some(id)).await;
        assert!(!listener.block().await.unwrap().retry.is_empty());
        assert_nothing_new(&mut listener).await;
        stop(&server, &path, at).await;
        assert_is_now(&server, &path, &listener.event().await, "stopped").await;
    }
}

#[tokio::test]
async fn who_comes_back_with_an_older_id_is_told_the_newest_at_once() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    stop(&server, &path, "2026-01-31T12:10:00Z").await;
    stop(&server, &path, "2026-01-31T12:05:00Z").await;
    for id in ["1", "2"] {
        let mut listener = Listener::come_back(&server.api, &path, Some(id)).await;
        let event = listener.event().await;
        assert_is_now(&server, &path, &event, "stopped").await;
        assert_eq!(event.id, "3");
        assert_nothing_new(&mut listener).await;
    }
}

#[tokio::test]
async fn an_id_that_is_no_revision_of_the_session_counts_as_left_out() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    for is_stopped in [false, true] {
        if is_stopped {
            stop(&server, &path, "2026-01-31T12:10:00Z").await;
        }
        for id in ["", "abc", "0", "-1", "1.0", "3", "99999999999999999999", "sess_1", "1,2"] {
            let mut listener = Listener::come_back(&server.api, &path, Some(id)).await;
            assert_is_now(&server, &path, &listener.event().await, "session").await;
        }
    }
}

#[tokio::test]
async fn the_end_of_a_session_is_the_end_of_its_stream() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":1,"ttl_seconds":5,"start_at":"2026-01-31T12:00:00Z"}"#).await;
    let mut listener = Listener::start(&server.api, &path).await;
    let session = listener.event().await.json();
    server.clock.set("2026-01-31T12:00:04.999Z");
    assert_nothing_new(&mut listener).await;
    server.clock.set("2026-01-31T12:00:05.000Z");
    let event = listener.event().await;
    assert_eq!((event.event.as_str(), event.id.as_str()), ("expired", "1"));
    assert_eq!(event.json(), json!({"id": session["id"]}));
    assert_eq!(listener.rest().await, []);
    let again = server.api.get(&format!("{path}/events")).await;
    again.problem(404, "session_not_found");
}

#[tokio::test]
async fn a_stream_is_not_kept_by_anybody_on_its_way() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let listener = Listener::start(&server.api, &path).await;
    for (name, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
    {
        assert_eq!(listener.response().headers()[name], value);
    }
}

#[tokio::test]
async fn events_of_no_session_and_other_methods_are_refused() {
    let server = start();
    server.api.get(&format!("{UNKNOWN}/events")).await.problem(404, "session_not_found");
    server.api.get("/v1/sessions/abc/events").await.invalid_field("id");
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let request = server.api.request(method, &format!("{path}/events"));
        let answer = Answer::of(request.send().await.unwrap()).await;
        answer.problem(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), "GET");
    }
    let head = Answer::of(server.api.request(Method::HEAD, &format!("{path}/events")).send().await.unwrap());
    let head = head.await;
    assert_eq!((head.status, head.header("allow"), head.text.as_str()), (405, "GET", ""));
}
