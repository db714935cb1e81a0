//! Three nodes: what happens when one of them dies, and two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tickseed_session::acceptance::{makes_promises, now, session, session_with_notice};
use tickseed_session::{
    Clock, Created, Deadline, Replaced, Session, SessionStore, StoreError, SystemClock, Timestamp,
};
use tickseed_store::test_servers::CassandraCluster;
use tickseed_store::{CassandraAddress, CassandraStore, RemoteOptions, StoreTimeout};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// How long three nodes may take to answer on a machine with two cores, which other tests use, too.
const TIMEOUT_MS: u16 = 400;

/// How much later than the time limit a caller may hear of a failure: four processes share two cores with whatever else runs there.
const SLACK: Duration = Duration::from_secs(2);

/// How many tasks use the store at the same time.
const TASKS: usize = 6;

/// How many calls show that a store works.
const MANY: usize = 50;

/// How long anything may take that has to happen by itself.
const PATIENCE: Duration = Duration::from_mins(2);

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What the tasks of a phase have seen.
#[derive(Default)]
struct Seen {
    /// Sessions as they were acknowledged last.
    acknowledged: Vec<Session>,
    failures: Vec<(Duration, StoreError)>,
}

/// Creates, changes and reads sessions until the test sets a flag.
struct Load {
    progress: Arc<Progress>,
    tasks: JoinSet<Seen>,
}

#[derive(Default)]
struct Progress {
    successes: AtomicUsize,
    has_ended: AtomicBool,
}

impl Load {
    fn begin(stores: &[Arc<CassandraStore>; 2]) -> Self {
        let (progress, mut tasks) = (Arc::new(Progress::default()), JoinSet::new());
        for store in stores.iter().cycle().take(TASKS) {
            tasks.spawn(create_and_stop(Arc::clone(store), Arc::clone(&progress)));
        }
        Self { progress, tasks }
    }

    /// Waits until so many more calls have succeeded.
    async fn succeeds(&self, times: usize) {
        let successes = || self.progress.successes.load(Ordering::SeqCst);
        let (began, before) = (Instant::now(), successes());
        while successes() < before + times {
            assert!(began.elapsed() < PATIENCE, "calls succeed: {} of {times}", successes() - before);
            sleep(LOOK_EVERY).await;
        }
        println!("{times} calls succeed within {:?}", began.elapsed());
    }

    async fn end(self) -> Seen {
        self.progress.has_ended.store(true, Ordering::SeqCst);
        let mut all = Seen::default();
        for seen in self.tasks.join_all().await {
            all.acknowledged.extend(seen.acknowledged);
            all.failures.extend(seen.failures);
        }
        all
    }
}

async fn create_and_stop(store: Arc<CassandraStore>, progress: Arc<Progress>) -> Seen {
    let mut seen = Seen::default();
    while !progress.has_ended.load(Ordering::SeqCst) {
        let first = session(0);
        let began = Instant::now();
        match store.create(first.clone()).await {
            Ok(created) => {
                assert_eq!(created, Created::Yes);
                progress.successes.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) => {
                seen.fail(began, error).await;
                continue;
            }
        }
        let (stopped, began) = (first.stopped(now()), Instant::now());
        let deadline = SystemClock.now().after(PATIENCE).map(Deadline::OfServer);
        match store.compare_and_set(stopped.clone(), deadline).await {
            Ok(replaced) => {
                assert_eq!(replaced, Replaced::Yes);
                progress.successes.fetch_add(1, Ordering::SeqCst);
                seen.acknowledged.push(stopped);
            }
            // It may have been stopped.
            Err(error) => seen.fail(began, error).await,
        }
    }
    seen
}

impl Seen {
    async fn fail(&mut self, began: Instant, error: StoreError) {
        assert!(error.is_temporary(), "{error:?}");
        self.failures.push((began.elapsed(), error));
        sleep(LOOK_EVERY).await;
    }

    fn assert_failures_come_in_time(&self) {
        let limit = Duration::from_millis(TIMEOUT_MS.into()) + SLACK;
        println!("the slowest failure took {:?}", self.failures.iter().map(|(took, _)| *took).max());
        let late: Vec<_> = self.failures.iter().filter(|(took, _)| *took > limit).collect();
        assert!(late.is_empty(), "{late:?}");
    }
}

async fn store(cluster: &CassandraCluster, options: &str) -> Arc<CassandraStore> {
    let address = CassandraAddress::parse(&cluster.address("cluster", options), None).unwrap();
    let timeout = StoreTimeout::from_millis(TIMEOUT_MS).unwrap();
    let options = RemoteOptions { wait: PATIENCE, timeout, ..RemoteOptions::new(Arc::new(SystemClock)) };
    Arc::new(CassandraStore::connect(address, options).await.unwrap())
}

/// Waits until a store takes a session, and returns it.
async fn takes_sessions(store: &CassandraStore) -> Session {
    let began = Instant::now();
    loop {
        let session = session(0);
        match store.create(session.clone()).await {
            Ok(created) => {
                assert_eq!(created, Created::Yes);
                return session;
            }
            Err(error) => assert!(began.elapsed() < PATIENCE, "the store takes sessions: {error:?}"),
        }
        sleep(LOOK_EVERY).await;
    }
}

async fn assert_nothing_is_lost(store: &CassandraStore, acknowledged: &[Session]) {
    for session in acknowledged {
        assert_eq!(found(store, session).await, *session, "an acknowledged change is lost");
    }
}

/// Finds a session, as soon as the store answers.
async fn found(store: &CassandraStore, session: &Session) -> Session {
    let began = Instant::now();
    loop {
        match store.find(session.id).await {
            Ok(found) => return found.expect("it is stored"),
            Err(error) => assert!(error.is_temporary() && began.elapsed() < PATIENCE, "{error:?}"),
        }
        sleep(LOOK_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes two minutes; scripts/test-long runs it"]
async fn three_nodes_lose_nothing_when_one_dies_and_recover_by_themselves_from_the_loss_of_two() {
    let mut cluster = CassandraCluster::start("");
    let stores = [store(&cluster, "migrate=true&replication=3").await, store(&cluster, "").await];
    // The commit log is synced before each answer, and there are three copies: so nobody has to say what can be lost.
    for store in &stores {
        makes_promises(&**store, session_with_notice().id).await;
    }
    lets_one_of_many_stops_through(&stores).await;
    goes_past_a_node_that_hangs(&cluster, &stores).await;
    let mut acknowledged = survives_the_death_of_one(&mut cluster, &stores).await;
    acknowledged.extend(fails_in_time_without_a_majority(&mut cluster, &stores).await);
    let began = Instant::now();
    cluster.nodes[1].start_again();
    println!("the node is back after {:?}", began.elapsed());
    for store in &stores {
        takes_sessions(store).await;
    }
    println!("sessions can be created {:?} later", began.elapsed());
    assert_nothing_is_lost(&stores[0], &acknowledged).await;
}

async fn lets_one_of_many_stops_through(stores: &[Arc<CassandraStore>; 2]) {
    // The first transactions of a new node are slow.
    for store in stores.iter().cycle().take(20) {
        takes_sessions(store).await;
    }
    let (first, mut stops) = (takes_sessions(&stores[0]).await, JoinSet::new());
    for (millis, store) in (0..64).zip(stores.iter().cycle()) {
        let stopped = first.stopped(Timestamp::from_millis(millis).unwrap());
        let store = Arc::clone(store);
        stops.spawn(async move { (store.compare_and_set(stopped.clone(), None).await, stopped) });
    }
    let stops = stops.join_all().await;
    let won: Vec<_> = stops.iter().filter(|(outcome, _)| matches!(outcome, Ok(Replaced::Yes))).collect();
    let failed = stops.iter().filter(|(outcome, _)| outcome.is_err()).count();
    println!("of 64 stops, {} won, {failed} failed", won.len());
    assert!(won.len() <= 1, "{won:?}");
    let found = found(&stores[1], &first).await;
    // If no caller has won, the winner is one of those that failed, or there is none.
    let may_have_won = |(outcome, stop): &(Result<Replaced, StoreError>, Session)| match outcome {
        Ok(outcome) => *outcome == Replaced::Yes && found == *stop,
        Err(_) => won.is_empty() && found == *stop,
    };
    assert!(won.is_empty() && found == first || stops.iter().any(may_have_won));
}

/// The driver keeps sending to a node that hangs, for seconds.
async fn goes_past_a_node_that_hangs(cluster: &CassandraCluster, stores: &[Arc<CassandraStore>; 2]) {
    cluster.nodes[2].pause();
    let load = Load::begin(stores);
    load.succeeds(MANY).await;
    cluster.nodes[2].go_on();
    let seen = load.end().await;
    println!("one of three hangs: {} calls fail meanwhile", seen.failures.len());
    seen.assert_failures_come_in_time();
    assert_nothing_is_lost(&stores[0], &seen.acknowledged).await;
}

async fn survives_the_death_of_one(
    cluster: &mut CassandraCluster,
    stores: &[Arc<CassandraStore>; 2],
) -> Vec<Session> {
    let load = Load::begin(stores);
    load.succeeds(MANY).await;
    cluster.nodes[2].kill();
    load.succeeds(2 * MANY).await;
    let seen = load.end().await;
    println!("one of three dies: {} calls fail", seen.failures.len());
    seen.assert_failures_come_in_time();
    assert_nothing_is_lost(&stores[0], &seen.acknowledged).await;
    seen.acknowledged
}

async fn fails_in_time_without_a_majority(
    cluster: &mut CassandraCluster,
    stores: &[Arc<CassandraStore>; 2],
) -> Vec<Session> {
    let load = Load::begin(stores);
    cluster.nodes[1].kill();
    let is_known = async |store: &CassandraStore| {
        let began = Instant::now();
        while !matches!(store.create(session(0)).await, Err(StoreError::NotAsked)) {
            assert!(began.elapsed() < PATIENCE, "the store is known not to answer");
            sleep(LOOK_EVERY).await;
        }
    };
    for store in stores {
        is_known(store).await;
    }
    let began = Instant::now();
    assert!(matches!(stores[0].find(session(0).id).await, Err(StoreError::NotAsked)));
    println!("without a majority a call fails after {:?}", began.elapsed());
    let seen = load.end().await;
    seen.assert_failures_come_in_time();
    seen.acknowledged
}
