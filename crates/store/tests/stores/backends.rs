//! Runs the contract's acceptance suite on each backend.

use std::env;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tickseed_session::acceptance::{
    DEADLINE, Fault, FaultyStore, Handles, PatientStore, TestClock, assert_contract, assert_promises, now,
    session, single,
};
use tickseed_session::{Clock, Created, Deadline, Replaced, SessionStore, SystemClock};
use tickseed_store::test_servers::{Certificate, PostgresServer, RedisCluster, RedisServer};
use tickseed_store::{EmbeddedStore, PostgresStore, RedisStore, RemoteOptions, StoreAddress, StoreTimeout};

fn embedded(folder: &TempDir) -> EmbeddedStore {
    EmbeddedStore::open(folder.path(), Arc::new(TestClock::new())).unwrap()
}

/// Holds the store at an address, which is another process, to the whole contract.
async fn assert_meets_the_contract(address: &str) {
    let clock = || Arc::new(TestClock::new());
    assert_contract([handle(address, clock()).await, handle(address, clock()).await]).await;
    assert_promises(two_handles_with_the_time_of_the_machine(address).await).await;
}

async fn two_handles_with_the_time_of_the_machine(address: &str) -> Handles {
    let clock = Arc::new(SystemClock);
    [handle(address, Arc::clone(&clock) as _).await, handle(address, clock).await]
}

async fn handle(address: &str, clock: Arc<dyn Clock>) -> Arc<dyn SessionStore> {
    // A request with an idempotency key is not repeated, and must not fail because the machine is busy.
    let timeout = StoreTimeout::from_millis(400).unwrap();
    let options = RemoteOptions { wait: DEADLINE, timeout, ..RemoteOptions::new(clock) };
    match StoreAddress::parse(address, None).unwrap() {
        StoreAddress::Redis(address) => {
            Arc::new(PatientStore(RedisStore::connect(address, options).await.unwrap()))
        }
        StoreAddress::Postgres(address) => {
            Arc::new(PatientStore(PostgresStore::connect(*address, options).await.unwrap()))
        }
        other => panic!("{other} is not another process"),
    }
}

#[tokio::test]
async fn the_postgres_store_meets_the_contract() {
    let server = PostgresServer::start(&[]);
    assert_meets_the_contract(&server.address()).await;
}

#[tokio::test]
async fn the_embedded_store_meets_the_contract() {
    let folder = TempDir::new().unwrap();
    assert_contract(single(embedded(&folder))).await;
    let folder = TempDir::new().unwrap();
    let store = EmbeddedStore::open(folder.path(), Arc::new(SystemClock)).unwrap();
    assert_promises(single(store)).await;
}

#[tokio::test]
async fn the_faulty_store_meets_the_contract_while_it_does_not_fail() {
    let folder = TempDir::new().unwrap();
    assert_contract(single(FaultyStore::new(embedded(&folder), Fault::Before, 0..0))).await;
}

#[tokio::test]
async fn the_redis_store_meets_the_contract() {
    let server = RedisServer::start(&[]);
    assert_meets_the_contract(&server.address()).await;
}

#[tokio::test]
async fn the_redis_store_meets_the_contract_when_each_write_is_synced() {
    let server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    assert_meets_the_contract(&server.address()).await;
}

#[tokio::test]
async fn the_redis_store_meets_the_contract_on_a_cluster() {
    let cluster = RedisCluster::start(0, &[]);
    assert_meets_the_contract(&cluster.address()).await;
}

/// Runs itself in a second process, because a process reads the certificates it trusts only once.
#[tokio::test]
async fn the_redis_store_meets_the_contract_over_tls() {
    const ADDRESS: &str = "REDIS_WITH_TLS_TO_TEST";
    const ITSELF: &str = "backends::the_redis_store_meets_the_contract_over_tls";
    if let Ok(address) = env::var(ADDRESS) {
        return assert_meets_the_contract(&address).await;
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
    let mut stored = first;
    for by in [Deadline::OfServer, Deadline::OfStore] {
        stored = stored.stopped(now());
        assert_eq!(store.compare_and_set(stored.clone(), Some(by(now()))).await.unwrap(), Replaced::TooLate);
        let deadline = now().after(Duration::from_millis(1)).map(by);
        assert_eq!(store.compare_and_set(stored.clone(), deadline).await.unwrap(), Replaced::Yes);
    }
}
