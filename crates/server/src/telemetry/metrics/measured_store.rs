//! A store whose operations are timed and whose errors are counted.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tickseed_session::{
    ChangeFeed, Created, Deadline, Deleted, Replaced, RequestId, RequestStore, Reservation, Session,
    SessionId, SessionPage, SessionStore, StoreError, Terms, Timestamp, Vitals,
};

use super::Metrics;
use super::histogram::{Histogram, Totals};

/// The labels of the operations.
const OPERATIONS: [&str; 8] =
    ["create", "find", "compare_and_set", "delete", "list", "remove_expired", "check", "request"];

/// The labels of the errors.
const ERRORS: [&str; 6] = ["unavailable", "not_asked", "not_writable", "newer_record", "unreadable", "other"];

/// An operation of a store.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Create,
    Find,
    CompareAndSet,
    Delete,
    List,
    RemoveExpired,
    Check,
    /// Anything about a request with an idempotency key.
    Request,
}

/// How long operations took, and how many failed.
#[derive(Debug, Default)]
pub(super) struct StoreTimes {
    durations: [Histogram; OPERATIONS.len()],
    errors: [AtomicU64; ERRORS.len()],
}

impl StoreTimes {
    /// Returns the durations of the operations that there have been.
    pub(super) fn durations(&self) -> impl Iterator<Item = (&'static str, Totals)> {
        let totals = |(operation, histogram): (&'static str, &Histogram)| {
            let mut totals = Totals::default();
            histogram.add_to(&mut totals);
            (operation, totals)
        };
        OPERATIONS.into_iter().zip(&self.durations).map(totals)
    }

    /// Returns how many operations have failed, by the kind of the error.
    pub(super) fn errors(&self) -> impl Iterator<Item = (&'static str, u64)> {
        ERRORS.into_iter().zip(self.errors.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    fn count(&self, error: &StoreError) {
        let index = match error {
            StoreError::Unavailable(_) => 0,
            StoreError::NotAsked => 1,
            StoreError::NotWritable { .. } => 2,
            StoreError::NewerRecord { .. } => 3,
            StoreError::Unreadable { .. } => 4,
            _ => 5,
        };
        self.errors[index].fetch_add(1, Ordering::Relaxed);
    }
}

/// Times the operations of another store.
pub struct MeasuredStore {
    inner: Arc<dyn SessionStore>,
    metrics: &'static Metrics,
}

impl MeasuredStore {
    /// Times the operations of `inner`.
    #[must_use]
    pub const fn new(inner: Arc<dyn SessionStore>, metrics: &'static Metrics) -> Self {
        Self { inner, metrics }
    }

    async fn time<T>(
        &self,
        operation: Operation,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let began = Instant::now();
        let result = work.await;
        let times = &self.metrics.store;
        times.durations[operation as usize].add(began.elapsed());
        result.inspect_err(|error| times.count(error))
    }
}

#[async_trait]
impl SessionStore for MeasuredStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.time(Operation::Create, self.inner.create(session)).await
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.time(Operation::Find, self.inner.find(id)).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        self.time(Operation::CompareAndSet, self.inner.compare_and_set(session, deadline)).await
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        self.time(Operation::Delete, self.inner.delete(session, deadline)).await
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        self.time(Operation::List, self.inner.list(after, limit)).await
    }

    fn certain(&self, id: SessionId) -> Option<Timestamp> {
        self.inner.certain(id)
    }

    fn terms(&self, id: SessionId) -> Terms {
        self.inner.terms(id)
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.time(Operation::RemoveExpired, self.inner.remove_expired(now)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.time(Operation::Check, self.inner.check()).await
    }

    fn write_failure(&self) -> Option<StoreError> {
        self.inner.write_failure()
    }

    fn clock_distance(&self) -> Option<Duration> {
        self.inner.clock_distance()
    }

    fn vitals(&self) -> Vitals {
        self.inner.vitals()
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

impl MeasuredStore {
    /// Only a store that keeps requests is asked for them.
    fn inner_requests(&self) -> Result<&dyn RequestStore, StoreError> {
        self.inner.requests().ok_or_else(|| StoreError::unavailable("the store keeps no requests"))
    }
}

#[async_trait]
impl RequestStore for MeasuredStore {
    async fn reserve(
        &self,
        id: RequestId,
        reservation: Reservation,
    ) -> Result<Option<Reservation>, StoreError> {
        self.time(Operation::Request, self.inner_requests()?.reserve(id, reservation)).await
    }

    async fn update(
        &self,
        id: RequestId,
        version: u64,
        reservation: Reservation,
    ) -> Result<bool, StoreError> {
        self.time(Operation::Request, self.inner_requests()?.update(id, version, reservation)).await
    }

    async fn release(&self, id: RequestId, version: u64) -> Result<bool, StoreError> {
        self.time(Operation::Request, self.inner_requests()?.release(id, version)).await
    }
}
