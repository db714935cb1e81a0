//! A store that cannot keep up: the server refuses excess requests before they reach the store, and important ones go through.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use reqwest::Method;
use tempfile::TempDir;
use tickseed_server::access::{Access, AccessMode, ApiKeys};
use tickseed_server::app::Options;
use tickseed_server::http::ProtectionOptions;
use tickseed_session::{
    ChangeFeed, Created, Deadline, Deleted, Replaced, Session, SessionId, SessionPage, SessionStore,
    StoreError, Terms, Timestamp,
};
use tickseed_store::EmbeddedStore;
use tokio::sync::Semaphore;

use super::at_most;
use crate::support::{Api, DEADLINE, LocalServer, Response, TestClock};

/// A session that is not in memory.
const UNKNOWN: &str = "/v1/sessions/sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21";

/// A real store whose reads and creations wait until the test lets them pass.
struct Gated {
    inner: EmbeddedStore,
    gate: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Gated {
    async fn pass(&self) {
        self.waiting.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
    }
}

#[async_trait]
impl SessionStore for Gated {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.pass().await;
        self.inner.create(session).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.pass().await;
        self.inner.find(id).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        self.inner.compare_and_set(session, deadline).await
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        self.inner.delete(session, deadline).await
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        self.pass().await;
        self.inner.list(after, limit).await
    }

    fn certain(&self, id: SessionId) -> Option<Timestamp> {
        self.inner.certain(id)
    }

    fn terms(&self, id: SessionId) -> Terms {
        self.inner.terms(id)
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.inner.remove_expired(now).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.inner.check().await
    }

    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        self.inner.change_feed()
    }
}

struct GatedServer {
    server: LocalServer,
    gate: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    // Dropped after the server that uses it.
    _folder: TempDir,
}

impl GatedServer {
    /// Starts a server that lets two requests wait for the store.
    fn start() -> Self {
        Self::with_mode(AccessMode::Open)
    }

    fn with_mode(mode: AccessMode) -> Self {
        let (folder, clock) = (TempDir::new().unwrap(), TestClock::new());
        let (gate, waiting) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let inner = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
        let store = Gated { inner, gate: Arc::clone(&gate), waiting: Arc::clone(&waiting) };
        let protection = ProtectionOptions { in_flight: at_most(2), ..ProtectionOptions::default() };
        let access = Access::new(mode, ApiKeys::default());
        let options = Options { protection, access, ..Options::default() };
        let server = LocalServer::with_store(Arc::new(store), clock, options);
        Self { server, gate, waiting, _folder: folder }
    }

    /// Creates a session while nothing else waits.
    async fn create(&self) -> String {
        self.gate.add_permits(1);
        self.server.api.create(r#"{"tick_ms":100,"start_at":"2026-01-31T11:00:00Z"}"#).await
    }

    /// Waits until this many requests have reached the store.
    async fn waits_for(&self, count: u32) {
        let waiting = tokio::time::timeout(DEADLINE, self.waiting.acquire_many(count)).await;
        waiting.expect("the requests reach the store").unwrap().forget();
    }
}

#[tokio::test]
async fn excess_requests_are_refused_and_the_rest_goes_on() {
    let gated = GatedServer::start();
    let api = &gated.server.api;
    let session = gated.create().await;
    gated.waits_for(1).await;
    let stuck = async {
        let create = api.post("/v1/sessions", r#"{"tick_ms":100}"#);
        let (created, read) = tokio::join!(create, api.get(UNKNOWN));
        assert_eq!((created.status, read.status), (201, 404), "those that wait are served in the end");
    };
    let others = async {
        gated.waits_for(2).await;
        let refused = api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
        let problem = refused.problem(503, "overloaded");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("wait for the store") && detail.contains("nothing has changed"), "{detail}");
        assert!(!refused.header("retry-after").is_empty());
        // The server spends no time on its body.
        api.post("/v1/sessions", "{").await.problem(503, "overloaded");
        for path in [UNKNOWN.replace("2f3b1d7c8e21", "000000000000"), format!("{UNKNOWN}/state")] {
            api.get(&path).await.problem(503, "overloaded");
        }
        let stream = api.get(&format!("{UNKNOWN}/events")).await;
        assert_eq!(
            stream.status, 200,
            "a browser comes back after the end of a stream, but never after a 503"
        );
        assert!(stream.text.starts_with("retry: "), "{}", stream.text);
        // From memory, and what must go through.
        for path in [session.as_str(), &format!("{session}/state"), "/v1/time", "/healthz", "/readyz"] {
            assert_eq!(api.get(path).await.status, 200, "{path}");
        }
        for (action, body) in [
            ("pause", ""),
            ("resume", ""),
            ("rate", r#"{"tick_ms":50}"#),
            ("pause", r#"{"at":"2026-01-31T13:00:00Z"}"#),
            ("withdraw", ""),
            ("stop", ""),
        ] {
            let changed = api.post(&format!("{session}/{action}"), body).await;
            assert_eq!(changed.status, 200, "{action}: {}", changed.text);
        }
        gated.gate.add_permits(1_000);
    };
    tokio::join!(stuck, others);
    assert_eq!(api.post("/v1/sessions", r#"{"tick_ms":100}"#).await.status, 201, "the slots are free again");
}

/// Again and again, twice as many requests arrive as the store can take at once. Each time the store works at its capacity, and the
/// server refuses the rest before the store has done anything.
#[tokio::test]
async fn at_twice_the_load_the_store_does_as_much_as_before() {
    let gated = GatedServer::start();
    for _ in 0..10 {
        let refused = Semaphore::new(0);
        let create = async |_| {
            let response = gated.server.api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
            if response.status != 201 {
                response.problem(503, "overloaded");
                refused.add_permits(1);
            }
            response.status
        };
        let store = async {
            gated.waits_for(2).await;
            let both = tokio::time::timeout(DEADLINE, refused.acquire_many(2)).await;
            both.expect("the others are refused while the store is busy").unwrap().forget();
            gated.gate.add_permits(2);
        };
        let (statuses, ()) = tokio::join!(join_all((0..4).map(create)), store);
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 2, "{statuses:?}");
    }
}

/// Stops a session with a control token that fits none.
async fn stop_with_a_wrong_token(api: &Api, session: &str) -> Response {
    let request = api.request(Method::POST, &format!("{session}/stop"));
    let token = "Bearer tst_00000000000000000000000000000000";
    Response::read(request.header("authorization", token).send().await.unwrap()).await
}

/// A caller without a right must not be able to keep the store busy.
#[tokio::test]
async fn wrong_tokens_share_few_reads_and_the_rest_are_refused() {
    let gated = GatedServer::with_mode(AccessMode::Token);
    let api = &gated.server.api;
    let mut sessions = Vec::new();
    for _ in 0..20 {
        sessions.push(gated.create().await);
    }
    gated.waits_for(20).await;
    let flood = join_all(sessions[..16].iter().map(|session| stop_with_a_wrong_token(api, session)));
    let others = async {
        gated.waits_for(16).await;
        for session in &sessions {
            stop_with_a_wrong_token(api, session).await.problem(503, "overloaded");
            assert_eq!(api.get(session).await.status, 200, "memory answers");
        }
        assert_eq!(gated.waiting.available_permits(), 0, "nothing else has reached the store");
        gated.gate.add_permits(1_000);
    };
    let (refused, ()) = tokio::join!(flood, others);
    assert!(refused.iter().all(|response| response.status == 403), "{refused:?}");
    assert_eq!(stop_with_a_wrong_token(api, &sessions[19]).await.status, 403);
}

/// Anybody can leave the token out or invent one, so such a caller takes a slot like a reader.
#[tokio::test]
async fn a_caller_who_may_have_no_right_takes_a_slot_of_the_store() {
    let gated = GatedServer::with_mode(AccessMode::Token);
    let api = &gated.server.api;
    let stop = format!("{UNKNOWN}/stop");
    let stuck = async {
        let other = UNKNOWN.replace("2f3b1d7c8e21", "000000000000");
        let (one, other) = tokio::join!(api.get(UNKNOWN), api.get(&other));
        assert_eq!((one.status, other.status), (404, 404));
    };
    let others = async {
        gated.waits_for(2).await;
        let others = UNKNOWN.replace("2f3b1d7c8e21", "111111111111");
        api.post(&format!("{others}/stop"), "").await.problem(503, "overloaded");
        stop_with_a_wrong_token(api, &others).await.problem(503, "overloaded");
        assert_eq!(gated.waiting.available_permits(), 0, "nothing else has reached the store");
        gated.gate.add_permits(1_000);
    };
    tokio::join!(stuck, others);
    api.post(&stop, "").await.problem(404, "session_not_found");
    stop_with_a_wrong_token(api, UNKNOWN).await.problem(404, "session_not_found");
}
