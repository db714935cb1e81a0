//! The suite for each backend.

use std::env;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tickseed_server::app::Options;
use tickseed_server::session::{Created, Replaced, SessionStore};
use tickseed_server::store::{EmbeddedStore, RedisAddress, RedisStore};
use tokio::task::JoinSet;

use super::{Handles, acceptance, now, session};
use crate::certificate::Certificate;
use crate::faulty_store::{Fault, FaultyStore};
use crate::patient_store::PatientStore;
use crate::redis_server::{RedisCluster, RedisServer};
use crate::support::{DEADLINE, LocalServer, TestClock};

fn embedded(folder: &TempDir) -> EmbeddedStore {
    EmbeddedStore::open(folder.path(), Arc::new(TestClock::new())).unwrap()
}

fn alone(store: impl SessionStore) -> Handles {
    let store: Arc<dyn SessionStore> = Arc::new(store);
    [Arc::clone(&store), store]
}

async fn two_on_redis(address: &str) -> Handles {
    [redis(address).await, redis(address).await]
}

async fn redis(address: &str) -> Arc<dyn SessionStore> {
    let address = RedisAddress::parse(address, None).unwrap();
    let store = RedisStore::connect(address, DEADLINE, Arc::new(TestClock::new())).await.unwrap();
    Arc::new(PatientStore(store))
}

#[tokio::test]
async fn the_embedded_store_keeps_its_promises() {
    let folder = TempDir::new().unwrap();
    acceptance(alone(embedded(&folder))).await;
}

#[tokio::test]
async fn the_store_that_can_fail_keeps_its_promises_as_long_as_it_does_not() {
    let clock = Arc::new(TestClock::new());
    acceptance(alone(FaultyStore::new(clock, Fault::Before, 0..0))).await;
}

#[tokio::test]
async fn the_redis_store_keeps_its_promises() {
    let server = RedisServer::start(&[]);
    acceptance(two_on_redis(&server.address()).await).await;
}

#[tokio::test]
async fn the_redis_store_keeps_its_promises_when_each_write_is_synced() {
    let server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    acceptance(two_on_redis(&server.address()).await).await;
}

#[tokio::test]
async fn the_redis_store_keeps_its_promises_on_a_cluster() {
    let cluster = RedisCluster::start(0, &[]);
    acceptance(two_on_redis(&cluster.address()).await).await;
}

/// Runs itself once more: which certificates a process trusts is decided where it begins.
#[tokio::test]
async fn the_redis_store_keeps_its_promises_over_tls() {
    const ADDRESS: &str = "REDIS_WITH_TLS_TO_TEST";
    const ITSELF: &str = "acceptance::backends::the_redis_store_keeps_its_promises_over_tls";
    if let Ok(address) = env::var(ADDRESS) {
        return acceptance(two_on_redis(&address).await).await;
    }
    let certificate = Certificate::new();
    let arguments = certificate.redis_arguments();
    let server = RedisServer::start_with_tls(&arguments.each_ref().map(String::as_str));
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", ITSELF]).env("SSL_CERT_FILE", certificate.file());
    let output = command.env(ADDRESS, server.address()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test]
async fn the_embedded_store_replaces_up_to_the_last_millisecond_before_the_deadline() {
    let folder = TempDir::new().unwrap();
    let (store, first) = (embedded(&folder), session(0));
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let deadline = now().after(Duration::from_millis(1));
    assert_eq!(store.replace(first.stopped(now()), deadline).await.unwrap(), Replaced::Yes);
}

/// More than one transaction of the store removes.
const EXPIRED: usize = 2_500;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_removes_expired_sessions_from_its_store() {
    let folder = TempDir::new().unwrap();
    let clock = TestClock::new();
    let store = Arc::new(EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap());
    let mut creates = JoinSet::new();
    for _ in 0..EXPIRED {
        let (store, session) = (Arc::clone(&store), session(60));
        creates.spawn(async move { (store.create(session.clone()).await.unwrap(), session.id) });
    }
    let created = creates.join_all().await;
    assert!(created.iter().all(|(created, _)| *created == Created::Yes));

    let options = Options { remove_expired_every: Duration::from_millis(10), ..Options::default() };
    let server = LocalServer::with_store(Arc::clone(&store) as Arc<dyn SessionStore>, clock, options);
    server.clock.set("2026-01-31T12:00:59.999Z");
    assert!(store.find(created[0].1).await.unwrap().is_some());
    server.clock.set("2026-01-31T12:01:00.000Z");
    let gone = async {
        for (_, id) in created {
            while store.find(id).await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(DEADLINE, gone).await.expect("all are removed");
}
