//! Deletions.

use std::time::Duration;

use reqwest::Method;

use super::{KNOWN, UNKNOWN, delete, list};
use crate::listener::Listener;
use crate::support::{LocalServer, Response};

#[tokio::test]
async fn a_deleted_session_is_gone() {
    let server = LocalServer::start();
    for body in [KNOWN, r#"{"tick_ms":100,"notice_ms":15000}"#, r#"{"tick_ms":100,"ttl_seconds":0}"#] {
        let (path, other) = (server.api.create(body).await, server.api.create(body).await);
        assert_eq!(server.api.get(&path).await.status, 200);
        let deleted = delete(&server.api, &path, &[]).await;
        assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
        assert_eq!(deleted.header("cache-control"), "no-store");
        for address in [path.clone(), format!("{path}/state"), format!("{path}/events")] {
            server.api.get(&address).await.problem(404, "session_not_found");
        }
        for route in ["stop", "pause", "withdraw"] {
            server.api.post(&format!("{path}/{route}"), "").await.problem(404, "session_not_found");
        }
        delete(&server.api, &path, &[]).await.problem(404, "session_not_found");
        assert_eq!(server.api.get(&other).await.status, 200);
        assert_eq!(list(&server.api, "").await.0.len(), 1);
        assert_eq!(delete(&server.api, &other, &[]).await.status, 204);
    }
}

#[tokio::test]
async fn only_a_session_that_exists_can_be_deleted_and_the_request_must_be_valid() {
    let server = LocalServer::start();
    delete(&server.api, UNKNOWN, &["nonsense"]).await.problem(404, "session_not_found");
    delete(&server.api, "/v1/sessions/1", &[]).await.invalid_field("id");
    let path = server.api.create(KNOWN).await;
    delete(&server.api, &path, &["nonsense"]).await.invalid_field("If-Match");
    let message = delete(&server.api, &format!("{path}?at=now"), &[]).await.invalid_field("at");
    assert_eq!(message, "at must be in the body, not in the URL");
    assert_eq!(server.api.get(&path).await.status, 200);
    server.clock.set("2026-01-31T13:00:00.000Z");
    delete(&server.api, &path, &[]).await.problem(404, "session_not_found");
    for (path, allowed) in [("/v1/sessions", "GET, HEAD, POST"), (path.as_str(), "GET, HEAD, DELETE")] {
        let refused = Response::read(server.api.request(Method::PUT, path).send().await.unwrap()).await;
        refused.problem(405, "method_not_allowed");
        assert_eq!(refused.header("allow"), allowed);
    }
}

#[tokio::test]
async fn a_session_is_deleted_only_if_it_is_a_version_that_the_caller_names() {
    let server = LocalServer::start();
    let path = server.api.create(KNOWN).await;
    let first = server.api.get(&path).await.header("etag").to_owned();
    let at = r#"{"at":"2026-01-31T12:05:00Z"}"#;
    assert_eq!(server.api.post(&format!("{path}/stop"), at).await.status, 200);
    let second = server.api.get(&path).await.header("etag").to_owned();
    let weak = format!("W/{second}");
    for tags in [&[first.as_str()][..], &["\"other\""], &[&weak]] {
        delete(&server.api, &path, tags).await.problem(412, "changed_meanwhile");
        assert_eq!(server.api.get(&path).await.header("etag"), second);
    }
    // It has other tags after the stop, but is the same version.
    server.clock.set("2026-01-31T12:05:00.000Z");
    assert_ne!(server.api.get(&path).await.header("etag"), second);
    assert_eq!(delete(&server.api, &path, &["\"other\"", &second]).await.status, 204);
    let path = server.api.create(KNOWN).await;
    assert_eq!(delete(&server.api, &path, &["*"]).await.status, 204);
}

#[tokio::test]
async fn listeners_hear_of_the_deletion_and_their_streams_end() {
    let server = LocalServer::start();
    for body in [KNOWN, r#"{"tick_ms":100,"notice_ms":15000}"#] {
        let (path, other) = (server.api.create(body).await, server.api.create(body).await);
        let (listener, _) = Listener::start_with_first_event(&server.api, &path).await;
        let (mut of_other, _) = Listener::start_with_first_event(&server.api, &other).await;
        assert_eq!(delete(&server.api, &path, &[]).await.status, 204);
        let blocks = listener.remaining_blocks().await;
        let last = blocks.into_iter().filter(|block| block.is_event() && block.event != "settled");
        let [deleted] = last.collect::<Vec<_>>().try_into().expect("only one event is sent");
        assert_eq!((deleted.event.as_str(), deleted.id.as_str()), ("deleted", ""));
        assert_eq!(format!("/v1/sessions/{}", deleted.json()["id"].as_str().unwrap()), path);
        if body == KNOWN {
            assert!(!of_other.hears_an_event_within(Duration::from_millis(50)).await);
        }
    }
}

/// `expired` remains the word for a session whose time is over.
#[tokio::test]
async fn listeners_of_a_session_that_expires_hear_that() {
    let server = LocalServer::start();
    let path =
        server.api.create(r#"{"tick_ms":100,"ttl_seconds":1,"start_at":"2026-01-31T12:00:00Z"}"#).await;
    let (mut listener, _) = Listener::start_with_first_event(&server.api, &path).await;
    server.clock.set("2026-01-31T12:00:01.000Z");
    assert_eq!(listener.event().await.event, "expired");
}
