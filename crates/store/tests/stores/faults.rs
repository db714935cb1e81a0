//! A store that fails once, at each of its calls and in each way: every answer is right or says that the store has failed,
//! no session is ever half changed, and afterwards everything goes on.

use std::future::Future;
use std::sync::Arc;

use tempfile::TempDir;
use tickseed_engine::{Rules, Schedule};
use tickseed_session::{
    CacheSize, Clock, Moment, NewSession, ReadySession, ServiceError, Session, SessionService, SessionStore,
    TimeToLive, Timestamp,
};

use tickseed_session::acceptance::{Fault, FaultyStore, TestClock};
use tickseed_store::EmbeddedStore;

const STOP: &str = "2026-01-31T13:00:00.000Z";
const EARLIER_STOP: &str = "2026-01-31T12:30:00.000Z";

fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[tokio::test]
async fn a_call_that_fails_leaves_everything_right_when_the_store_is_always_asked() {
    fails_at_each_call(CacheSize::from_megabytes(0)).await;
}

#[tokio::test]
async fn a_call_that_fails_leaves_everything_right_when_sessions_are_in_memory() {
    fails_at_each_call(CacheSize::from_megabytes(64)).await;
}

async fn fails_at_each_call(cache_size: CacheSize) {
    let whole = Life::new(cache_size, Fault::Before, u64::MAX);
    whole.live().await;
    let calls = whole.store.calls();
    assert!(calls >= 3, "a creation and two stops");
    for fault in Fault::ALL {
        for call in 0..calls {
            let life = Life::new(cache_size, fault, call);
            life.live().await;
            assert!(life.store.calls() > call, "it has failed");
        }
    }
}

/// The life of a session over a store that fails at one call.
struct Life {
    store: Arc<FaultyStore<EmbeddedStore>>,
    service: SessionService,
    clock: TestClock,
    // Dropped after the store in it.
    _folder: TempDir,
}

impl Life {
    fn new(cache_size: CacheSize, fault: Fault, call: u64) -> Self {
        let clock = TestClock::new();
        let folder = TempDir::new().unwrap();
        let inner = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
        let store = Arc::new(FaultyStore::new(inner, fault, call..call.saturating_add(1)));
        let kept: Arc<dyn SessionStore> = Arc::clone(&store) as _;
        let time_to_live = TimeToLive::from_seconds(0);
        let service = SessionService::new(kept, Arc::new(clock.clone()), time_to_live, cache_size);
        Self { store, service, clock, _folder: folder }
    }

    async fn live(&self) {
        let created = self.create().await;
        self.is_found(&created).await;
        self.has_its_state(&created).await;
        let stopped = self.stop(&created, STOP).await;
        let stopped_earlier = self.stop(&stopped, EARLIER_STOP).await;
        self.is_found(&stopped_earlier).await;
    }

    async fn create(&self) -> Session {
        let new = || NewSession {
            created_at: self.clock.now(),
            seed: None,
            schedule: Schedule::new(self.clock.now().millis(), 100).unwrap(),
            rules: Rules::default(),
            metadata: None,
            time_to_live: None,
        };
        let created = self.at_last(|| self.service.create(new())).await;
        assert_eq!(self.kept(created.session()).await, *created.session());
        created.session().clone()
    }

    async fn is_found(&self, expected: &Session) {
        let found = self.at_last(|| self.service.find(expected.id)).await;
        assert_eq!(found.session.session(), expected);
    }

    async fn has_its_state(&self, session: &Session) {
        self.clock.set("2026-01-31T12:10:00.000Z");
        let expected = ReadySession::new(session.clone()).state_at(self.clock.now()).unwrap();
        let (state, _) = self.at_last(|| self.service.state(session.id, Moment::Now)).await;
        assert_eq!(state, expected);
    }

    async fn stop(&self, before: &Session, at: &str) -> Session {
        let expected = before.stopped(instant(at));
        let stop = || self.service.stop(before.id, Some(instant(at)));
        if let Some(stopped) = self.unless_it_fails(stop()).await {
            assert_eq!(*stopped.session(), expected);
            assert_eq!(self.kept(before).await, expected);
            return expected;
        }
        let kept = self.kept(before).await;
        assert!(kept == *before || kept == expected, "half changed: {kept:?}");
        assert_eq!(*self.service.find(before.id).await.unwrap().session.session(), kept);
        match stop().await {
            Ok(stopped) => assert_eq!((&kept, stopped.session()), (before, &expected)),
            Err(ServiceError::StopNotEarlier { stopped_at, .. }) => {
                assert_eq!((&kept, stopped_at), (&expected, instant(at)));
            }
            Err(error) => panic!("{error}"),
        }
        assert_eq!(self.kept(before).await, expected);
        expected
    }

    /// What the store really keeps of a session.
    async fn kept(&self, session: &Session) -> Session {
        self.store.inner().find(session.id).await.unwrap().expect("it is kept")
    }

    /// The answer: asked for again, if the store fails at first.
    async fn at_last<T, Answer>(&self, ask: impl Fn() -> Answer) -> T
    where
        Answer: Future<Output = Result<T, ServiceError>>,
    {
        match self.unless_it_fails(ask()).await {
            Some(answer) => answer,
            None => ask().await.unwrap(),
        }
    }

    /// The answer, or nothing if the store has failed or never answers.
    async fn unless_it_fails<T>(&self, answer: impl Future<Output = Result<T, ServiceError>>) -> Option<T> {
        match self.store.unless_it_hangs(answer).await? {
            Ok(answer) => Some(answer),
            Err(ServiceError::Store(_)) => None,
            Err(error) => panic!("neither right nor a failure of the store: {error}"),
        }
    }
}
