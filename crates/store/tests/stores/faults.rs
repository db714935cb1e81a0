//! A store that fails once, at every possible call and in every possible way: each result is correct or reports the failure,
//! no session is ever half changed, and later calls succeed.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tickseed_engine::{Rules, Schedule};
use tickseed_session::{
    ANY_SESSION, CacheSize, Clock, ListFilter, ListRequest, Moment, NewSession, Notice, ReadySession,
    ServiceError, Session, SessionService, SessionStore, TimeToLive, Timestamp, plain_schedule,
};

use tickseed_session::acceptance::{Fault, FaultyStore, TestClock};
use tickseed_store::EmbeddedStore;

const STOP: &str = "2026-01-31T13:00:00.000Z";
const EARLIER_STOP: &str = "2026-01-31T12:30:00.000Z";

fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[tokio::test]
async fn a_failing_call_does_no_harm_without_a_cache() {
    fail_at_each_call(CacheSize::from_megabytes(0)).await;
}

#[tokio::test]
async fn a_failing_call_does_no_harm_with_a_cache() {
    fail_at_each_call(CacheSize::from_megabytes(64)).await;
}

async fn fail_at_each_call(cache_size: CacheSize) {
    let without_failure = Lifecycle::new(cache_size, Fault::Before, u64::MAX);
    without_failure.run().await;
    let calls = without_failure.store.calls();
    assert!(calls >= 6, "a creation, two stops, an extension, a list and a deletion");
    for fault in Fault::ALL {
        for call in 0..calls {
            let lifecycle = Lifecycle::new(cache_size, fault, call);
            lifecycle.run().await;
            assert!(lifecycle.store.calls() > call, "the failing call was made");
        }
    }
}

/// The life of a session on a store that fails at one call.
struct Lifecycle {
    store: Arc<FaultyStore<EmbeddedStore>>,
    service: SessionService,
    clock: TestClock,
    // The last field, so that it is dropped after the store that uses it.
    _folder: TempDir,
}

impl Lifecycle {
    fn new(cache_size: CacheSize, fault: Fault, call: u64) -> Self {
        let clock = TestClock::new();
        let folder = TempDir::new().unwrap();
        let inner = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
        let store = Arc::new(FaultyStore::new(inner, fault, call..call.saturating_add(1)));
        let shared: Arc<dyn SessionStore> = Arc::clone(&store) as _;
        let time_to_live = TimeToLive::from_seconds(0);
        let service = SessionService::new(shared, Arc::new(clock.clone()), time_to_live, cache_size);
        Self { store, service, clock, _folder: folder }
    }

    async fn run(&self) {
        let created = self.create().await;
        self.assert_found(&created).await;
        self.assert_state_is_correct(&created).await;
        let stopped = self.stop(&created, STOP).await;
        let stopped_earlier = self.stop(&stopped, EARLIER_STOP).await;
        self.assert_found(&stopped_earlier).await;
        let extended = self.extend(&stopped_earlier).await;
        assert_eq!(self.listed(&extended).await, std::slice::from_ref(&extended));
        self.delete(&extended).await;
        assert_eq!(self.listed(&extended).await, []);
    }

    async fn create(&self) -> Session {
        let new = || NewSession {
            created_at: self.clock.now(),
            seed: None,
            schedule: plain_schedule(Schedule::new(self.clock.now().millis(), 100).unwrap()),
            notice: Notice::NONE,
            rules: Rules::default(),
            metadata: None,
            time_to_live: Some(TimeToLive::from_seconds(3_600)),
        };
        let created = self.retry_once(|| self.service.create(new())).await.session;
        assert_eq!(self.stored(created.session()).await, *created.session());
        created.session().clone()
    }

    async fn assert_found(&self, expected: &Session) {
        let found = self.retry_once(|| self.service.find(expected.id)).await;
        assert_eq!(found.session.session(), expected);
    }

    async fn assert_state_is_correct(&self, session: &Session) {
        self.clock.set("2026-01-31T12:10:00.000Z");
        let expected = ReadySession::new(session.clone()).state_at(self.clock.now()).unwrap();
        let (state, _) = self.retry_once(|| self.service.state(session.id, Moment::Now)).await;
        assert_eq!(state, expected);
    }

    async fn stop(&self, before: &Session, at: &str) -> Session {
        let expected = before.stopped(instant(at));
        let stop = || self.service.stop(before.id, Some(instant(at)), ANY_SESSION);
        if let Some(stopped) = self.unless_it_fails(stop()).await {
            assert_eq!(*stopped.session.session(), expected);
            assert_eq!(self.stored(before).await, expected);
            return expected;
        }
        let stored = self.stored(before).await;
        assert!(stored == *before || stored == expected, "half changed: {stored:?}");
        assert_eq!(*self.service.find(before.id).await.unwrap().session.session(), stored);
        match stop().await {
            Ok(stopped) => assert_eq!((&stored, stopped.session.session()), (before, &expected)),
            Err(ServiceError::StopNotEarlier { stopped_at, .. }) => {
                assert_eq!((&stored, stopped_at), (&expected, instant(at)));
            }
            Err(error) => panic!("{error}"),
        }
        assert_eq!(self.stored(before).await, expected);
        expected
    }

    async fn extend(&self, before: &Session) -> Session {
        let expected = before.expiring(self.clock.now().after(Duration::from_hours(2)));
        let extend = || self.service.extend(before.id, TimeToLive::from_seconds(7_200), ANY_SESSION);
        if let Some(extended) = self.unless_it_fails(extend()).await {
            assert_eq!(*extended.session.session(), expected);
        } else {
            let stored = self.stored(before).await;
            assert!(stored == *before || stored == expected, "half changed: {stored:?}");
            match extend().await {
                Ok(extended) => assert_eq!((&stored, extended.session.session()), (before, &expected)),
                Err(ServiceError::ExpiryNotLater { expires_at, .. }) => {
                    assert_eq!((&stored, expires_at), (&expected, expected.expires_at));
                }
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(self.stored(before).await, expected);
        expected
    }

    /// Returns how the list shows a session. A creation that took effect and failed has left another one there.
    async fn listed(&self, session: &Session) -> Vec<Session> {
        let request = ListRequest { after: None, limit: 10, filter: ListFilter::default() };
        let mut listed = self.retry_once(|| self.service.list(&request)).await;
        assert_eq!(listed.next, None);
        listed.sessions.retain(|other| other.id == session.id);
        listed.sessions
    }

    async fn delete(&self, session: &Session) {
        let delete = || self.service.delete(session.id, ANY_SESSION);
        if let Some(deleted) = self.unless_it_fails(delete()).await {
            assert_eq!(deleted.session.session(), session);
        } else {
            let stored = self.store.inner().find(session.id).await.unwrap();
            match (stored, delete().await) {
                (Some(stored), Ok(_)) => assert_eq!(stored, *session),
                (None, Err(ServiceError::NotFound(id))) => assert_eq!(id, session.id),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(self.store.inner().find(session.id).await.unwrap(), None);
        let find = || self.service.find(session.id);
        if !matches!(self.store.unless_it_hangs(find()).await, Some(Err(ServiceError::NotFound(_)))) {
            // That was the call that fails. Nothing in memory may take the place of its answer.
            assert!(matches!(find().await, Err(ServiceError::NotFound(_))));
        }
    }

    /// Reads a session from the underlying store.
    async fn stored(&self, session: &Session) -> Session {
        self.store.inner().find(session.id).await.unwrap().expect("the session is stored")
    }

    /// Makes a call, and repeats it if the store fails.
    async fn retry_once<T, Call>(&self, call: impl Fn() -> Call) -> T
    where
        Call: Future<Output = Result<T, ServiceError>>,
    {
        match self.unless_it_fails(call()).await {
            Some(result) => result,
            None => call().await.unwrap(),
        }
    }

    /// Returns the result of a call, or `None` if the store fails or hangs.
    async fn unless_it_fails<T>(&self, call: impl Future<Output = Result<T, ServiceError>>) -> Option<T> {
        match self.store.unless_it_hangs(call).await? {
            Ok(result) => Some(result),
            Err(ServiceError::Store(_)) => None,
            Err(error) => panic!("neither a result nor a failure of the store: {error}"),
        }
    }
}
