//! Events that say until when a session is settled.

use std::time::Duration;

use serde_json::json;
use tickseed_engine::Change;
use tickseed_server::app::Options;
use tickseed_session::acceptance::{instant, session};
use tickseed_session::{Clock, Notice, Session};

use super::lost_stop::{ForgetfulStore, server_over};
use super::{HEARTBEAT, assert_only_heartbeats, assert_shows_session, start};
use crate::listener::{Block, Listener};
use crate::support::LocalServer;

/// A session with a notice so short that the shortest time between two events decides.
const SHORT_NOTICE: &str = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z","notice_ms":1}"#;

const NOTICED: &str = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z","notice_ms":15000}"#;

/// Starts a server whose streams wait no longer than a third of the notice.
fn eager() -> LocalServer {
    let settled_every = Duration::from_millis(1);
    LocalServer::with_options(Options { heartbeat_every: HEARTBEAT, settled_every, ..Options::default() })
}

/// Waits for an event `settled`, and checks that it is about the session with this entity tag.
async fn assert_settled(listener: &mut Listener, settled_until: &str, entity_tag: &str) {
    let event = listener.event().await;
    let expected = Block {
        event: "settled".to_owned(),
        data: json!({"settled_until": settled_until, "etag": entity_tag}).to_string(),
        ..Block::default()
    };
    assert_eq!(event, expected, "it has no id");
}

#[tokio::test]
async fn the_first_promise_follows_the_session_at_once_and_the_next_a_third_of_the_notice_later() {
    let server = start();
    let path = server.api.create(NOTICED).await;
    let mut listener = Listener::start(&server.api, &path).await;
    assert!(!listener.block().await.unwrap().retry.is_empty());
    let session = listener.block().await.unwrap();
    assert_shows_session(&server, &path, &session, "session").await;
    let settled = listener.block().await.unwrap();
    assert_eq!(settled.event, "settled");
    assert_eq!(settled.json(), json!({"settled_until": "2026-01-31T12:00:15.000Z", "etag": session.id}));
    server.clock.set("2026-01-31T12:00:10.000Z");
    // Much less than five seconds.
    assert_only_heartbeats(&mut listener).await;
}

#[tokio::test]
async fn a_promise_is_renewed_as_time_goes_by() {
    let server = eager();
    let path = server.api.create(SHORT_NOTICE).await;
    let mut listener = Listener::start(&server.api, &path).await;
    let id = listener.event().await.id;
    assert_settled(&mut listener, "2026-01-31T12:00:00.001Z", &id).await;
    // What the client knows is not repeated.
    assert_only_heartbeats(&mut listener).await;
    for (now, settled_until) in [
        ("2026-01-31T12:00:00.001Z", "2026-01-31T12:00:00.002Z"),
        ("2026-01-31T12:30:00.000Z", "2026-01-31T12:30:00.001Z"),
    ] {
        server.clock.set(now);
        assert_settled(&mut listener, settled_until, &id).await;
    }
    server.clock.set("2026-01-31T12:29:00.000Z");
    assert_only_heartbeats(&mut listener).await;
}

#[tokio::test]
async fn a_promise_is_about_the_session_that_was_sent_last() {
    let server = eager();
    let path = server.api.create(SHORT_NOTICE).await;
    server.clock.set("2026-01-31T12:00:10.000Z");
    let mut listener = Listener::start(&server.api, &path).await;
    let id = listener.event().await.id;
    assert_settled(&mut listener, "2026-01-31T12:00:10.001Z", &id).await;
    let paused = server.api.post(&format!("{path}/pause"), "").await;
    assert_eq!(paused.status, 200, "{}", paused.text);
    let changed = listener.event().await;
    assert_shows_session(&server, &path, &changed, "changed").await;
    assert_settled(&mut listener, "2026-01-31T12:00:10.001Z", &changed.id).await;
    // The pause takes effect. The client still has the session under the tag with which it was sent.
    server.clock.set("2026-01-31T12:00:20.000Z");
    assert_ne!(server.api.get(&path).await.header("etag"), changed.id);
    assert_settled(&mut listener, "2026-01-31T12:00:20.001Z", &changed.id).await;
}

#[tokio::test]
async fn a_client_that_has_the_session_gets_only_the_promise() {
    let server = eager();
    let path = server.api.create(SHORT_NOTICE).await;
    let tag = server.api.get(&path).await.header("etag").to_owned();
    let mut listener = Listener::reconnect(&server.api, &path, Some(&tag)).await;
    assert_settled(&mut listener, "2026-01-31T12:00:00.001Z", &tag).await;
    assert_only_heartbeats(&mut listener).await;
}

#[tokio::test]
async fn a_session_without_notice_is_never_settled() {
    let server = eager();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let mut listener = Listener::start(&server.api, &path).await;
    assert_eq!(listener.event().await.event, "session");
    server.clock.set("2026-01-31T12:00:10.000Z");
    assert_only_heartbeats(&mut listener).await;
}

/// The stream may look the session up before it hears of the change.
#[tokio::test]
async fn no_promise_that_takes_a_change_for_granted_comes_before_the_change() {
    let store = ForgetfulStore::default();
    let mut current = Session { notice: Notice::from_millis(1).unwrap(), ..session(0) };
    store.put(current.clone());
    let (server, path) = (server_over(&store), format!("/v1/sessions/{}", current.id));
    let mut listener = Listener::start(&server.api, &path).await;
    let mut id = listener.event().await.id;
    let pause = Change::pause(instant("2999-01-01T00:00:00.000Z").millis()).unwrap();
    for round in 0..50 {
        let changes = if round % 2 == 0 { vec![pause] } else { Vec::new() };
        current = current.rescheduled(&changes).unwrap();
        store.put(current.clone());
        store.clock.advance(Duration::from_secs(1));
        let promise = store.clock.now().after(Duration::from_millis(1)).unwrap().to_string();
        loop {
            let event = listener.event().await;
            if event.event == "changed" {
                id = event.id;
                continue;
            }
            assert_eq!((event.event.as_str(), event.json()["etag"].as_str()), ("settled", Some(id.as_str())));
            if event.json()["settled_until"] == promise {
                assert_eq!(id, server.api.get(&path).await.header("etag"), "the client has the change");
                break;
            }
        }
    }
}
