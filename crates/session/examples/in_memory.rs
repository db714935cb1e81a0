//! Keeps sessions in a map and sets the clock by hand: `cargo run --package tickseed-session --example in_memory`.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tickseed_engine::{Rules, Schedule, Seed};
use tickseed_session::{
    ANY_SESSION, CacheSize, Clock, Created, Deadline, Deleted, Moment, NewSession, Notice, Replaced, Session,
    SessionId, SessionPage, SessionService, SessionStore, StoreError, Terms, TimeToLive, Timestamp,
    plain_schedule,
};

/// A clock that stands still until it is set.
struct ManualClock(AtomicI64);

impl ManualClock {
    fn set(&self, now: Timestamp) {
        self.0.store(now.millis() * 1_000, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_us(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A store whose sessions end with the process.
struct InMemoryStore {
    sessions: Mutex<BTreeMap<SessionId, Session>>,
    clock: Arc<ManualClock>,
}

impl InMemoryStore {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<SessionId, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SessionStore for InMemoryStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let mut sessions = self.lock();
        if sessions.contains_key(&session.id) {
            return Ok(Created::IdTaken);
        }
        sessions.insert(session.id, session);
        Ok(Created::Yes)
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.lock().get(&id).cloned())
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        let mut sessions = self.lock();
        if !sessions.get(&session.id).is_some_and(|stored| session.follows(stored)) {
            return Ok(Replaced::No);
        }
        if deadline.is_some_and(|deadline| deadline.instant() <= self.clock.now()) {
            return Ok(Replaced::TooLate);
        }
        sessions.insert(session.id, session);
        Ok(Replaced::Yes)
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        let mut sessions = self.lock();
        if !sessions.get(&session.id).is_some_and(|stored| session.is_same_write(stored)) {
            return Ok(Deleted::No);
        }
        if deadline.is_some_and(|deadline| deadline.instant() <= self.clock.now()) {
            return Ok(Deleted::TooLate);
        }
        sessions.remove(&session.id);
        Ok(Deleted::Yes)
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        let sessions = self.lock();
        let newest_first = sessions.values().rev();
        let mut rest = newest_first.filter(|session| after.is_none_or(|after| session.id < after));
        let page: Vec<_> = rest.by_ref().take(limit.max(1)).cloned().collect();
        let next = rest.next().and_then(|_| page.last()).map(|last| last.id);
        Ok(SessionPage { sessions: page, left_out: Vec::new(), next })
    }

    /// A session changes at once, under the lock.
    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        let _sessions = self.lock();
        Some(self.clock.now())
    }

    /// Only because nobody sets this clock back. A store whose clock can be set back must not say that it is sure of it then.
    fn terms(&self, _id: SessionId) -> Terms {
        Terms { loss: Duration::ZERO, is_clock_sure: true }
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut sessions = self.lock();
        let before = sessions.len();
        sessions.retain(|_, session| !session.has_expired(now));
        Ok((before - sessions.len()) as u64)
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(ManualClock(AtomicI64::new(0)));
    clock.set(Timestamp::parse("2026-01-31T12:00:00.000Z")?);
    let store = InMemoryStore { sessions: Mutex::default(), clock: Arc::clone(&clock) };
    let cache_size = CacheSize::from_megabytes(1);
    let hour = TimeToLive::from_seconds(60 * 60);
    let service = SessionService::new(Arc::new(store), Arc::clone(&clock) as _, hour, cache_size);

    let created_at = clock.now();
    let new = NewSession {
        created_at,
        seed: Some(Seed::new("a seed")?),
        schedule: plain_schedule(Schedule::new(created_at.millis(), 100)?),
        notice: Notice::NONE,
        rules: Rules::default(),
        metadata: None,
        time_to_live: None,
    };
    let id = service.create(new).await?.session.session().id;

    for now in ["2026-01-31T12:00:00.000Z", "2026-01-31T12:00:10.000Z", "2026-01-31T12:00:20.000Z"] {
        clock.set(Timestamp::parse(now)?);
        print_state(&service, id).await?;
    }

    let stopped = service.stop(id, None, ANY_SESSION).await?.session;
    println!("stopped, revision {}", stopped.session().revision);
    clock.set(Timestamp::parse("2026-01-31T12:30:00.000Z")?);
    print_state(&service, id).await?;

    clock.set(Timestamp::parse("2026-01-31T13:00:00.000Z")?);
    println!("removed {} expired session", service.remove_expired().await?);
    Ok(())
}

async fn print_state(service: &SessionService, id: SessionId) -> Result<(), Box<dyn Error>> {
    let (answer, _age) = service.state(id, Moment::Now).await?;
    let (now, state) = (answer.computed_at, answer.state);
    println!("{now}  step {}  value {}  round {}  {:?}", state.step, state.value, state.round, answer.status);
    Ok(())
}

#[cfg(all(test, feature = "acceptance"))]
mod tests {
    use tickseed_session::acceptance::{assert_contract, now, single};

    use super::*;

    #[tokio::test]
    async fn the_store_in_memory_fulfils_the_contract() {
        let clock = Arc::new(ManualClock(AtomicI64::default()));
        clock.set(now());
        assert_contract(single(InMemoryStore { sessions: Mutex::default(), clock })).await;
    }
}
