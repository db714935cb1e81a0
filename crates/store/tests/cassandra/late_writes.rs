//! Writes that wait in a node which hangs, until their deadline has passed.

use std::sync::Arc;

use async_trait::async_trait;
use tickseed_session::acceptance::{
    DEADLINE, HoldUp, LOOK_EVERY, LateWrite, PatientStore, TestClock, assert_nothing_is_written_late, session,
};
use tickseed_session::{Created, SessionStore, SystemClock};
use tickseed_store::CassandraStore;
use tickseed_store::test_servers::CassandraNode;
use tokio::time::{sleep, timeout};

use super::{PAUSES, open};

/// Makes the node hang.
struct HangingNode {
    node: &'static CassandraNode,
    store: Arc<PatientStore<CassandraStore>>,
}

#[async_trait]
impl HoldUp for HangingNode {
    async fn begin(&self) {
        self.node.pause();
    }

    /// A transaction that begins now comes after those that the node has received meanwhile.
    async fn end(&self) {
        self.node.go_on();
        let carried_out = async {
            while self.store.create(session(0)).await.ok() != Some(Created::Yes) {
                sleep(LOOK_EVERY).await;
            }
        };
        timeout(DEADLINE, carried_out).await.expect("the node goes on");
    }
}

#[tokio::test]
async fn cassandra_writes_nothing_late() {
    let node = CassandraNode::shared();
    let _pauses = PAUSES.write().await;
    let clock = TestClock::new();
    for write in [LateWrite::stop(&clock), LateWrite::change(&SystemClock), LateWrite::deletion(&clock)] {
        let store = open(&node.address("late_writes", "migrate=true"), Arc::new(clock.clone())).await;
        let store = Arc::new(PatientStore(store));
        let hold_up = HangingNode { node, store: Arc::clone(&store) };
        assert_nothing_is_written_late(store, &clock, write, &hold_up).await;
    }
}
