//! Sessions in memory: when the store is read, and what is right when it is not.

mod failures;
mod reads;
mod size;
mod store_by_hand;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tickseed_server::session::{
    CacheSize, Clock, Found, News, ServiceError, Session, SessionId, SessionService, SessionStore,
    TimeToLive, Timestamp,
};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use self::store_by_hand::StoreByHand;
use crate::acceptance::session;
use crate::support::{DEADLINE, NOW};

/// Long after the last proof of the news has become worthless.
const LONG: Duration = Duration::from_secs(10);

/// A clock whose uptime, too, stands still until a test moves it.
#[derive(Clone, Default)]
struct ClockByHand {
    uptime_ms: Arc<AtomicI64>,
}

impl Clock for ClockByHand {
    fn now_us(&self) -> i64 {
        Timestamp::parse(NOW).unwrap().millis() * 1_000
    }

    fn uptime(&self) -> Duration {
        // Not 0: no process is that young when it learns something.
        let millis = self.uptime_ms.load(Ordering::SeqCst) + 1;
        Duration::from_millis(millis.unsigned_abs())
    }
}

/// A service over a store that does and tells what the test says.
struct Server {
    service: SessionService,
    store: Arc<StoreByHand>,
    clock: ClockByHand,
}

impl Server {
    /// A server whose news have begun and are proved.
    fn new() -> Self {
        Self::with_megabytes(64)
    }

    fn with_megabytes(megabytes: u32) -> Self {
        let server = Self::without_news(megabytes);
        server.begins();
        server.proves();
        server
    }

    fn without_news(megabytes: u32) -> Self {
        let (store, clock) = (Arc::<StoreByHand>::default(), ClockByHand::default());
        let kept: Arc<dyn SessionStore> = Arc::clone(&store) as _;
        let (time_to_live, cache_size) = (TimeToLive::from_seconds(0), CacheSize::from_megabytes(megabytes));
        let service = SessionService::new(kept, Arc::new(clock.clone()), time_to_live, cache_size);
        Self { service, store, clock }
    }

    /// The store says that the news begin.
    fn begins(&self) {
        self.store.follower().begins(News::Soon);
    }

    /// The store says that everything was told up to now.
    fn proves(&self) {
        self.store.follower().told_until(self.clock.uptime());
    }

    fn time_passes(&self, duration: Duration) {
        let millis = i64::try_from(duration.as_millis()).unwrap();
        self.clock.uptime_ms.fetch_add(millis, Ordering::SeqCst);
    }

    /// A session that another server has created.
    fn created_elsewhere(&self) -> Session {
        let session = session(0);
        self.store.put(session.clone());
        session
    }

    /// What became of a session that another server has stopped, which is not told yet.
    fn stopped_elsewhere(&self, session: &Session) -> Session {
        let stopped = session.stopped(Timestamp::MAX);
        self.store.put(stopped.clone());
        stopped
    }

    /// The store tells of a session that was replaced.
    fn tells(&self, session: &Session) {
        self.store.follower().replaced(session.clone());
    }

    /// Checks that the session is found so, as good as from the store.
    async fn finds(&self, expected: &Session) {
        let found = self.service.find(expected.id).await.unwrap();
        assert_eq!((found.session.session(), found.age), (expected, None));
    }

    /// Starts to find a session, which waits since the store holds its answers back.
    fn start_to_find(&self, id: SessionId) -> JoinHandle<Result<Found, ServiceError>> {
        let service = self.service.clone();
        tokio::spawn(async move { service.find(id).await })
    }

    /// Checks that the store was read so often until now.
    fn has_read(&self, reads: u64) {
        assert_eq!(self.store.reads(), reads);
    }

    /// Waits until the store was read so often.
    async fn reads(&self, reads: u64) {
        let enough = async {
            while self.store.reads() < reads {
                tokio::task::yield_now().await;
            }
        };
        timeout(DEADLINE, enough).await.expect("the store is read");
    }
}

/// What a task has found that has started to find a session.
async fn answered(finding: JoinHandle<Result<Found, ServiceError>>) -> Found {
    timeout(DEADLINE, finding).await.expect("it is answered").unwrap().unwrap()
}
