//! A store in memory that counts, tells only what a test tells, and fails or holds back its answers as long as a test wants.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use async_trait::async_trait;
use tickseed_server::session::{
    Created, Follower, Replaced, Session, SessionId, SessionStore, StoreError, Timestamp,
};
use tokio::sync::watch;

#[derive(Default)]
pub(super) struct StoreByHand {
    sessions: Mutex<HashMap<SessionId, Session>>,
    follower: OnceLock<Weak<dyn Follower>>,
    reads: AtomicU64,
    writes: AtomicU64,
    fails: AtomicBool,
    holds_back: watch::Sender<bool>,
}

impl StoreByHand {
    pub(super) fn follower(&self) -> Arc<dyn Follower> {
        self.follower.get().and_then(Weak::upgrade).expect("the service follows as long as it lives")
    }

    /// Keeps a session, whatever was there.
    pub(super) fn put(&self, session: Session) {
        self.sessions.lock().unwrap().insert(session.id, session);
    }

    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// From now on, or no longer, calls fail.
    pub(super) fn fails(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    /// From now on, or no longer, calls are carried out but not answered.
    pub(super) fn holds_back(&self, holds_back: bool) {
        self.holds_back.send_replace(holds_back);
    }

    async fn answer<T>(&self, answer: T) -> Result<T, StoreError> {
        let fails = self.fails.load(Ordering::SeqCst);
        let mut holds_back = self.holds_back.subscribe();
        holds_back.wait_for(|holds_back| !holds_back).await.expect("the sender lives as long as this");
        if fails { Err(StoreError::unavailable("it fails")) } else { Ok(answer) }
    }
}

#[async_trait]
impl SessionStore for StoreByHand {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.put(session);
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.answer(Created::Yes).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let found = self.sessions.lock().unwrap().get(&id).cloned();
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.answer(found).await
    }

    async fn replace(&self, session: Session, _deadline: Option<Timestamp>) -> Result<Replaced, StoreError> {
        let known = self.sessions.lock().unwrap().get(&session.id).map(|known| known.revision);
        let replaces = known.is_some_and(|known| known + 1 == session.revision);
        if replaces {
            self.put(session);
        }
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.answer(if replaces { Replaced::Yes } else { Replaced::No }).await
    }

    async fn remove_expired(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.answer(()).await
    }

    fn follow(&self, follower: Weak<dyn Follower>) {
        assert!(self.follower.set(follower).is_ok(), "it is followed once");
    }
}
