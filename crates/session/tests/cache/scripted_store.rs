//! An in-memory store that a test controls. It counts calls, fails or holds answers back on demand, and reports only the
//! changes that the test reports.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use tickseed_session::{
    ChangeFeed, Created, Deadline, Deleted, FeedPart, Replaced, Session, SessionId, SessionPage,
    SessionStore, StoreError, Subscriber, Terms, Timestamp,
};
use tokio::sync::watch;

#[derive(Default)]
pub(super) struct ScriptedStore {
    /// `None` if the store has no change feed.
    feed: Option<ScriptedFeed>,
    sessions: Mutex<HashMap<SessionId, Session>>,
    reads: AtomicU64,
    writes: AtomicU64,
    failure: Mutex<Option<StoreError>>,
    /// A session that cannot be read, although others can.
    unreadable: Mutex<Option<(SessionId, StoreError)>>,
    is_held: watch::Sender<bool>,
    /// What is certain about every session.
    certain: Mutex<Option<Timestamp>>,
}

/// A change feed with two parts. The last bit of a session's id selects its part.
#[derive(Default)]
struct ScriptedFeed {
    subscriber: OnceLock<Weak<dyn Subscriber>>,
    /// 1 lets the next session asked about move from the first part to the second, 2 means that it has moved.
    moves: AtomicU64,
}

impl ScriptedStore {
    pub(super) fn with_feed() -> Self {
        Self { feed: Some(ScriptedFeed::default()), ..Self::default() }
    }

    pub(super) fn subscriber(&self) -> Arc<dyn Subscriber> {
        let feed = self.feed.as_ref().expect("the store has a feed");
        feed.subscriber.get().and_then(Weak::upgrade).expect("the service subscribes as long as it lives")
    }

    /// Stores a session and overwrites any previous one.
    pub(super) fn put(&self, session: Session) {
        self.sessions.lock().unwrap().insert(session.id, session);
    }

    pub(super) fn remove(&self, id: SessionId) {
        self.sessions.lock().unwrap().remove(&id);
    }

    /// Returns the only stored session.
    pub(super) fn only_session(&self) -> Session {
        let sessions = self.sessions.lock().unwrap();
        assert_eq!(sessions.len(), 1);
        sessions.values().next().expect("there is one").clone()
    }

    pub(super) fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// Makes calls fail from now on, or succeed again.
    pub(super) fn fails(&self, fails: bool) {
        self.fails_with(fails.then(|| StoreError::unavailable("it fails")));
    }

    /// Makes calls fail with this error from now on, or succeed again.
    pub(super) fn fails_with(&self, failure: Option<StoreError>) {
        *self.failure.lock().unwrap() = failure;
    }

    /// Makes calls take effect but wait with their answers from now on, or releases all answers.
    pub(super) fn holds_back(&self, is_held: bool) {
        self.is_held.send_replace(is_held);
    }

    /// Makes reads of one session fail at once with this error.
    pub(super) fn cannot_read(&self, id: SessionId, failure: StoreError) {
        *self.unreadable.lock().unwrap() = Some((id, failure));
    }

    /// Says from now on that this is certain.
    pub(super) fn is_certain(&self, certain: Option<Timestamp>) {
        *self.certain.lock().unwrap() = certain;
    }

    /// Moves the next session asked about to the second part, just after its part has been looked up.
    pub(super) fn moves_the_next_session(&self) {
        self.feed.as_ref().expect("the store has a feed").moves.store(1, Ordering::SeqCst);
    }

    async fn answer<T>(&self, answer: T) -> Result<T, StoreError> {
        let failure = self.failure.lock().unwrap().clone();
        let mut is_held = self.is_held.subscribe();
        is_held.wait_for(|is_held| !is_held).await.expect("the sender lives as long as the store");
        failure.map_or(Ok(answer), Err)
    }
}

#[async_trait]
impl SessionStore for ScriptedStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.put(session);
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.answer(Created::Yes).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let found = self.sessions.lock().unwrap().get(&id).cloned();
        self.reads.fetch_add(1, Ordering::SeqCst);
        if let Some((unreadable, failure)) = &*self.unreadable.lock().unwrap()
            && *unreadable == id
        {
            return Err(failure.clone());
        }
        self.answer(found).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        _deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        let follows = |stored: &Session| session.follows(stored);
        let replaces = self.sessions.lock().unwrap().get(&session.id).is_some_and(follows);
        if replaces {
            self.put(session);
        }
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.answer(if replaces { Replaced::Yes } else { Replaced::No }).await
    }

    async fn delete(&self, session: Session, _deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        let is_stored = |stored: &Session| session.is_same_write(stored);
        let deletes = self.sessions.lock().unwrap().get(&session.id).is_some_and(is_stored);
        if deletes {
            self.remove(session.id);
        }
        self.writes.fetch_add(1, Ordering::SeqCst);
        self.answer(if deletes { Deleted::Yes } else { Deleted::No }).await
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        let mut sessions: Vec<_> = self.sessions.lock().unwrap().values().cloned().collect();
        sessions.retain(|session| after.is_none_or(|after| session.id < after));
        sessions.sort_unstable_by_key(|session| std::cmp::Reverse(session.id));
        let has_more = sessions.len() > limit;
        sessions.truncate(limit);
        let next = sessions.last().filter(|_| has_more).map(|last| last.id);
        self.answer(SessionPage { sessions, left_out: Vec::new(), next }).await
    }

    async fn remove_expired(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.answer(()).await
    }

    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        *self.certain.lock().unwrap()
    }

    fn terms(&self, _id: SessionId) -> Terms {
        Terms { loss: Duration::ZERO, is_clock_sure: true }
    }

    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        self.feed.as_ref().map(|feed| feed as _)
    }
}

impl ChangeFeed for ScriptedFeed {
    fn parts(&self) -> usize {
        2
    }

    fn part_of(&self, id: SessionId) -> FeedPart {
        match self.moves.load(Ordering::SeqCst) {
            0 => FeedPart(u16::from(id.as_bytes()[15] & 1)),
            1 => {
                self.moves.store(2, Ordering::SeqCst);
                self.subscriber
                    .get()
                    .and_then(Weak::upgrade)
                    .expect("the service lives")
                    .restarted(FeedPart(0));
                FeedPart(0)
            }
            _ => FeedPart(1),
        }
    }

    fn subscribe(&self, subscriber: Weak<dyn Subscriber>) {
        assert!(self.subscriber.set(subscriber).is_ok(), "there is one subscriber");
    }
}
