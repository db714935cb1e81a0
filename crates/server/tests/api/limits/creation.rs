//! How long a session may exist, how far ahead it may start, how deep its metadata may be, and how many there may be.

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tickseed_server::app::Options;
use tickseed_server::http::{CreationLimits, ProtectionOptions};
use tickseed_session::SessionStore;
use tickseed_store::{EmbeddedOptions, EmbeddedStore};

use super::local;
use crate::support::{LocalServer, Response, TestClock};

fn limits(max_ttl: Option<u32>, max_start_ahead: Option<u32>) -> ProtectionOptions {
    let creation = CreationLimits {
        max_ttl_seconds: max_ttl.and_then(NonZeroU32::new),
        max_start_ahead_seconds: max_start_ahead.and_then(NonZeroU32::new),
    };
    ProtectionOptions { creation, ..ProtectionOptions::default() }
}

async fn create(server: &LocalServer, fields: &str) -> Response {
    server.api.post("/v1/sessions", &format!(r#"{{"tick_ms":100{fields}}}"#)).await
}

#[tokio::test]
async fn no_session_lives_longer_than_the_maximum() {
    // The server's own time to live is an hour.
    let server = local(limits(Some(7_200), None));
    for (fields, expires_at) in [
        ("", "2026-01-31T13:00:03.000Z"),
        (r#","ttl_seconds":null"#, "2026-01-31T13:00:03.000Z"),
        (r#","ttl_seconds":60"#, "2026-01-31T12:01:03.000Z"),
        (r#","ttl_seconds":7200"#, "2026-01-31T14:00:03.000Z"),
        (r#","ttl_seconds":7201"#, "2026-01-31T14:00:03.000Z"),
        (r#","ttl_seconds":4294967295"#, "2026-01-31T14:00:03.000Z"),
        (r#","ttl_seconds":0"#, "2026-01-31T14:00:03.000Z"),
        (r#","ttl_seconds":0,"start_at":"2026-01-31T20:00:00Z""#, "2026-01-31T22:00:00.000Z"),
        (r#","ttl_seconds":0,"start_at":"2026-01-31T11:00:00Z""#, "2026-01-31T14:00:00.000Z"),
    ] {
        let session = create(&server, fields).await.json();
        assert_eq!(session["expires_at"], expires_at, "{fields}");
    }
    // Nothing that happens later prolongs it.
    let path = server.api.create(r#"{"tick_ms":100,"ttl_seconds":0}"#).await;
    for (action, body) in
        [("pause", r#"{"at":"2026-01-31T12:30:00Z"}"#), ("resume", r#"{"at":"2026-01-31T13:30:00Z"}"#)]
    {
        let changed = server.api.post(&format!("{path}/{action}"), body).await;
        assert_eq!(
            (changed.status, &changed.json()["expires_at"]),
            (200, &"2026-01-31T14:00:03.000Z".into())
        );
    }
    server.clock.advance(Duration::from_secs(7_203));
    server.api.get(&path).await.problem(404, "session_not_found");
}

#[tokio::test]
async fn without_a_maximum_a_session_may_exist_forever() {
    let server = local(ProtectionOptions::default());
    assert!(create(&server, r#","ttl_seconds":0"#).await.json().get("expires_at").is_none());
}

#[tokio::test]
async fn a_start_too_far_ahead_is_an_error_of_its_field() {
    let server = local(limits(None, Some(3_600)));
    assert_eq!(create(&server, r#","start_at":"2026-01-31T13:00:00Z""#).await.status, 201);
    assert_eq!(create(&server, r#","start_at":"1999-01-31T13:00:00Z""#).await.status, 201);
    let refused = create(&server, r#","start_at":"2026-01-31T13:00:00.001Z""#).await;
    assert_eq!(
        refused.invalid_field("start_at"),
        "start_at must be at most 3600 seconds ahead, which is 2026-01-31T13:00:00.000Z, got \
         \"2026-01-31T13:00:00.001Z\""
    );
}

#[tokio::test]
async fn metadata_is_nested_at_most_32_levels_deep() {
    let server = local(ProtectionOptions::default());
    let nested = |lists: usize| format!(r#","metadata":{{"a":{}{}}}"#, "[".repeat(lists), "]".repeat(lists));
    assert_eq!(create(&server, &nested(31)).await.status, 201);
    let message = create(&server, &nested(32)).await.invalid_field("metadata");
    assert!(message.starts_with("metadata must be nested at most 32 levels deep, got "), "{message}");
}

#[tokio::test]
async fn a_full_store_takes_no_new_sessions_until_old_ones_have_expired() {
    let (folder, clock) = (TempDir::new().unwrap(), TestClock::new());
    let open = |limit| {
        EmbeddedStore::open_with(
            folder.path(),
            Arc::new(clock.clone()),
            EmbeddedOptions { max_sessions: NonZeroU64::new(limit), ..EmbeddedOptions::default() },
        )
        .unwrap()
    };
    {
        let store: Arc<dyn SessionStore> = Arc::new(open(3));
        let server = LocalServer::with_store(Arc::clone(&store), clock.clone(), Options::default());
        let lasting = server.api.create(r#"{"tick_ms":100}"#).await;
        for _ in 0..2 {
            server.api.create(r#"{"tick_ms":100,"ttl_seconds":60}"#).await;
        }
        let refused = create(&server, "").await;
        let problem = refused.problem(503, "too_many_sessions");
        assert_eq!(
            problem["detail"],
            "the server has 3 sessions, and may not have more; try again when some have expired"
        );
        assert_eq!(refused.header("retry-after"), "30");
        // What exists can still be changed, and the server is ready.
        assert_eq!(server.api.post(&format!("{lasting}/stop"), "").await.status, 200);
        assert_eq!(server.api.get("/readyz").await.status, 200);
        clock.pass(Duration::from_secs(64));
        assert_eq!(store.remove_expired(clock_now(&clock)).await.unwrap(), 2);
        assert_eq!(create(&server, "").await.status, 201);
    }
    // The number survives a restart, and a lower limit deletes nothing.
    let server = LocalServer::with_store(Arc::new(open(1)), clock.clone(), Options::default());
    create(&server, "").await.problem(503, "too_many_sessions");
}

fn clock_now(clock: &TestClock) -> tickseed_session::Timestamp {
    tickseed_session::Clock::now(clock)
}
