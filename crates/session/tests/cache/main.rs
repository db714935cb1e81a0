//! Sessions in memory: when a lookup reads the store, and when memory answers.

mod certain;
mod changes;
mod failures;
mod lost_writes;
mod reads;
mod reports;
mod rights;
mod scripted_store;
mod size;
mod without_feed;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use tickseed_session::acceptance::{DEADLINE, TestClock, session};
use tickseed_session::{
    CacheSize, Clock, FeedPart, Listener, Lookup, ReportedRecord, ServiceError, Session, SessionId,
    SessionService, SessionStore, StoreChange, StoreError, TimeToLive, Timestamp, Update,
};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;

use self::scripted_store::ScriptedStore;

/// Long enough after the feed last caught up that nothing in memory is fresh.
const LONG: Duration = Duration::from_secs(10);

/// The parts of the feed.
const PARTS: [FeedPart; 2] = [FeedPart(0), FeedPart(1)];

/// A service on a store that a test controls.
struct Server {
    service: SessionService,
    store: Arc<ScriptedStore>,
    clock: TestClock,
}

impl Server {
    /// Makes a server whose change feed has started and caught up.
    fn new() -> Self {
        Self::with_megabytes(64)
    }

    fn with_megabytes(megabytes: u32) -> Self {
        let server = Self::before_the_feed_starts(megabytes);
        server.restarts();
        server.catches_up();
        server
    }

    fn before_the_feed_starts(megabytes: u32) -> Self {
        Self::over(ScriptedStore::with_feed(), megabytes)
    }

    fn over(store: ScriptedStore, megabytes: u32) -> Self {
        let (store, clock) = (Arc::new(store), TestClock::stopped());
        let stored: Arc<dyn SessionStore> = Arc::clone(&store) as _;
        let (time_to_live, cache_size) = (TimeToLive::from_seconds(0), CacheSize::from_megabytes(megabytes));
        let service = SessionService::new(stored, Arc::new(clock.clone()), time_to_live, cache_size);
        Self { service, store, clock }
    }

    /// Restarts the feed.
    fn restarts(&self) {
        for part in PARTS {
            self.store.subscriber().restarted(part);
        }
    }

    /// Reports that the feed has caught up with everything so far.
    fn catches_up(&self) {
        for part in PARTS {
            self.catches_up_with(part);
        }
    }

    fn catches_up_with(&self, part: FeedPart) {
        self.store.subscriber().caught_up_to(part, self.clock.uptime(), None);
    }

    fn time_passes(&self, duration: Duration) {
        self.clock.pass(duration);
    }

    /// Creates a session as if on another server.
    fn created_elsewhere(&self) -> Session {
        let session = session(0);
        self.store.put(session.clone());
        session
    }

    /// Stops a session as if on another server. The feed does not report it yet.
    fn stopped_elsewhere(&self, session: &Session) -> Session {
        let stopped = session.stopped(Timestamp::MAX);
        self.store.put(stopped.clone());
        stopped
    }

    /// Reports a replaced session with its record.
    fn reports(&self, session: &Session) {
        let read = session.clone();
        self.reports_record(session, move || Ok(read.clone()));
    }

    /// Reports a replaced session with a record that is read by this function.
    fn reports_record(
        &self,
        session: &Session,
        read: impl Fn() -> Result<Session, StoreError> + Send + Sync + 'static,
    ) {
        let (id, revision, record) = (session.id, session.revision, ReportedRecord::new(1_000, read));
        self.store.subscriber().changed(StoreChange::Replaced { id, revision, record: Some(record) });
    }

    /// Reports a replaced session without its record.
    fn reports_without_record(&self, session: &Session) {
        let (id, revision) = (session.id, session.revision);
        self.store.subscriber().changed(StoreChange::Replaced { id, revision, record: None });
    }

    /// Tells listeners from now on what has been reported, and reads sessions for them.
    fn keeps_listeners_current(&self) -> AbortOnDrop {
        let service = self.service.clone();
        AbortOnDrop(tokio::spawn(async move { service.keep_listeners_current().await }).abort_handle())
    }

    /// Checks that the service finds exactly this session and gives it no age.
    async fn finds(&self, expected: &Session) {
        let lookup = self.service.find(expected.id).await.unwrap();
        assert_eq!((lookup.session.session(), lookup.age), (expected, None));
    }

    /// Starts a lookup in a task, which waits while the store holds its answers back.
    fn start_to_find(&self, id: SessionId) -> JoinHandle<Result<Lookup, ServiceError>> {
        let service = self.service.clone();
        tokio::spawn(async move { service.find(id).await })
    }

    /// Checks how often the store has been read.
    fn has_read(&self, reads: u64) {
        assert_eq!(self.store.reads(), reads);
    }

    /// Waits until the store has been read this often.
    async fn reads(&self, reads: u64) {
        let enough = async {
            while self.store.reads() < reads {
                tokio::task::yield_now().await;
            }
        };
        timeout(DEADLINE, enough).await.expect("the store is read");
    }
}

/// A task that ends when this is dropped.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits for the next notice.
async fn next(listener: &mut Listener) -> Update {
    timeout(DEADLINE, listener.next()).await.expect("the listener gets a notice")
}

/// Waits for the next notice, which must be exactly this session.
async fn hears(listener: &mut Listener, expected: &Session) {
    let Update::Session(session) = next(listener).await else { panic!("the session is still there") };
    assert_eq!(session.session(), expected);
}

/// Waits for a lookup and returns its result.
async fn answered(finding: JoinHandle<Result<Lookup, ServiceError>>) -> Lookup {
    timeout(DEADLINE, finding).await.expect("the lookup finishes").unwrap().unwrap()
}
