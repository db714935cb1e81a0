//! A real store that fails when a test wants it to.

use std::future::Future;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;

use super::session;
use crate::{
    ChangeFeed, Created, Deadline, Deleted, Replaced, RequestId, RequestStore, Reservation, Session,
    SessionId, SessionPage, SessionStore, StoreError, Terms, Timestamp,
};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It has no effect and fails.
    Before,
    /// It takes effect and fails.
    After,
    /// It has no effect and never returns.
    HangsBefore,
    /// It takes effect and never returns.
    HangsAfter,
    /// It has no effect, because the store was not even asked.
    NotAsked,
    /// It has no effect, because the record is damaged.
    Unreadable,
    /// It has no effect, because a later version wrote the record.
    NewerRecord,
}

impl Fault {
    /// Every way to fail.
    pub const ALL: [Self; 7] = [
        Self::Before,
        Self::After,
        Self::HangsBefore,
        Self::HangsAfter,
        Self::NotAsked,
        Self::Unreadable,
        Self::NewerRecord,
    ];

    const fn takes_effect(self) -> bool {
        matches!(self, Self::After | Self::HangsAfter)
    }
}

/// A store of whose calls some fail.
pub struct FaultyStore<Store> {
    inner: Store,
    fault: Fault,
    failing: Range<u64>,
    calls: AtomicU64,
    hangs: Notify,
}

impl<Store: SessionStore> FaultyStore<Store> {
    /// Wraps a store so that the calls with these numbers, from 0, fail. The removal of expired sessions does not count, because
    /// the server calls it at times of its own.
    pub fn new(inner: Store, fault: Fault, failing: Range<u64>) -> Self {
        Self { inner, fault, failing, calls: AtomicU64::new(0), hangs: Notify::new() }
    }

    /// Returns the store that never fails.
    pub const fn inner(&self) -> &Store {
        &self.inner
    }

    /// Returns the number of calls so far.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// Returns the answer, or `None` as soon as a call hangs: its caller has given up.
    pub async fn unless_it_hangs<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            answer = answer => Some(answer),
            () = self.hangs.notified() => None,
        }
    }

    async fn call<T>(&self, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        if !self.failing.contains(&self.calls.fetch_add(1, Ordering::SeqCst)) {
            return answer.await;
        }
        if self.fault.takes_effect() {
            answer.await?;
        }
        let (id, reason) = (session(0).id, "the secret reason".to_owned());
        match self.fault {
            Fault::Before | Fault::After => Err(StoreError::unavailable(reason)),
            Fault::NotAsked => Err(StoreError::NotAsked),
            Fault::Unreadable => Err(StoreError::Unreadable { id, reason }),
            Fault::NewerRecord => Err(StoreError::NewerRecord { id, reason }),
            Fault::HangsBefore | Fault::HangsAfter => {
                self.hangs.notify_one();
                std::future::pending().await
            }
        }
    }
}

#[async_trait]
impl<Store: SessionStore> SessionStore for FaultyStore<Store> {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.call(self.inner.create(session)).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.call(self.inner.find(id)).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        self.call(self.inner.compare_and_set(session, deadline)).await
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        self.call(self.inner.delete(session, deadline)).await
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        self.call(self.inner.list(after, limit)).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.inner.remove_expired(now).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.call(self.inner.check()).await
    }

    fn certain(&self, id: SessionId) -> Option<Timestamp> {
        self.inner.certain(id)
    }

    fn terms(&self, id: SessionId) -> Terms {
        self.inner.terms(id)
    }

    fn write_failure(&self) -> Option<StoreError> {
        self.inner.write_failure()
    }

    fn clock_distance(&self) -> Option<Duration> {
        self.inner.clock_distance()
    }

    async fn broken(&self) -> StoreError {
        self.inner.broken().await
    }

    fn requests(&self) -> Option<&dyn RequestStore> {
        self.inner.requests().map(|_| self as _)
    }

    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        self.inner.change_feed()
    }
}

impl<Store: SessionStore> FaultyStore<Store> {
    fn inner_requests(&self) -> &dyn RequestStore {
        self.inner.requests().expect("the inner store keeps requests")
    }
}

#[async_trait]
impl<Store: SessionStore> RequestStore for FaultyStore<Store> {
    async fn reserve(
        &self,
        id: RequestId,
        reservation: Reservation,
    ) -> Result<Option<Reservation>, StoreError> {
        self.call(self.inner_requests().reserve(id, reservation)).await
    }

    async fn update(
        &self,
        id: RequestId,
        version: u64,
        reservation: Reservation,
    ) -> Result<bool, StoreError> {
        self.call(self.inner_requests().update(id, version, reservation)).await
    }

    async fn release(&self, id: RequestId, version: u64) -> Result<bool, StoreError> {
        self.call(self.inner_requests().release(id, version)).await
    }
}
