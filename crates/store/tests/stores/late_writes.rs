//! Writes that wait until their deadline has passed: behind a slow disk, and in a Redis that hangs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

use async_trait::async_trait;
use tempfile::TempDir;
use tickseed_session::acceptance::{
    DEADLINE, HoldUp, LateWrite, PatientStore, RecordingSubscriber, TestClock,
    assert_nothing_is_written_late, makes_promises, now, session, session_with_notice,
};
use tickseed_session::{
    ANY_SESSION, CacheSize, Clock, Created, Deadline, Deleted, FeedPart, Replaced, ScheduleRequest,
    ServiceError, Session, SessionId, SessionPage, SessionService, SessionStore, StoreChange, StoreError,
    Subscriber, SystemClock, Terms, TimeToLive, Timestamp, When,
};
use tickseed_store::test_servers::{RedisCluster, RedisServer};
use tickseed_store::{EmbeddedStore, RedisAddress, RedisStore, RemoteOptions};
use tokio::time::{Instant, sleep, timeout};

/// How often a test looks whether something has happened.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A stop is written at most this long after it takes effect, and a change with a notice this long after it is asked for.
const WRITTEN_WITHIN: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(625)];

/// A subscriber that holds the thread up that writes the embedded store.
#[derive(Default)]
pub(super) struct Gate {
    is_closed: Mutex<bool>,
    opened: Condvar,
    is_waited_at: AtomicBool,
}

impl Subscriber for Gate {
    fn restarted(&self, _part: FeedPart) {}

    fn caught_up_to(&self, _part: FeedPart, _uptime: Duration, _certain: Option<Timestamp>) {}

    fn changed(&self, _change: StoreChange) {
        let is_closed = self.is_closed.lock().unwrap();
        self.is_waited_at.store(*is_closed, Ordering::SeqCst);
        drop(self.opened.wait_while(is_closed, |is_closed| *is_closed).unwrap());
    }
}

/// Holds the embedded store up with a write whose report does not end.
pub(super) struct SlowDisk {
    pub(super) store: Arc<EmbeddedStore>,
    gate: Arc<Gate>,
}

impl SlowDisk {
    /// Opens a store in a folder.
    pub(super) fn open(folder: &TempDir, clock: &TestClock) -> Self {
        let store = Arc::new(EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap());
        let gate = Arc::new(Gate::default());
        let subscriber: Weak<dyn Subscriber> = Arc::downgrade(&gate) as _;
        store.change_feed().unwrap().subscribe(subscriber);
        Self { store, gate }
    }

    /// Begins a write to a session, which hangs.
    pub(super) async fn hangs_with(&self, first: &Session) {
        let (store, stopped) = (Arc::clone(&self.store), first.stopped(now()));
        *self.gate.is_closed.lock().unwrap() = true;
        drop(tokio::spawn(async move { store.compare_and_set(stopped, None).await }));
        let reached = async {
            while !self.gate.is_waited_at.load(Ordering::SeqCst) {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(DEADLINE, reached).await.expect("the thread waits");
    }
}

#[async_trait]
impl HoldUp for SlowDisk {
    async fn begin(&self) {
        let first = session(0);
        assert_eq!(self.store.create(first.clone()).await.unwrap(), Created::Yes);
        self.hangs_with(&first).await;
    }

    async fn end(&self) {
        *self.gate.is_closed.lock().unwrap() = false;
        self.gate.opened.notify_all();
    }
}

/// Makes the nodes of a Redis hang.
struct HangingRedis<'nodes> {
    nodes: &'nodes [RedisServer],
    calls_before: AtomicU64,
}

impl<'nodes> HangingRedis<'nodes> {
    fn new(nodes: &'nodes [RedisServer]) -> Self {
        Self { nodes, calls_before: AtomicU64::new(0) }
    }

    fn calls(&self) -> u64 {
        self.nodes.iter().map(script_calls).sum()
    }
}

#[async_trait]
impl HoldUp for HangingRedis<'_> {
    async fn begin(&self) {
        self.calls_before.store(self.calls(), Ordering::SeqCst);
        self.nodes.iter().for_each(RedisServer::pause);
    }

    async fn end(&self) {
        self.nodes.iter().for_each(RedisServer::go_on);
        let carried_out = async {
            while self.calls() == self.calls_before.load(Ordering::SeqCst) {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(DEADLINE, carried_out).await.expect("Redis carries out what it has received");
    }
}

/// Returns how many scripts a Redis has carried out.
fn script_calls(node: &RedisServer) -> u64 {
    let statistics: String = node.ask(&["INFO", "commandstats"]);
    let calls = statistics.lines().filter_map(|line| {
        let rest = line.strip_prefix("cmdstat_evalsha:calls=")?;
        rest.split(',').next()?.parse::<u64>().ok()
    });
    calls.sum()
}

async fn redis_store(address: &str, clock: Arc<dyn Clock>) -> Arc<PatientStore<RedisStore>> {
    let address = RedisAddress::parse(address, None).unwrap();
    let options = RemoteOptions { wait: DEADLINE, ..RemoteOptions::new(clock) };
    Arc::new(PatientStore(RedisStore::connect(address, options).await.unwrap()))
}

#[tokio::test]
async fn the_embedded_store_writes_nothing_late() {
    for kind in 0..3 {
        let (folder, clock) = (TempDir::new().unwrap(), TestClock::new());
        let write = match kind {
            0 => LateWrite::stop(&clock),
            1 => LateWrite::change(&clock),
            _ => LateWrite::deletion(&clock),
        };
        let disk = SlowDisk::open(&folder, &clock);
        let store = Arc::clone(&disk.store);
        assert_nothing_is_written_late(store, &clock, write, &disk).await;
    }
}

#[tokio::test]
async fn redis_writes_nothing_late() {
    let server = RedisServer::start(&[]);
    assert_redis_writes_nothing_late(&server.address(), std::slice::from_ref(&server)).await;
}

#[tokio::test]
async fn a_redis_cluster_writes_nothing_late() {
    let cluster = RedisCluster::start(0, &[]);
    assert_redis_writes_nothing_late(&cluster.address(), &cluster.nodes).await;
}

async fn assert_redis_writes_nothing_late(address: &str, nodes: &[RedisServer]) {
    let clock = TestClock::new();
    for write in [LateWrite::stop(&clock), LateWrite::change(&SystemClock), LateWrite::deletion(&clock)] {
        let store = redis_store(address, Arc::new(clock.clone())).await;
        assert_nothing_is_written_late(store, &clock, write, &HangingRedis::new(nodes)).await;
    }
}

/// A clock whose uptime a test advances, so that the clock of Redis seems to have been set back.
#[derive(Clone, Default)]
struct JumpingClock {
    clock: TestClock,
    ahead_ms: Arc<AtomicU64>,
}

impl JumpingClock {
    fn seems_set_back(&self, duration: Duration) {
        self.ahead_ms.fetch_add(u64::try_from(duration.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for JumpingClock {
    fn now_us(&self) -> i64 {
        self.clock.now_us()
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime() + Duration::from_millis(self.ahead_ms.load(Ordering::SeqCst))
    }
}

/// Holds Redis up, while its clock is set back.
struct SetBack<'nodes> {
    redis: HangingRedis<'nodes>,
    clock: JumpingClock,
}

#[async_trait]
impl HoldUp for SetBack<'_> {
    async fn begin(&self) {
        self.clock.seems_set_back(Duration::from_secs(5));
        self.redis.begin().await;
    }

    async fn end(&self) {
        self.redis.end().await;
    }
}

#[tokio::test]
async fn redis_writes_nothing_late_after_its_clock_has_been_set_back() {
    let (server, clock) = (RedisServer::start(&[]), JumpingClock::default());
    let store = redis_store(&server.address(), Arc::new(clock.clone())).await;
    let set_back = SetBack { redis: HangingRedis::new(std::slice::from_ref(&server)), clock: clock.clone() };
    assert_nothing_is_written_late(store, &clock.clock, LateWrite::stop(&clock.clock), &set_back).await;
}

#[tokio::test]
async fn a_deadline_costs_a_second_call_only_if_the_clock_of_redis_is_not_known() {
    let (server, clock) = (RedisServer::start(&[]), JumpingClock::default());
    let store = redis_store(&server.address(), Arc::new(clock.clone())).await;
    let mut stored = session(0);
    assert_eq!(store.create(stored.clone()).await.unwrap(), Created::Yes);
    // Loads the script, which is a call of its own.
    stored = stored.stopped(now());
    assert_eq!(store.compare_and_set(stored.clone(), None).await.unwrap(), Replaced::Yes);
    for (set_back, expected) in [(0, 2), (0, 1), (5, 2), (0, 1), (11, 2), (0, 1)] {
        clock.seems_set_back(Duration::from_secs(set_back));
        let before = script_calls(&server);
        stored = stored.stopped(now());
        let outcome =
            store.0.compare_and_set(stored.clone(), now().after(DEADLINE).map(Deadline::OfServer)).await;
        let Ok(outcome) = outcome else { return println!("this machine is too busy to count calls") };
        let calls = script_calls(&server) - before;
        assert_eq!((outcome, calls), (Replaced::Yes, expected), "set back by {set_back} s");
    }
}

/// The node compares its own time with such a deadline, so there is nothing to learn from a refusal.
#[tokio::test]
async fn a_deadline_in_the_time_of_redis_never_costs_a_second_call() {
    let server = RedisServer::start(&[]);
    let store = redis_store(&server.address(), Arc::new(TestClock::new())).await;
    let mut stored = session_with_notice();
    assert_eq!(store.create(stored.clone()).await.unwrap(), Created::Yes);
    // Loads the script, which is a call of its own.
    stored = stored.stopped(now());
    assert_eq!(store.compare_and_set(stored.clone(), None).await.unwrap(), Replaced::Yes);
    let time = SystemClock.now();
    for (deadline, expected) in [
        (Some(time), Replaced::TooLate),
        (time.after(DEADLINE), Replaced::Yes),
        (Some(time), Replaced::TooLate),
    ] {
        let next = stored.stopped(now());
        let before = script_calls(&server);
        let outcome = store.0.compare_and_set(next.clone(), deadline.map(Deadline::OfStore)).await;
        let Ok(outcome) = outcome else { return println!("this machine is too busy to count calls") };
        assert_eq!((outcome, script_calls(&server) - before), (expected, 1));
        stored = if outcome == Replaced::Yes { next } else { stored };
    }
}

/// The clocks of the nodes may differ, and sessions move from node to node.
#[tokio::test]
async fn a_cluster_node_refuses_a_deadline_in_the_time_of_another_node() {
    let cluster = RedisCluster::start(0, &[]);
    let store = redis_store(&cluster.address(), Arc::new(TestClock::new())).await;
    let calls = || cluster.nodes.iter().map(script_calls).collect::<Vec<_>>();
    let mut last_node = None;
    for _ in 0..12 {
        let first = session(0);
        let second = first.stopped(now());
        assert_eq!(store.create(first).await.unwrap(), Created::Yes);
        // Loads the script on the node, which is a call of its own.
        assert_eq!(store.compare_and_set(second.clone(), None).await.unwrap(), Replaced::Yes);
        let before = calls();
        let outcome = store
            .0
            .compare_and_set(second.stopped(now()), now().after(DEADLINE).map(Deadline::OfServer))
            .await;
        let Ok(outcome) = outcome else { return println!("this machine is too busy to count calls") };
        assert_eq!(outcome, Replaced::Yes);
        let more: Vec<_> = before.iter().zip(calls()).map(|(before, after)| after - before).collect();
        let node = more.iter().position(|more| *more > 0);
        assert_eq!(more.iter().sum::<u64>(), if node == last_node { 1 } else { 2 }, "{more:?}");
        last_node = node;
    }
}

/// Finds one session as it was at first, and writes to Redis.
struct WritesToRedis {
    store: Arc<PatientStore<RedisStore>>,
    first: Session,
}

#[async_trait]
impl SessionStore for WritesToRedis {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        self.store.create(session).await
    }

    async fn find(&self, _id: SessionId) -> Result<Option<Session>, StoreError> {
        Ok(Some(self.first.clone()))
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        // The caller is to hear of failures.
        self.store.0.compare_and_set(session, deadline).await
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        self.store.0.delete(session, deadline).await
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        self.store.list(after, limit).await
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.store.remove_expired(now).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.store.check().await
    }

    fn terms(&self, id: SessionId) -> Terms {
        self.store.terms(id)
    }
}

/// The caller gets an error soon. Later Redis goes on, and carries out everything that it has received.
#[tokio::test]
async fn a_change_that_redis_carries_out_late_has_no_effect() {
    let (server, stopped, paused) = (RedisServer::start(&[]), session(0), session_with_notice());
    let (other, clock) = (session(0), Arc::new(SystemClock));
    let store = redis_store(&server.address(), Arc::clone(&clock) as _).await;
    let _subscriber = RecordingSubscriber::of(&*store);
    for session in [&stopped, &paused, &other] {
        assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    }
    // The store learns the time of Redis, so that it sends the stop with its deadline.
    let soon = SystemClock.now().after(DEADLINE).map(Deadline::OfServer);
    assert_eq!(store.compare_and_set(other.stopped(now()), soon).await.unwrap(), Replaced::Yes);
    makes_promises(&*store, paused.id).await;
    let service = |first: &Session| {
        let over = Arc::new(WritesToRedis { store: Arc::clone(&store), first: first.clone() });
        let (time_to_live, cache_size) = (TimeToLive::from_seconds(0), CacheSize::from_megabytes(1));
        SessionService::new(over, Arc::clone(&clock) as _, time_to_live, cache_size)
    };
    let (stops, pauses) = (service(&stopped), service(&paused));

    let redis = HangingRedis::new(std::slice::from_ref(&server));
    redis.begin().await;
    let asked_at = Instant::now();
    let pause = ScheduleRequest::Pause(When::default());
    let (stop, pause) = tokio::join!(
        stops.stop(stopped.id, None, ANY_SESSION),
        pauses.change(paused.id, pause, ANY_SESSION),
    );
    for refused in [stop, pause] {
        assert!(matches!(refused, Err(ServiceError::Store(StoreError::Unavailable(_)))), "{refused:?}");
    }
    let longest = WRITTEN_WITHIN.into_iter().max().unwrap();
    while asked_at.elapsed() <= longest {
        sleep(LOOK_EVERY).await;
    }
    redis.end().await;
    for first in [stopped, paused] {
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first), "it would come too late");
        assert_eq!(store.compare_and_set(first.stopped(now()), None).await.unwrap(), Replaced::Yes);
    }
}
