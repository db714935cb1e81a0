//! Runs the contract's acceptance suite on one node.

use std::sync::Arc;

use tickseed_session::acceptance::{Handles, PatientStore, TestClock, assert_contract, assert_promises};
use tickseed_session::{Clock, SystemClock};
use tickseed_store::test_servers::CassandraNode;

use super::{PAUSES, open};

async fn handles(keyspace: &str, clock: impl Fn() -> Arc<dyn Clock>) -> Handles {
    let address = CassandraNode::shared().address(keyspace, "migrate=true");
    let one = Arc::new(PatientStore(open(&address, clock()).await));
    [one, Arc::new(PatientStore(open(&address, clock()).await))]
}

#[tokio::test]
async fn the_cassandra_store_meets_the_contract() {
    let _runs = PAUSES.read().await;
    assert_contract(handles("contract", || Arc::new(TestClock::new())).await).await;
}

#[tokio::test]
async fn the_cassandra_store_keeps_its_promises() {
    let _runs = PAUSES.read().await;
    assert_promises(handles("promises", || Arc::new(SystemClock)).await).await;
}
