//! The events of a session whose stop the store has lost, as after a restart of Redis from an old snapshot.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tickseed_session::acceptance::{instant, session};
use tickseed_session::{
    Clock, Created, Deadline, Deleted, Replaced, Session, SessionId, SessionPage, SessionStore, StoreError,
    Timestamp,
};

use super::{HEARTBEAT, assert_only_heartbeats, assert_shows_session, stop};
use crate::listener::Listener;
use crate::support::{LocalServer, TestClock};
use tickseed_server::app::Options;

/// Sessions that a test can set back, and a clock. Clones share them.
#[derive(Clone, Default)]
pub(super) struct ForgetfulStore {
    sessions: Arc<Mutex<HashMap<SessionId, Session>>>,
    pub(super) clock: TestClock,
}

impl ForgetfulStore {
    /// Stores a session and forgets every later change of it.
    pub(super) fn put(&self, session: Session) {
        self.sessions.lock().unwrap().insert(session.id, session);
    }
}

#[async_trait]
impl SessionStore for ForgetfulStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.put(session);
        Ok(Created::Yes)
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.sessions.lock().unwrap().get(&id).cloned())
    }

    async fn compare_and_set(
        &self,
        session: Session,
        _deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        self.put(session);
        Ok(Replaced::Yes)
    }

    /// A read that begins now misses nothing, because a write takes no time.
    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        Some(self.clock.now())
    }

    async fn delete(&self, session: Session, _deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        self.sessions.lock().unwrap().remove(&session.id);
        Ok(Deleted::Yes)
    }

    async fn list(&self, _after: Option<SessionId>, _limit: usize) -> Result<SessionPage, StoreError> {
        Ok(SessionPage::default())
    }

    async fn remove_expired(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

pub(super) fn server_over(store: &ForgetfulStore) -> LocalServer {
    let settled_every = Duration::from_millis(1);
    let options = Options { heartbeat_every: HEARTBEAT, settled_every, ..Options::default() };
    LocalServer::with_store(Arc::new(store.clone()), store.clock.clone(), options)
}

/// Both stops have the same revision.
#[tokio::test]
async fn a_client_that_reconnects_with_a_lost_stop_receives_the_one_in_its_place() {
    let (store, first) = (ForgetfulStore::default(), session(0));
    let path = format!("/v1/sessions/{}", first.id);
    let mut last_event_id = None;
    for stop_at in ["2026-01-31T12:10:00.000Z", "2026-01-31T12:05:00.000Z"] {
        store.put(first.stopped(instant(stop_at)));
        let server = server_over(&store);
        let mut listener = Listener::reconnect(&server.api, &path, last_event_id.as_deref()).await;
        let event = listener.event().await;
        assert_shows_session(&server, &path, &event, "session").await;
        assert_eq!((event.revision(), &event.json()["stopped_at"]), (2, &json!(stop_at)));
        last_event_id = Some(event.id);
    }
}

#[tokio::test]
async fn a_listener_receives_the_session_again_when_its_stop_is_lost() {
    let (store, first) = (ForgetfulStore::default(), session(0));
    store.put(first.clone());
    let (server, path) = (server_over(&store), format!("/v1/sessions/{}", first.id));
    let mut listener = Listener::start(&server.api, &path).await;
    assert_eq!(listener.event().await.revision(), 1);
    for at in ["2026-01-31T12:10:00Z", "2026-01-31T12:05:00Z"] {
        stop(&server, &path, at).await;
        assert_eq!(listener.event().await.event, "stopped");
    }
    store.put(first);
    let event = listener.event().await;
    assert_eq!((event.event.as_str(), event.revision()), ("session", 1));
    assert_only_heartbeats(&mut listener).await;
}
