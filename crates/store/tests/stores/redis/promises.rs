//! What a server promises about sessions in Redis: it depends on the clocks, and on what a crash can lose.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tickseed_session::acceptance::{
    DEADLINE, LOOK_EVERY, PatientStore, RecordingSubscriber, Report, TestClock, makes_promises,
    session_with_notice,
};
use tickseed_session::{Clock, SessionId, SessionStore, SystemClock, Terms};
use tickseed_store::test_servers::{RedisCluster, RedisServer};
use tickseed_store::{RedisAddress, RedisStore, RemoteOptions, StoreLoss};
use tokio::time::{sleep, timeout};

use super::access::{PASSWORD, PERMISSIONS, with_login};
use super::outage::is_responsible;
use super::{connect, options};

/// A clock that a test sets ahead of the machine's, or behind it.
#[derive(Clone, Default)]
struct SetClock {
    ahead_us: Arc<AtomicI64>,
}

impl SetClock {
    fn set_ahead(&self, millis: i64) {
        self.ahead_us.store(millis * 1_000, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now_us(&self) -> i64 {
        SystemClock.now_us() + self.ahead_us.load(Ordering::SeqCst)
    }
}

/// A store, and the subscriber that makes it measure clocks.
struct Server {
    store: PatientStore<RedisStore>,
    subscriber: Arc<RecordingSubscriber>,
}

impl Server {
    async fn connect(address: &str, clock: impl Clock) -> Self {
        Self::of(connect(address, clock).await)
    }

    async fn with_loss(address: &str, loss_ms: u32) -> Self {
        let loss = StoreLoss::from_millis(loss_ms).ok();
        let options = RemoteOptions { loss, ..options(SystemClock) };
        let address = RedisAddress::parse(address, None).unwrap();
        Self::of(PatientStore(RedisStore::connect(address, options).await.unwrap()))
    }

    fn of(store: PatientStore<RedisStore>) -> Self {
        let subscriber = RecordingSubscriber::of(&store);
        Self { store, subscriber }
    }

    fn loss_ms(&self, id: SessionId) -> u128 {
        self.store.terms(id).loss.as_millis()
    }

    /// Waits until changes of a session allow for this loss.
    async fn may_lose(&self, id: SessionId, loss: Duration) {
        let known = async {
            while self.store.terms(id) != (Terms { loss, is_clock_sure: true }) {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(DEADLINE, known).await.expect("the master says what it can lose");
    }

    /// Waits until the feed has said this often from now on how far it is.
    async fn proves(&self, times: usize) {
        let proofs = |reports: &[Report]| {
            reports.iter().filter(|report| matches!(report, Report::CaughtUpTo(..))).count()
        };
        let before = proofs(&self.subscriber.reports());
        self.subscriber.hears("the feed catches up", |reports| proofs(reports) >= before + times).await;
    }

    /// Returns whether the last proof of the feed says what is certain.
    fn has_proved_something(&self) -> bool {
        let reports = self.subscriber.reports();
        let last = reports.iter().rev().find_map(|report| match report {
            Report::CaughtUpTo(_, _, certain) => Some(certain.is_some()),
            _ => None,
        });
        last.expect("the feed has caught up")
    }

    /// Waits until nothing is promised about a session.
    async fn promises_nothing(&self, id: SessionId) {
        let ended = async {
            while self.store.certain(id).is_some() {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(DEADLINE, ended).await.expect("promises end");
    }
}

#[tokio::test]
async fn promises_end_at_once_when_a_clock_is_set_and_come_back_with_it() {
    let (redis, clock) = (RedisServer::start(&[]), SetClock::default());
    let server = Server::connect(&redis.address(), clock.clone()).await;
    let id = session_with_notice().id;
    for far in [600, -600, 3_600_000] {
        clock.set_ahead(0);
        makes_promises(&server.store, id).await;
        clock.set_ahead(far);
        assert_eq!(
            (server.store.certain(id), server.store.terms(id).is_clock_sure),
            (None, false),
            "{far} ms"
        );
        for _ in 0..3 {
            // The second proof has been sent since then.
            server.proves(2).await;
            assert_eq!((server.store.certain(id), server.has_proved_something()), (None, false), "{far} ms");
        }
    }
    // Within the tolerance, in both directions.
    for near in [150, -150] {
        clock.set_ahead(near);
        makes_promises(&server.store, id).await;
    }
}

#[tokio::test]
async fn a_redis_that_nobody_asks_for_its_time_gets_no_promises() {
    let redis = RedisServer::start(&[]);
    let store = connect(&redis.address(), SystemClock).await;
    let id = session_with_notice().id;
    assert_eq!((store.certain(id), store.terms(id).is_clock_sure), (None, false));
}

#[tokio::test]
async fn what_a_crash_can_lose_follows_from_the_settings() {
    for (arguments, expected) in [
        (&[][..], Some(0)),
        (&["--appendonly", "yes", "--appendfsync", "always"], Some(0)),
        (&["--appendonly", "yes", "--appendfsync", "everysec"], Some(2_000)),
        (&["--appendonly", "yes", "--appendfsync", "no"], None),
        (&["--appendonly", "yes", "--no-appendfsync-on-rewrite", "yes"], None),
        (&["--save", "60 1"], None),
    ] {
        let redis = RedisServer::start(arguments);
        assert_loss(&redis.address(), expected).await;
    }
}

#[tokio::test]
async fn what_a_crash_can_lose_is_not_known_if_redis_hides_its_settings() {
    let redis = RedisServer::start(&[]);
    redis.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], &PERMISSIONS[..]].concat());
    let address = with_login(&redis, &format!("tickseed:{PASSWORD}"));
    assert_loss(&address, None).await;
    redis.ask::<()>(&["ACL", "SETUSER", "tickseed", "+config|get"]);
    assert_loss(&address, None).await;
    redis.ask::<()>(&["ACL", "SETUSER", "tickseed", "+info"]);
    assert_loss(&address, Some(0)).await;
}

#[tokio::test]
async fn what_replicas_lack_is_not_known() {
    let redis = RedisServer::start(&[]);
    let _replica = connected_replica(&redis).await;
    assert_loss(&redis.address(), None).await;
}

/// Starts a replica, and waits until it has connected.
async fn connected_replica(redis: &RedisServer) -> RedisServer {
    redis.ask::<()>(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"]);
    let replica = RedisServer::start(&["--replicaof", &format!("127.0.0.1 {}", redis.port())]);
    let connected = async {
        while !redis.ask::<String>(&["INFO", "replication"]).contains("connected_slaves:1") {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, connected).await.expect("the replica connects");
    replica
}

#[tokio::test]
async fn what_the_replicas_of_a_cluster_lack_is_not_known_while_they_are_down_either() {
    let mut cluster = RedisCluster::start(1, &[]);
    assert_loss(&cluster.address(), None).await;
    let address = cluster.nodes[0].address().replace("redis://", "redis+cluster://");
    for replica in &mut cluster.nodes[3..] {
        replica.kill();
    }
    assert_loss(&address, None).await;
}

/// Checks how much acknowledged writing a crash of Redis can lose. If that is not known, nothing is promised unless the setting
/// says how much it is.
async fn assert_loss(address: &str, expected: Option<u128>) {
    let id = session_with_notice().id;
    let server = Server::with_loss(address, 5_000).await;
    makes_promises(&server.store, id).await;
    assert_eq!(server.loss_ms(id), expected.unwrap_or(5_000));
    let server = Server::connect(address, SystemClock).await;
    if expected.is_some() {
        return makes_promises(&server.store, id).await;
    }
    server.subscriber.is_caught_up().await;
    // The session can be changed.
    let is_changeable = async {
        while !server.store.terms(id).is_clock_sure {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, is_changeable).await.expect("the clock has nothing to do with it");
    server.proves(3).await;
    assert_eq!(server.store.certain(id), None);
    assert!(!server.has_proved_something());
    assert_eq!(server.loss_ms(id), 0);
}

#[tokio::test]
async fn a_new_connection_asks_again_what_a_crash_can_lose() {
    let redis = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let (server, id) = (Server::connect(&redis.address(), SystemClock).await, session_with_notice().id);
    makes_promises(&server.store, id).await;
    assert_eq!(server.loss_ms(id), 0);
    redis.ask::<()>(&["CONFIG", "SET", "appendfsync", "everysec"]);
    redis.ask::<u64>(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    let asked = async {
        while server.loss_ms(id) != 2_000 {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, asked).await.expect("the new settings count");
    makes_promises(&server.store, id).await;
}

/// A replica that connects while the server runs.
#[tokio::test]
async fn promises_end_soon_after_a_replica_has_connected() {
    let redis = RedisServer::start(&["--repl-diskless-sync-delay", "0"]);
    let (server, id) = (Server::connect(&redis.address(), SystemClock).await, session_with_notice().id);
    makes_promises(&server.store, id).await;
    let _replica = RedisServer::start(&["--replicaof", &format!("127.0.0.1 {}", redis.port())]);
    server.promises_nothing(id).await;
    assert!(server.store.terms(id).is_clock_sure, "sessions can be changed all the same");
}

#[tokio::test]
async fn no_setting_makes_the_loss_less_than_what_the_settings_of_redis_say() {
    let redis = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "everysec"]);
    let _replica = connected_replica(&redis).await;
    let id = session_with_notice().id;
    for (loss_ms, expected) in [(500, 2_000), (5_000, 5_000)] {
        let server = Server::with_loss(&redis.address(), loss_ms).await;
        makes_promises(&server.store, id).await;
        assert_eq!(server.loss_ms(id), expected);
    }
}

#[tokio::test]
async fn promises_end_while_redis_is_silent_and_come_back() {
    let redis = RedisServer::start(&[]);
    let (server, id) = (Server::connect(&redis.address(), SystemClock).await, session_with_notice().id);
    makes_promises(&server.store, id).await;
    redis.pause();
    server.promises_nothing(id).await;
    assert!(!server.store.terms(id).is_clock_sure);
    redis.go_on();
    makes_promises(&server.store, id).await;
}

#[tokio::test]
async fn a_silent_master_of_a_cluster_ends_only_the_promises_about_its_own_sessions() {
    let cluster = RedisCluster::start(0, &[]);
    let server = Server::connect(&cluster.address(), SystemClock).await;
    let silent = &cluster.nodes[0];
    let ids = || std::iter::repeat_with(|| session_with_notice().id);
    let id = ids().find(|id| is_responsible(silent, *id)).unwrap();
    let other = ids().find(|id| !is_responsible(silent, *id)).unwrap();
    for id in [id, other] {
        makes_promises(&server.store, id).await;
    }
    silent.pause();
    server.promises_nothing(id).await;
    makes_promises(&server.store, other).await;
    silent.go_on();
    makes_promises(&server.store, id).await;
}

/// The silent master answers nothing until the other one has said twice what it can lose.
#[tokio::test]
async fn a_master_says_what_it_can_lose_while_another_one_is_silent() {
    let cluster = RedisCluster::start(0, &["--appendonly", "yes", "--appendfsync", "always"]);
    let server = Server::connect(&cluster.address(), SystemClock).await;
    let (silent, other) = (&cluster.nodes[0], &cluster.nodes[1]);
    let is_on_other = |id: &SessionId| is_responsible(other, *id);
    let id = std::iter::repeat_with(|| session_with_notice().id).find(is_on_other).unwrap();
    makes_promises(&server.store, id).await;
    silent.pause();
    for (sync, loss_ms) in [("everysec", 2_000), ("always", 0)] {
        other.ask::<()>(&["CONFIG", "SET", "appendfsync", sync]);
        other.ask::<u64>(&["CLIENT", "KILL", "TYPE", "pubsub"]);
        server.may_lose(id, Duration::from_millis(loss_ms)).await;
        makes_promises(&server.store, id).await;
    }
    silent.go_on();
}

/// The clock of the test shows a time of its own.
#[tokio::test]
async fn a_server_whose_clock_has_nothing_to_do_with_that_of_redis_promises_nothing() {
    let redis = RedisServer::start(&[]);
    let (server, id) = (Server::connect(&redis.address(), TestClock::new()).await, session_with_notice().id);
    server.subscriber.is_caught_up().await;
    server.proves(3).await;
    assert_eq!((server.store.certain(id), server.has_proved_something()), (None, false));
}
