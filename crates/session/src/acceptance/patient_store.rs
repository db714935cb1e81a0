//! A store that retries while it is unavailable.

use std::future::Future;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::DEADLINE;
use crate::{
    ChangeFeed, Created, Deadline, Deleted, Replaced, RequestStore, Session, SessionId, SessionPage,
    SessionStore, StoreError, Terms, Timestamp,
};

/// How long after a failure the call is repeated.
const RETRY_AFTER: Duration = Duration::from_millis(10);

/// Repeats each call of a store while that store is unavailable. A remote store gives up early, and a test on a busy machine must
/// not fail for that.
pub struct PatientStore<Store>(pub Store);

/// Waits until the next try. Returns false once the deadline has passed.
pub(super) async fn wait_to_retry(deadline: Instant) -> bool {
    tokio::time::sleep(RETRY_AFTER).await;
    Instant::now() < deadline
}

async fn retry<T, Answer>(ask: impl Fn() -> Answer + Send) -> Result<T, StoreError>
where
    Answer: Future<Output = Result<T, StoreError>> + Send,
{
    let deadline = Instant::now() + DEADLINE;
    loop {
        match ask().await {
            Err(error) if error.is_temporary() && wait_to_retry(deadline).await => {}
            answer => return answer,
        }
    }
}

impl<Store: SessionStore> PatientStore<Store> {
    async fn holds(&self, session: &Session) -> Result<bool, StoreError> {
        Ok(self.find(session.id).await?.as_ref() == Some(session))
    }
}

#[async_trait]
impl<Store: SessionStore> SessionStore for PatientStore<Store> {
    /// A failed call may have taken effect. If the id is taken at the next try, this looks whether it is the same session.
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let (deadline, mut has_failed) = (Instant::now() + DEADLINE, false);
        loop {
            match self.0.create(session.clone()).await {
                Err(error) if error.is_temporary() && wait_to_retry(deadline).await => has_failed = true,
                Ok(Created::IdTaken) if has_failed && self.holds(&session).await? => return Ok(Created::Yes),
                answer => return answer,
            }
        }
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        retry(|| self.0.find(id)).await
    }

    /// As [`create`](Self::create).
    async fn compare_and_set(
        &self,
        session: Session,
        before: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        let (deadline, mut has_failed) = (Instant::now() + DEADLINE, false);
        loop {
            match self.0.compare_and_set(session.clone(), before).await {
                Err(error) if error.is_temporary() && wait_to_retry(deadline).await => has_failed = true,
                Ok(Replaced::No | Replaced::TooLate) if has_failed && self.holds(&session).await? => {
                    return Ok(Replaced::Yes);
                }
                answer => return answer,
            }
        }
    }

    /// As [`create`](Self::create).
    async fn delete(&self, session: Session, before: Option<Deadline>) -> Result<Deleted, StoreError> {
        let (deadline, mut has_failed) = (Instant::now() + DEADLINE, false);
        loop {
            match self.0.delete(session.clone(), before).await {
                Err(error) if error.is_temporary() && wait_to_retry(deadline).await => has_failed = true,
                Ok(Deleted::No) if has_failed && self.find(session.id).await?.is_none() => {
                    return Ok(Deleted::Yes);
                }
                answer => return answer,
            }
        }
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        retry(|| self.0.list(after, limit)).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        retry(|| self.0.remove_expired(now)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        retry(|| self.0.check()).await
    }

    fn certain(&self, id: SessionId) -> Option<Timestamp> {
        self.0.certain(id)
    }

    fn terms(&self, id: SessionId) -> Terms {
        self.0.terms(id)
    }

    fn write_failure(&self) -> Option<StoreError> {
        self.0.write_failure()
    }

    fn clock_distance(&self) -> Option<Duration> {
        self.0.clock_distance()
    }

    async fn broken(&self) -> StoreError {
        self.0.broken().await
    }

    /// Not repeated: a request that was stored by a failed call is not new the second time.
    fn requests(&self) -> Option<&dyn RequestStore> {
        self.0.requests()
    }

    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        self.0.change_feed()
    }
}
