//! The events of a session, with a clock that the test sets.

mod changes;
mod lost_stop;
mod settled;
mod streams;

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tickseed_server::app::Options;

use crate::listener::{Block, Listener};
use crate::support::{LocalServer, NOW, Response};

const UNKNOWN: &str = "/v1/sessions/sess_00000000-0000-4000-8000-000000000000";

/// The heartbeat interval of the servers in these tests.
const HEARTBEAT: Duration = Duration::from_millis(20);

fn start() -> LocalServer {
    LocalServer::with_options(Options { heartbeat_every: HEARTBEAT, ..Options::default() })
}

/// Stops a session at an instant.
async fn stop(server: &LocalServer, path: &str, at: &str) {
    let response = server.api.post(&format!("{path}/stop"), &format!(r#"{{"at":"{at}"}}"#)).await;
    assert_eq!(response.status, 200, "{}", response.text);
}

/// Checks that an event has this name and carries the current session.
async fn assert_shows_session(server: &LocalServer, path: &str, event: &Block, name: &str) {
    let session = server.api.get(path).await;
    assert_eq!((event.event.as_str(), &event.data), (name, &session.text));
    assert_eq!(event.id, session.header("etag"));
}

/// Returns the id of the event that a new listener receives.
async fn newest_id(server: &LocalServer, path: &str) -> String {
    Listener::start(&server.api, path).await.event().await.id
}

/// Checks that the next five blocks are heartbeats.
async fn assert_only_heartbeats(listener: &mut Listener) {
    for _ in 0..5 {
        let block = listener.block().await.expect("the stream continues");
        assert_eq!(block, Block { comment: "nothing new".to_owned(), ..Block::default() });
    }
}

#[tokio::test]
async fn a_listener_receives_the_session_and_then_every_change_of_its_stop() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100,"metadata":{"text":"é\n\r\u2028 🎲"}}"#).await;
    let mut listener = Listener::start(&server.api, &path).await;
    let hint = listener.block().await.unwrap();
    assert!((1_000..=10_000).contains(&hint.retry.parse::<u32>().unwrap()), "{hint:?}");
    let first = listener.block().await.unwrap();
    assert_shows_session(&server, &path, &first, "session").await;
    assert_only_heartbeats(&mut listener).await;
    for (at, revision) in [("2026-01-31T12:30:00Z", 2), ("2026-01-31T12:10:00Z", 3), (NOW, 4)] {
        stop(&server, &path, at).await;
        let event = listener.event().await;
        assert_shows_session(&server, &path, &event, "stopped").await;
        assert_eq!(event.revision(), revision);
        assert_only_heartbeats(&mut listener).await;
    }
}

#[tokio::test]
async fn a_refused_stop_sends_no_event() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    stop(&server, &path, "2026-01-31T12:10:00Z").await;
    let mut listener = Listener::start(&server.api, &path).await;
    assert_eq!(listener.event().await.event, "session");
    let later = server.api.post(&format!("{path}/stop"), r#"{"at":"2026-01-31T12:20:00Z"}"#).await;
    later.problem(409, "stop_not_earlier");
    assert_only_heartbeats(&mut listener).await;
}

#[tokio::test]
async fn a_client_that_reconnects_with_the_newest_id_receives_only_new_events() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    for at in ["2026-01-31T12:10:00Z", "2026-01-31T12:05:00Z"] {
        let id = newest_id(&server, &path).await;
        let mut listener = Listener::reconnect(&server.api, &path, Some(&id)).await;
        assert!(!listener.block().await.unwrap().retry.is_empty());
        assert_only_heartbeats(&mut listener).await;
        stop(&server, &path, at).await;
        assert_shows_session(&server, &path, &listener.event().await, "stopped").await;
    }
}

#[tokio::test]
async fn a_client_that_reconnects_with_an_older_id_receives_the_session_at_once() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let mut ids = vec![newest_id(&server, &path).await];
    stop(&server, &path, "2026-01-31T12:10:00Z").await;
    ids.push(newest_id(&server, &path).await);
    stop(&server, &path, "2026-01-31T12:05:00Z").await;
    for id in ids {
        let mut listener = Listener::reconnect(&server.api, &path, Some(&id)).await;
        let event = listener.event().await;
        assert_shows_session(&server, &path, &event, "session").await;
        assert_eq!(event.revision(), 3);
        assert_only_heartbeats(&mut listener).await;
    }
}

#[tokio::test]
async fn a_client_that_reconnects_after_the_stop_has_taken_effect_has_the_session_already() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    stop(&server, &path, "2026-01-31T12:10:00Z").await;
    let id = newest_id(&server, &path).await;
    server.clock.set("2026-01-31T12:10:00.000Z");
    assert_ne!(server.api.get(&path).await.header("etag"), id);
    let mut listener = Listener::reconnect(&server.api, &path, Some(&id)).await;
    assert!(!listener.block().await.unwrap().retry.is_empty());
    assert_only_heartbeats(&mut listener).await;
}

#[tokio::test]
async fn any_other_last_event_id_gives_the_session() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    for is_stopped in [false, true] {
        if is_stopped {
            stop(&server, &path, "2026-01-31T12:10:00Z").await;
        }
        let tag = newest_id(&server, &path).await;
        let (weak, list, bare) = (format!("W/{tag}"), format!("{tag}, {tag}"), tag.trim_matches('"'));
        // Earlier versions sent revisions.
        for id in ["", "abc", "0", "1", "2", "99999999999999999999", "\"\"", &weak, &list, bare] {
            let mut listener = Listener::reconnect(&server.api, &path, Some(id)).await;
            assert_shows_session(&server, &path, &listener.event().await, "session").await;
        }
    }
}

#[tokio::test]
async fn a_stream_ends_when_its_session_expires() {
    let server = start();
    let path = server.api.create(r#"{"tick_ms":1,"ttl_seconds":5,"start_at":"2026-01-31T12:00:00Z"}"#).await;
    let mut listener = Listener::start(&server.api, &path).await;
    let session = listener.event().await.json();
    server.clock.set("2026-01-31T12:00:04.999Z");
    assert_only_heartbeats(&mut listener).await;
    server.clock.set("2026-01-31T12:00:05.000Z");
    let event = listener.event().await;
    assert_eq!((event.event.as_str(), event.id.as_str()), ("expired", ""));
    assert_eq!(event.json(), json!({"id": session["id"]}));
    assert_eq!(listener.remaining_blocks().await, []);
    let reconnection = server.api.get(&format!("{path}/events")).await;
    reconnection.problem(404, "session_not_found");
}

#[tokio::test]
async fn no_proxy_may_cache_or_buffer_a_stream() {
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
async fn streams_of_missing_sessions_and_other_methods_are_refused() {
    let server = start();
    server.api.get(&format!("{UNKNOWN}/events")).await.problem(404, "session_not_found");
    server.api.get("/v1/sessions/abc/events").await.invalid_field("id");
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let request = server.api.request(method, &format!("{path}/events"));
        let response = Response::read(request.send().await.unwrap()).await;
        response.problem(405, "method_not_allowed");
        assert_eq!(response.header("allow"), "GET");
    }
    let head =
        Response::read(server.api.request(Method::HEAD, &format!("{path}/events")).send().await.unwrap());
    let head = head.await;
    assert_eq!((head.status, head.header("allow"), head.text.as_str()), (405, "GET", ""));
}
