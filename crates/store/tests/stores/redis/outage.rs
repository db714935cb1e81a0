//! The Redis store during and after an outage.

use std::future::Future;
use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_redis::redis::{Client, cmd};
use tickseed_session::{
    ChangeFeed, Clock, Created, Deadline, FeedPart, Replaced, Session, SessionId, SessionStore, SystemClock,
    Timestamp, error_chain,
};
use tickseed_store::{RedisAddress, RedisStore, RemoteOptions, StoreTimeout};
use tokio::time::timeout;

use super::{connect, options, redis_and_store};
use crate::silence::assert_recovers_from_silence;
use tickseed_session::acceptance::{
    DEADLINE, LOOK_EVERY, PatientStore, RecordingSubscriber, Report, TestClock, rescheduled, session,
    session_with_notice,
};
use tickseed_store::test_servers::{RedisCluster, RedisServer};

#[tokio::test]
async fn a_silent_redis_is_unavailable_and_is_used_again_when_it_answers() {
    let (server, store) = redis_and_store().await;
    assert_recovers_from_silence(&store, || server.pause(), || server.go_on()).await;
}

/// During a failover or on a slow disk, Redis answers some requests late.
#[tokio::test]
async fn one_slow_answer_stops_no_other_request() {
    let (server, store) = redis_and_store().await;
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    // On a busy machine the second answer may be late too, so there are several attempts.
    for _ in 0..20 {
        server.ask::<()>(&["CLIENT", "PAUSE", "200", "WRITE"]);
        let is_slow = store.0.create(session(0)).await.is_err();
        // Not the patient store: no request may be refused.
        if is_slow && store.0.find(first.id).await.is_ok() && store.0.check().await.is_ok() {
            return;
        }
        store.check().await.unwrap();
    }
    panic!("a slow answer stops other requests");
}

#[tokio::test]
async fn a_longer_time_limit_waits_for_a_slower_answer() {
    let server = RedisServer::start(&[]);
    let connect = async |millis| {
        let address = RedisAddress::parse(&server.address(), None).unwrap();
        let timeout = StoreTimeout::from_millis(millis).unwrap();
        let options = RemoteOptions { timeout, ..options(TestClock::new()) };
        RedisStore::connect(address, options).await.unwrap()
    };
    let (patient, hasty) = (connect(400).await, connect(50).await);
    server.ask::<()>(&["CLIENT", "PAUSE", "200", "ALL"]);
    let id = session(0).id;
    let (patient, hasty) = tokio::join!(patient.find(id), hasty.find(id));
    assert_eq!(patient.unwrap(), None);
    let error = error_chain(&hasty.unwrap_err());
    assert_eq!(error, "the store is unavailable: Redis did not answer within 50ms");
}

/// As a failover or an idle limit of the network does. The store reconnects before the next request.
#[tokio::test]
async fn a_connection_that_redis_closes_costs_no_request() {
    let (server, store) = redis_and_store().await;
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    for _ in 0..5 {
        server.ask::<u64>(&["CLIENT", "KILL", "TYPE", "normal"]);
        let before: String = server.ask(&["INFO", "commandstats"]);
        let reconnected = async {
            // The probe on the new connection.
            while calls(&server.ask::<String>(&["INFO", "commandstats"]), "exists")
                == calls(&before, "exists")
            {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        timeout(DEADLINE, reconnected).await.expect("the store reconnects by itself");
        assert_eq!(store.0.find(first.id).await.unwrap().as_ref(), Some(&first));
    }
}

/// Returns how often Redis has carried out a command.
fn calls(statistics: &str, command: &str) -> u64 {
    let prefix = format!("cmdstat_{command}:calls=");
    let rest = statistics.lines().find_map(|line| line.strip_prefix(prefix.as_str()));
    rest.and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or(0)
}

/// The driver keeps such an error of a reconnection, and gives it to every request.
#[tokio::test]
async fn a_redis_that_refuses_connections_for_a_while_is_used_again() {
    let (server, store) = redis_and_store().await;
    let first = session(0);
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let mut admin = Client::open(server.address()).unwrap().get_connection().unwrap();
    let mut command = |words: &[&str]| cmd(words[0]).arg(&words[1..]).exec(&mut admin).unwrap();
    command(&["CONFIG", "SET", "maxclients", "1"]);
    command(&["CLIENT", "KILL", "TYPE", "normal"]);
    let refused = async { while store.0.find(first.id).await.is_ok() {} };
    timeout(DEADLINE, refused).await.expect("Redis refuses the connection");
    command(&["CONFIG", "SET", "maxclients", "100"]);
    assert_eq!(store.find(first.id).await.unwrap(), Some(first));
}

/// The restarted Redis knows no scripts, and nobody listens to its channel.
#[tokio::test]
async fn acknowledged_writes_survive_a_crash_of_redis_and_the_store_recovers() {
    let mut server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store = connect(&server.address(), TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&store);
    subscriber.is_caught_up().await;
    let deadline = || SystemClock.now().after(DEADLINE).map(Deadline::OfStore);
    let (first, with_notice) = (session(3_600), session_with_notice());
    let (stopped, changed) = (first.stopped(Timestamp::MAX), rescheduled(&with_notice, 2));
    for (first, second) in [(first, &stopped), (with_notice, &changed)] {
        assert_eq!(store.create(first).await.unwrap(), Created::Yes);
        assert_eq!(store.compare_and_set(second.clone(), deadline()).await.unwrap(), Replaced::Yes);
    }
    server.kill();
    assert!(store.0.find(stopped.id).await.unwrap_err().is_temporary());
    server.start_again();
    for second in [&stopped, &changed] {
        assert_eq!(store.find(second.id).await.unwrap().as_ref(), Some(second));
    }
    subscriber.has_restarted(2).await;
    for third in [stopped.stopped(Timestamp::MAX), rescheduled(&changed, 1)] {
        assert_eq!(store.compare_and_set(third.clone(), deadline()).await.unwrap(), Replaced::Yes);
        subscriber.is_caught_up().await;
        assert!(subscriber.knows(&third));
    }
}

#[tokio::test]
async fn a_silent_cluster_master_stops_only_its_own_part_of_the_feed() {
    let cluster = RedisCluster::start(0, &[]);
    let store = connect(&cluster.address(), TestClock::new()).await;
    let subscriber = RecordingSubscriber::of(&store);
    for node in &cluster.nodes {
        subscriber.is_caught_up().await;
        let id_on_node =
            std::iter::repeat_with(|| session(0).id).find(|id| is_responsible(node, *id)).unwrap();
        let silent = store.0.part_of(id_on_node);
        node.pause();
        let paused_at = SystemClock.uptime();
        subscriber
            .hears("the other parts catch up several times", |reports| {
                let caught_up = |part| {
                    let after = |report: &&Report| {
                        matches!(report, Report::CaughtUpTo(other, to, _) if *other == part && *to > paused_at)
                    };
                    reports.iter().filter(after).count()
                };
                let others: Vec<_> = (0..3).map(FeedPart).filter(|part| *part != silent).collect();
                others.iter().all(|part| caught_up(*part) >= 5)
            })
            .await;
        assert!(subscriber.caught_up_to()[&silent].iter().all(|caught_up_to| *caught_up_to < paused_at));
        node.go_on();
    }
    subscriber.is_caught_up().await;
}

/// A caller relies on a refused write having no effect.
#[tokio::test]
async fn a_write_whose_reply_is_lost_is_never_reported_as_refused() {
    let server = RedisServer::start(&[]);
    assert_a_lost_reply_is_no_refusal(&server.address(), std::slice::from_ref(&server)).await;
}

#[tokio::test]
async fn a_write_whose_reply_is_lost_by_a_cluster_is_never_reported_as_refused() {
    let cluster = RedisCluster::start(0, &[]);
    assert_a_lost_reply_is_no_refusal(&cluster.address(), &cluster.nodes).await;
}

/// Creates a session whose reply is lost. In a cluster, the first reply is that of the index, and if that is the one which is lost,
/// the session is not written.
async fn create_and_lose_the_reply(store: &Arc<PatientStore<RedisStore>>, nodes: &[RedisServer]) -> Session {
    let began = Instant::now();
    loop {
        let session = session(0);
        let (create, created) = (Arc::clone(store), session.clone());
        let outcome =
            write_and_lose_the_reply(nodes, session.id, async move { create.0.create(created).await }).await;
        assert!(!matches!(outcome, Ok(Created::IdTaken)), "nobody else has this id");
        if store.find(session.id).await.unwrap().as_ref() == Some(&session) {
            return session;
        }
        assert!(outcome.is_err(), "what was acknowledged is there");
        assert!(began.elapsed() < DEADLINE, "every creation loses its first reply");
    }
}

async fn assert_a_lost_reply_is_no_refusal(address: &str, nodes: &[RedisServer]) {
    let store = Arc::new(connect(address, TestClock::new()).await);
    // Load the scripts into every node.
    for node in nodes {
        let on_node = |warm_up: &Session| is_responsible(node, warm_up.id);
        let warm_up = std::iter::repeat_with(|| session(0)).find(on_node).unwrap();
        assert_eq!(store.create(warm_up.clone()).await.unwrap(), Created::Yes);
        assert_eq!(
            store.compare_and_set(warm_up.stopped(Timestamp::MAX), None).await.unwrap(),
            Replaced::Yes
        );
    }

    let first = create_and_lose_the_reply(&store, nodes).await;
    let second = first.stopped(Timestamp::MAX);
    replace_and_lose_the_reply(&store, nodes, &first, &second, || None).await;
    let third = rescheduled(&second, 2);
    let deadline = || SystemClock.now().after(DEADLINE).map(Deadline::OfStore);
    replace_and_lose_the_reply(&store, nodes, &second, &third, deadline).await;
}

/// Replaces a session by a write whose reply is lost, which must not be reported as refused.
async fn replace_and_lose_the_reply(
    store: &Arc<PatientStore<RedisStore>>,
    nodes: &[RedisServer],
    old: &Session,
    new: &Session,
    deadline: impl Fn() -> Option<Deadline>,
) {
    let began = Instant::now();
    loop {
        let (replace, replaced, deadline) = (Arc::clone(store), new.clone(), deadline());
        let write = async move { replace.0.compare_and_set(replaced, deadline).await };
        let outcome = write_and_lose_the_reply(nodes, new.id, write).await;
        let stored = store.find(new.id).await.unwrap();
        if stored.as_ref() == Some(new) {
            return assert!(
                !matches!(outcome, Ok(Replaced::No | Replaced::TooLate)),
                "the write took effect"
            );
        }
        // The store was not asked, because it had just reconnected.
        assert_eq!(stored.as_ref(), Some(old), "{outcome:?}");
        assert!(outcome.is_err() && began.elapsed() < DEADLINE, "{outcome:?}");
    }
}

/// Makes Redis carry out a write, but close all connections before it replies.
async fn write_and_lose_the_reply<T: Send + 'static>(
    nodes: &[RedisServer],
    id: SessionId,
    write: impl Future<Output = T> + Send + 'static,
) -> T {
    let node = nodes.iter().find(|node| is_responsible(node, id)).unwrap();
    let mut killer = TcpStream::connect(("127.0.0.1", node.port())).unwrap();
    node.pause();
    let write = tokio::spawn(write);
    // By then the write is sent. Redis carries out everything it has received before it sends a reply.
    tokio::time::sleep(Duration::from_millis(50)).await;
    killer.write_all(b"CLIENT KILL TYPE normal\r\n").unwrap();
    node.go_on();
    write.await.unwrap()
}

/// Returns whether a node is responsible for this session. The other nodes of a cluster refuse the command.
pub(super) fn is_responsible(node: &RedisServer, id: SessionId) -> bool {
    let mut connection = Client::open(node.address()).unwrap().get_connection().unwrap();
    cmd("EXISTS").arg(format!("session:{{{id}}}")).query::<bool>(&mut connection).is_ok()
}
