//! A store whose operations are timed and whose errors are counted.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use tickseed_session::{
    ChangeFeed, Created, Deadline, Replaced, Session, SessionId, SessionStore, StoreError, Terms, Timestamp,
    Vitals,
};

use super::Metrics;
use super::histogram::{Histogram, Totals};

/// The labels of the operations.
const OPERATIONS: [&str; 5] = ["create", "find", "compare_and_set", "remove_expired", "check"];

/// The labels of the errors.
const ERRORS: [&str; 6] = ["unavailable", "not_asked", "not_writable", "newer_record", "unreadable", "other"];

/// An operation of a store.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Create,
    Find,
    CompareAndSet,
    RemoveExpired,
    Check,
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

    fn vitals(&self) -> Vitals {
        self.inner.vitals()
    }

    async fn broken(&self) -> StoreError {
        self.inner.broken().await
    }

    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        self.inner.change_feed()
    }
}
