//! The PostgreSQL store during and after an outage.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tickseed_session::acceptance::{DEADLINE, PatientStore, RecordingSubscriber, TestClock, session};
use tickseed_session::{Created, Replaced, Session, SessionStore, Timestamp, error_chain};
use tickseed_store::test_servers::PostgresServer;
use tickseed_store::{PostgresAddress, PostgresStore, RemoteOptions, StoreTimeout};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{connect, options, postgres_and_store};
use crate::late_writes::LOOK_EVERY;
use crate::silence::assert_recovers_from_silence;

/// How soon after PostgreSQL is back creating works again.
const BACK_WITHIN: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_silent_postgres_is_unavailable_and_is_used_again_when_it_answers() {
    let (server, store) = postgres_and_store().await;
    assert_recovers_from_silence(&store, || server.pause(), || server.go_on()).await;
}

#[tokio::test]
async fn a_slow_statement_ends_with_the_time_limit() {
    let server = PostgresServer::start(&[]);
    let connect = async |millis| {
        let address = PostgresAddress::parse(&server.address(), None).unwrap();
        let timeout = StoreTimeout::from_millis(millis).unwrap();
        let options = RemoteOptions { timeout, ..options(TestClock::new()) };
        PatientStore(PostgresStore::connect(address, options).await.unwrap())
    };
    let (patient, hasty) = (connect(400).await, connect(50).await);
    for store in [&patient, &hasty] {
        // The first statement on a connection takes longer.
        store.find(session(0).id).await.unwrap();
    }
    let held = server.hold("LOCK TABLE tickseed_sessions IN ACCESS EXCLUSIVE MODE");
    let id = session(0).id;
    let error = error_chain(&hasty.0.find(id).await.unwrap_err());
    assert_eq!(error, "the store is unavailable: PostgreSQL did not answer within 50ms");
    let release = async {
        sleep(Duration::from_millis(100)).await;
        drop(held);
    };
    let (found, ()) = tokio::join!(patient.0.find(id), release);
    assert_eq!(found.unwrap(), None);
}

/// As a pooler or an idle limit of the network does.
#[tokio::test]
async fn connections_that_are_cut_are_made_again() {
    let (server, store) = postgres_and_store().await;
    let subscriber = RecordingSubscriber::of(&store);
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    for times in 2..5 {
        subscriber.is_caught_up().await;
        server.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tickseed'",
        );
        subscriber.has_restarted(times).await;
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
    }
}

/// A feed that is cut does not claim to be caught up. When it restarts, sessions are read again, so no change is missed.
#[tokio::test]
async fn no_change_is_missed_while_the_feed_is_cut() {
    let server = PostgresServer::start(&[]);
    let one = connect(&server.address(), TestClock::new()).await;
    let other = connect(&server.address(), TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&one);
    let mut stored = session(0);
    assert_eq!(one.create(stored.clone()).await.unwrap(), Created::Yes);
    for times in 2..6 {
        subscriber.is_caught_up().await;
        let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tickseed' \
                   AND (query LIKE '%tickseed_now_us%' OR query LIKE '%pg_advisory_xact_lock(%')";
        server.ask(cut);
        stored = stored.stopped(Timestamp::MAX);
        assert_eq!(other.compare_and_set(stored.clone(), None).await.unwrap(), Replaced::Yes);
        subscriber.has_restarted(times).await;
        subscriber.is_caught_up().await;
        assert_eq!(one.find(stored.id).await.unwrap().as_ref(), Some(&stored));
    }
}

/// Tasks that create sessions until the load ends.
pub(super) struct Load {
    is_over: Arc<AtomicBool>,
    successes: Arc<AtomicUsize>,
    tasks: JoinSet<Vec<Session>>,
}

impl Load {
    pub(super) fn begin(store: &Arc<PostgresStore>, count: usize) -> Self {
        let (is_over, successes) = (Arc::default(), Arc::default());
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            tasks.spawn(create_until(Arc::clone(store), Arc::clone(&is_over), Arc::clone(&successes)));
        }
        Self { is_over, successes, tasks }
    }

    /// Waits until the load has created so many more sessions.
    pub(super) async fn succeeds(&self, times: usize) {
        let target = self.successes.load(Ordering::SeqCst) + times;
        let enough = async {
            while self.successes.load(Ordering::SeqCst) < target {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(DEADLINE, enough).await.expect("sessions are created");
    }

    /// Returns the sessions that were acknowledged.
    pub(super) async fn end(self) -> Vec<Session> {
        self.is_over.store(true, Ordering::SeqCst);
        self.tasks.join_all().await.concat()
    }
}

/// Creates sessions until `is_over` is set. Returns those that were acknowledged.
async fn create_until(
    store: Arc<PostgresStore>,
    is_over: Arc<AtomicBool>,
    successes: Arc<AtomicUsize>,
) -> Vec<Session> {
    let mut acknowledged = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        let session = session(0);
        match store.create(session.clone()).await {
            Ok(created) => {
                assert_eq!(created, Created::Yes);
                acknowledged.push(session);
                successes.fetch_add(1, Ordering::SeqCst);
            }
            Err(error) => {
                assert!(error.is_temporary(), "{error:?}");
                sleep(LOOK_EVERY).await;
            }
        }
    }
    acknowledged
}

/// Waits until a session can be created. Returns how long that took.
pub(super) async fn can_create(store: &PostgresStore) -> Duration {
    let began = Instant::now();
    let creates = async {
        while store.create(session(0)).await.is_err() {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, creates).await.expect("creating works again");
    began.elapsed()
}

#[tokio::test]
async fn a_postgres_that_is_killed_under_load_loses_no_acknowledged_write() {
    let mut server = PostgresServer::start(&[]);
    let store = Arc::new(connect(&server.address(), TestClock::new()).await.0);
    for _ in 0..3 {
        let load = Load::begin(&store, 8);
        load.succeeds(8).await;
        server.kill();
        server.start_again();
        let back = can_create(&store).await;
        assert!(back <= BACK_WITHIN, "creating works again after {back:?}");
        load.succeeds(8).await;
        let acknowledged = load.end().await;
        let reader = PatientStore(connect(&server.address(), TestClock::new()).await.0);
        for session in acknowledged {
            assert_eq!(reader.find(session.id).await.unwrap(), Some(session));
        }
    }
}
