//! Events of a session whose schedule changes.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tickseed_engine::Change;
use tickseed_server::app::Options;
use tickseed_session::acceptance::{instant, session};

use super::lost_stop::{ForgetfulStore, server_over};
use super::{HEARTBEAT, assert_only_heartbeats, assert_shows_session, newest_id, start, stop};
use crate::listener::Listener;
use crate::support::LocalServer;

const KNOWN: &str = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z"}"#;

/// Changes the schedule of a session.
async fn change(server: &LocalServer, path: &str, route: &str, body: &str) {
    let response = server.api.post(&format!("{path}/{route}"), body).await;
    assert_eq!(response.status, 200, "{route} {body}: {}", response.text);
}

#[tokio::test]
async fn a_listener_receives_every_change_of_the_schedule() {
    let server = start();
    let path = server.api.create(KNOWN).await;
    server.clock.set("2026-01-31T12:00:10.000Z");
    let mut listener = Listener::start(&server.api, &path).await;
    assert_eq!(listener.event().await.event, "session");
    for (revision, route, body) in [
        (2, "pause", ""),
        (3, "resume", r#"{"at":"2026-01-31T12:00:20Z"}"#),
        (4, "rate", r#"{"at":"2026-01-31T12:00:30Z","tick_ms":50}"#),
        (5, "withdraw", r#"{"from":"2026-01-31T12:00:30Z"}"#),
    ] {
        change(&server, &path, route, body).await;
        let event = listener.event().await;
        assert_shows_session(&server, &path, &event, "changed").await;
        assert_eq!(event.revision(), revision);
    }
    stop(&server, &path, "2026-01-31T12:10:00Z").await;
    assert_shows_session(&server, &path, &listener.event().await, "stopped").await;
    change(&server, &path, "withdraw", "").await;
    assert_shows_session(&server, &path, &listener.event().await, "changed").await;
    server.api.post(&format!("{path}/pause"), "").await.problem(409, "already_paused");
    assert_only_heartbeats(&mut listener).await;
}

#[tokio::test]
async fn a_change_that_takes_effect_sends_no_event_and_leaves_the_session_known() {
    let server = start();
    let path = server.api.create(KNOWN).await;
    server.clock.set("2026-01-31T12:00:10.000Z");
    change(&server, &path, "pause", r#"{"at":"2026-01-31T12:01:00Z"}"#).await;
    let mut listener = Listener::start(&server.api, &path).await;
    let id = listener.event().await.id;
    server.clock.set("2026-01-31T12:01:00.000Z");
    assert_only_heartbeats(&mut listener).await;
    let paused = newest_id(&server, &path).await;
    assert_ne!(paused, id, "the status is another one");
    for id in [id, paused] {
        let mut listener = Listener::reconnect(&server.api, &path, Some(&id)).await;
        assert!(!listener.block().await.unwrap().retry.is_empty());
        assert_only_heartbeats(&mut listener).await;
    }
    change(&server, &path, "resume", "").await;
    let mut listener = Listener::reconnect(&server.api, &path, Some("\"unknown\"")).await;
    assert_shows_session(&server, &path, &listener.event().await, "session").await;
}

/// The store has no change feed, so the server learns of both at once.
#[tokio::test]
async fn a_change_and_a_stop_at_once_are_two_events_with_the_same_session() {
    let (store, first) = (ForgetfulStore::default(), session(0));
    store.put(first.clone());
    let (server, path) = (server_over(&store), format!("/v1/sessions/{}", first.id));
    let mut listener = Listener::start(&server.api, &path).await;
    assert_eq!(listener.event().await.event, "session");
    let pause = Change::pause(instant("2026-01-31T12:05:00.000Z").millis()).unwrap();
    let paused = first.rescheduled(&[pause]).unwrap();
    store.put(paused.stopped(instant("2026-01-31T12:10:00.000Z")));
    let [changed, stopped] = [listener.event().await, listener.event().await];
    assert_shows_session(&server, &path, &changed, "changed").await;
    assert_shows_session(&server, &path, &stopped, "stopped").await;
    assert_eq!(changed.json()["schedule"], json!([{"at": "2026-01-31T12:05:00.000Z", "paused": true}]));
    assert_only_heartbeats(&mut listener).await;

    // The stop is lost, and another change has come.
    store.put(paused.rescheduled(&[]).unwrap().rescheduled(&[pause]).unwrap());
    let event = listener.event().await;
    assert_eq!((event.event.as_str(), event.revision()), ("session", 4));
    assert_only_heartbeats(&mut listener).await;
}

#[tokio::test]
async fn the_stream_of_a_session_with_a_schedule_ends_when_it_expires() {
    let options = Options { heartbeat_every: HEARTBEAT, settled_every: Duration::ZERO, ..Options::default() };
    let server = LocalServer::over_embedded(options, |store| Arc::new(store));
    let body = r#"{"tick_ms":1,"ttl_seconds":5,"start_at":"2026-01-31T12:00:00Z","notice_ms":1000,
                   "schedule":[{"at":"2026-01-31T12:00:01Z","paused":true}]}"#;
    let path = server.api.create(body).await;
    let mut listener = Listener::start(&server.api, &path).await;
    assert_eq!(listener.event().await.event, "session");
    assert_eq!(listener.event().await.event, "settled");
    server.clock.set("2026-01-31T12:00:05.000Z");
    assert_eq!(listener.event().await.event, "expired");
    assert_eq!(listener.remaining_blocks().await, []);
}
