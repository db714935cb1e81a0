//! A real store that fails when a test wants it to.

use std::future::Future;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use tempfile::TempDir;
use tickseed_server::session::{
    Clock, Created, Follower, Replaced, Session, SessionId, SessionStore, StoreError, Timestamp,
};
use tickseed_server::store::EmbeddedStore;
use tokio::sync::Notify;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not carried out, and the store says that it has failed.
    Before,
    /// It is carried out, and the store says that it has failed.
    After,
    /// It is not carried out, and the store never answers.
    HangsBefore,
    /// It is carried out, and the store never answers.
    HangsAfter,
    /// It is not carried out, and the store says that it did not even try.
    NotAsked,
    /// It is not carried out, and the store says that it cannot read what it has.
    Unreadable,
}

impl Fault {
    pub(crate) const ALL: [Self; 6] =
        [Self::Before, Self::After, Self::HangsBefore, Self::HangsAfter, Self::NotAsked, Self::Unreadable];

    const fn comes_after(self) -> bool {
        matches!(self, Self::After | Self::HangsAfter)
    }
}

/// An embedded store in a folder of its own, of whose calls some fail.
pub(crate) struct FaultyStore {
    inner: EmbeddedStore,
    fault: Fault,
    fails: Range<u64>,
    calls: AtomicU64,
    hangs: Notify,
    // Dropped after the store that is in it.
    _folder: TempDir,
}

impl FaultyStore {
    /// A store whose calls with these numbers, from 0, fail that way. The removal of what has expired is not counted: the
    /// server calls for it in its own time.
    pub(crate) fn new(clock: Arc<dyn Clock>, fault: Fault, fails: Range<u64>) -> Self {
        let folder = TempDir::new().expect("a folder can be made");
        let inner = EmbeddedStore::open(folder.path(), clock).expect("the store opens");
        Self { inner, fault, fails, calls: AtomicU64::new(0), hangs: Notify::new(), _folder: folder }
    }

    /// The store that never fails.
    pub(crate) const fn inner(&self) -> &EmbeddedStore {
        &self.inner
    }

    /// How many calls there were.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Gives an answer, or nothing from the moment on that a call hangs: who calls has given up.
    pub(crate) async fn unless_it_hangs<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            answer = answer => Some(answer),
            () = self.hangs.notified() => None,
        }
    }

    async fn call<T>(&self, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        if !self.fails.contains(&self.calls.fetch_add(1, Ordering::SeqCst)) {
            return answer.await;
        }
        if self.fault.comes_after() {
            answer.await?;
        }
        match self.fault {
            Fault::Before | Fault::After => Err(StoreError::unavailable("the secret reason")),
            Fault::NotAsked => Err(StoreError::NotAsked),
            Fault::Unreadable => Err(StoreError::Unreadable("the secret reason".to_owned())),
            Fault::HangsBefore | Fault::HangsAfter => {
                self.hangs.notify_one();
                std::future::pending().await
            }
        }
    }
}

#[async_trait]
impl SessionStore for FaultyStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.call(self.inner.create(session)).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.call(self.inner.find(id)).await
    }

    async fn replace(&self, session: Session, deadline: Option<Timestamp>) -> Result<Replaced, StoreError> {
        self.call(self.inner.replace(session, deadline)).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.inner.remove_expired(now).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.call(self.inner.check()).await
    }

    fn follow(&self, follower: Weak<dyn Follower>) {
        self.inner.follow(follower);
    }
}
