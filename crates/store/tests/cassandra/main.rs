//! Tests of the Cassandra store against the contract and its own guarantees, on real nodes.

mod cluster;
mod contract;
mod half_done;
mod late_writes;
mod list;
mod proxy;
mod start;
mod unknown_outcome;

use std::sync::Arc;

use tickseed_session::Clock;
use tickseed_session::acceptance::DEADLINE;
use tickseed_store::{CassandraAddress, CassandraStore, RemoteOptions, StoreLoss, StoreTimeout};
use tokio::sync::RwLock;

/// Tests that pause the node which all of them share have it to themselves.
static PAUSES: RwLock<()> = RwLock::const_new(());

/// Opens a store. A node of these tests syncs every write, but is alone: no other node has its sessions.
async fn open(address: &str, clock: Arc<dyn Clock>) -> CassandraStore {
    let address = CassandraAddress::parse(address, None).unwrap();
    let loss = StoreLoss::from_millis(0).ok();
    // Requests are not tried again in these tests, and the machine may be busy.
    let timeout = StoreTimeout::from_millis(400).unwrap();
    let options = RemoteOptions { wait: DEADLINE, timeout, loss, clock };
    CassandraStore::connect(address, options).await.unwrap()
}
