//! Sessions on a store that is slow: time passes while a write waits.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tempfile::TempDir;
use tickseed_server::app::Options;
use tickseed_session::{
    ChangeFeed, Created, Deadline, Deleted, Replaced, Session, SessionId, SessionPage, SessionStore,
    StoreError, Timestamp,
};
use tickseed_store::EmbeddedStore;

use crate::support::{LocalServer, NOW, Response, TestClock};

/// A real store. Each write waits for as long as the test says, by the clock of the test, and then has its turn.
struct SlowStore {
    inner: EmbeddedStore,
    clock: TestClock,
    delays: Arc<Mutex<VecDeque<Duration>>>,
    /// Without a change feed, sessions in memory are soon read again, and each read waits like a write.
    has_feed: bool,
}

impl SlowStore {
    fn wait(&self) {
        if let Some(delay) = self.delays.lock().unwrap().pop_front() {
            self.clock.advance(delay);
        }
    }
}

#[async_trait]
impl SessionStore for SlowStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.wait();
        self.inner.create(session).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        if !self.has_feed {
            self.wait();
        }
        self.inner.find(id).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        self.wait();
        self.inner.compare_and_set(session, deadline).await
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        self.wait();
        self.inner.delete(session, deadline).await
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        self.wait();
        self.inner.list(after, limit).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.inner.remove_expired(now).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.inner.check().await
    }

    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        self.inner.change_feed().filter(|_| self.has_feed)
    }
}

struct SlowServer {
    server: LocalServer,
    clock: TestClock,
    delays: Arc<Mutex<VecDeque<Duration>>>,
    // Dropped after the server that uses it.
    _folder: TempDir,
}

impl SlowServer {
    fn start() -> Self {
        Self::with_feed(true)
    }

    fn with_feed(has_feed: bool) -> Self {
        let (folder, clock, delays) = (TempDir::new().unwrap(), TestClock::new(), Arc::default());
        let inner = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
        let store = SlowStore { inner, clock: clock.clone(), delays: Arc::clone(&delays), has_feed };
        let server = LocalServer::with_store(Arc::new(store), clock.clone(), Options::default());
        Self { server, clock, delays, _folder: folder }
    }

    /// Delays each of the next writes by so many milliseconds.
    fn delays(&self, delays_ms: &[u64]) {
        *self.delays.lock().unwrap() = delays_ms.iter().copied().map(Duration::from_millis).collect();
    }

    async fn create(&self) -> String {
        self.server.api.create(r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z"}"#).await
    }

    async fn stop(&self, path: &str, body: &str) -> Response {
        self.server.api.post(&format!("{path}/stop"), body).await
    }

    /// Checks that a stop is refused because the store was too slow, and that the session has not changed.
    async fn assert_too_late(&self, path: &str, stop: &Response) {
        let problem = stop.problem(503, "store_unavailable");
        let detail = problem["detail"].as_str().unwrap();
        assert!(
            detail.contains("could not be written in time") && detail.contains("nothing has changed"),
            "{detail}"
        );
        assert_eq!(stop.header("retry-after"), "1");
        assert_eq!(self.server.api.get(path).await.json()["revision"], 1);
    }
}

#[tokio::test]
async fn a_stop_is_written_at_most_a_quarter_of_a_second_after_it_takes_effect() {
    let slow = SlowServer::start();
    let path = slow.create().await;
    slow.delays(&[249]);
    assert_eq!(slow.stop(&path, "").await.json()["stopped_at"], NOW);
}

#[tokio::test]
async fn a_stop_that_a_hanging_store_delays_is_made_when_the_store_goes_on() {
    let slow = SlowServer::start();
    let path = slow.create().await;
    slow.delays(&[10_000]);
    let stopped_at = "2026-01-31T12:00:10.000Z";
    assert_eq!(slow.stop(&path, "").await.json()["stopped_at"], stopped_at);
    let session = slow.server.api.get(&path).await.json();
    assert_eq!((&session["stopped_at"], &session["revision"]), (&json!(stopped_at), &json!(2)));
}

#[tokio::test]
async fn a_stop_whose_time_passes_while_its_session_is_read_is_refused_like_any_other_late_one() {
    let slow = SlowServer::with_feed(false);
    let path = slow.create().await;
    // Longer than memory is trusted without a feed.
    slow.clock.advance(Duration::from_secs(1));
    slow.delays(&[1_000]);
    let stop = slow.stop(&path, r#"{"at":"2026-01-31T12:00:01.500Z"}"#).await;
    slow.assert_too_late(&path, &stop).await;
}

#[tokio::test]
async fn a_stop_is_refused_if_the_store_stays_too_slow() {
    let slow = SlowServer::start();
    let path = slow.create().await;
    slow.delays(&[250; 3]);
    let stop = slow.stop(&path, "").await;
    slow.assert_too_late(&path, &stop).await;
    assert_eq!(slow.stop(&path, "").await.json()["stopped_at"], "2026-01-31T12:00:00.750Z");
}

#[tokio::test]
async fn a_stop_at_a_time_that_passes_while_the_store_is_slow_is_refused() {
    let slow = SlowServer::start();
    let path = slow.create().await;
    slow.delays(&[1_250]);
    let stop = slow.stop(&path, r#"{"at":"2026-01-31T12:00:01Z"}"#).await;
    slow.assert_too_late(&path, &stop).await;
}

#[tokio::test]
async fn a_stop_that_becomes_final_while_the_store_is_slow_stays() {
    let slow = SlowServer::start();
    let path = slow.create().await;
    assert_eq!(slow.stop(&path, r#"{"at":"2026-01-31T12:00:01Z"}"#).await.status, 200);
    slow.delays(&[500]);
    let problem =
        slow.stop(&path, r#"{"at":"2026-01-31T12:00:00.9Z"}"#).await.problem(409, "session_stopped");
    assert_eq!(problem["stopped_at"], "2026-01-31T12:00:01.000Z");
}

#[tokio::test]
async fn no_session_is_handed_out_after_its_default_start() {
    let slow = SlowServer::start();
    let create = async |body: &str| slow.server.api.post("/v1/sessions", body).await;
    slow.delays(&[2_999, 3_000, 3_000]);
    assert_eq!(create(r#"{"tick_ms":100}"#).await.status, 201);
    let problem = create(r#"{"tick_ms":100}"#).await.problem(503, "store_unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("too slow"), "{problem}");
    let chosen = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:07Z"}"#;
    assert_eq!(create(chosen).await.status, 201, "its start was chosen");
}
