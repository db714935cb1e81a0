//! A store that is asked again while it is unavailable.

use std::future::Future;
use std::sync::Weak;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tickseed_server::session::{
    Created, Follower, Replaced, Session, SessionId, SessionStore, StoreError, Timestamp,
};

use crate::support::DEADLINE;

/// How long after a failure it is asked again.
const ASKED_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// Asks a store again while it is unavailable: the store in Redis gives up after 150 ms, and on a busy machine a test must
/// not fail for that.
pub(crate) struct PatientStore<Store>(pub(crate) Store);

/// Waits until it may be asked again; until the deadline, after which nobody is patient any more.
async fn wait_until(deadline: Instant) -> bool {
    tokio::time::sleep(ASKED_AGAIN_AFTER).await;
    Instant::now() < deadline
}

async fn patiently<T, Answer>(ask: impl Fn() -> Answer + Send) -> Result<T, StoreError>
where
    Answer: Future<Output = Result<T, StoreError>> + Send,
{
    let deadline = Instant::now() + DEADLINE;
    loop {
        match ask().await {
            Err(error) if error.may_pass() && wait_until(deadline).await => {}
            answer => return answer,
        }
    }
}

impl<Store: SessionStore> PatientStore<Store> {
    async fn has(&self, session: &Session) -> Result<bool, StoreError> {
        Ok(self.find(session.id).await?.as_ref() == Some(session))
    }
}

#[async_trait]
impl<Store: SessionStore> SessionStore for PatientStore<Store> {
    /// What has failed may have been done all the same: who is told then that the session is there looks whether it is this.
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let (deadline, mut has_failed) = (Instant::now() + DEADLINE, false);
        loop {
            match self.0.create(session.clone()).await {
                Err(error) if error.may_pass() && wait_until(deadline).await => has_failed = true,
                Ok(Created::IdTaken) if has_failed && self.has(&session).await? => return Ok(Created::Yes),
                answer => return answer,
            }
        }
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        patiently(|| self.0.find(id)).await
    }

    /// As [`create`](Self::create).
    async fn replace(&self, session: Session, before: Option<Timestamp>) -> Result<Replaced, StoreError> {
        let (deadline, mut has_failed) = (Instant::now() + DEADLINE, false);
        loop {
            match self.0.replace(session.clone(), before).await {
                Err(error) if error.may_pass() && wait_until(deadline).await => has_failed = true,
                Ok(Replaced::No) if has_failed && self.has(&session).await? => return Ok(Replaced::Yes),
                answer => return answer,
            }
        }
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        patiently(|| self.0.remove_expired(now)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        patiently(|| self.0.check()).await
    }

    fn follow(&self, follower: Weak<dyn Follower>) {
        self.0.follow(follower);
    }
}
