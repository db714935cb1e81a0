//! Three nodes: what happens when one of them dies, and two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// How much later than the time limit a caller may hear of a failure, because the machine is busy.
const SLACK: Duration = Duration::from_millis(300);

/// How many tasks use the store at the same time.
const TASKS: usize = 6;

/// How long anything may take that has to happen by itself.
const PATIENCE: Duration = Duration::from_mins(2);

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What the tasks of a phase have seen.
#[derive(Default)]
struct Seen {
    /// Sessions as they were acknowledged last.
    acknowledged: Vec<Session>,
    successes: Vec<Instant>,
    failures: Vec<(Duration, StoreError)>,
}

/// Uses a store until it is told to stop.
struct Load {
    has_ended: Arc<AtomicBool>,
    tasks: JoinSet<Seen>,
}

impl Load {
    fn begin(stores: &[Arc<CassandraStore>; 2]) -> Self {
        let has_ended = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for store in stores.iter().cycle().take(TASKS) {
            tasks.spawn(create_and_stop(Arc::clone(store), Arc::clone(&has_ended)));
        }
        Self { has_ended, tasks }
    }

    async fn end(self) -> Seen {
        self.has_ended.store(true, Ordering::SeqCst);
        let mut all = Seen::default();
        for seen in self.tasks.join_all().await {
            all.acknowledged.extend(seen.acknowledged);
            all.successes.extend(seen.successes);
            all.failures.extend(seen.failures);
        }
        all
    }
}

async fn create_and_stop(store: Arc<CassandraStore>, has_ended: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    while !has_ended.load(Ordering::SeqCst) {
        let first = session(0);
        let began = Instant::now();
        match store.create(first.clone()).await {
            Ok(created) => {
                assert_eq!(created, Created::Yes);
                seen.successes.push(Instant::now());
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
                seen.successes.push(Instant::now());
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
    // If nobody has heard of winning, it is one of those that failed, or none.
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
    sleep(Duration::from_secs(1)).await;
    let is_known_at = Instant::now();
    sleep(Duration::from_secs(3)).await;
    cluster.nodes[2].go_on();
    let seen = load.end().await;
    let after = seen.successes.iter().filter(|at| **at > is_known_at).count();
    let (successes, failures) = (seen.successes.len(), seen.failures.len());
    println!(
        "one of three hangs: {successes} calls succeed, {after} of them after the first second; {failures} fail"
    );
    seen.assert_failures_come_in_time();
    assert!(after > 0, "two nodes are enough");
    assert_nothing_is_lost(&stores[0], &seen.acknowledged).await;
}

async fn survives_the_death_of_one(
    cluster: &mut CassandraCluster,
    stores: &[Arc<CassandraStore>; 2],
) -> Vec<Session> {
    let load = Load::begin(stores);
    sleep(Duration::from_secs(2)).await;
    cluster.nodes[2].kill();
    let killed_at = Instant::now();
    sleep(Duration::from_secs(5)).await;
    let seen = load.end().await;
    let after = seen.successes.iter().filter(|at| **at > killed_at + Duration::from_secs(2)).count();
    let (successes, failures) = (seen.successes.len(), seen.failures.len());
    println!(
        "one of three dies: {successes} calls succeed, {after} of them later than 2 s after; {failures} fail"
    );
    seen.assert_failures_come_in_time();
    assert!(after > 0, "two nodes are enough");
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
