//! Notices when another Redis has taken the place of the first, when a Redis has lost sessions, and when its settings change. What
//! they say about losses decides about promises.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{ConnectionInfo, RedisResult};
use futures_util::future::join_all;
use tickseed_session::Clock;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::RedisAddress;
use super::driver::connect;
use super::inspection::Inspection;
use super::promises::Promises;
use super::topology::{Master, Topology};

/// How often each Redis is asked about itself. It is also asked after every new connection.
const ASK_EVERY: Duration = Duration::from_mins(1);

/// How soon it is asked again if it has not answered. Until then nobody knows what its crash can lose.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Asks each Redis about itself again and again, and logs what has changed.
pub(super) struct Monitor {
    address: RedisAddress,
    promises: Arc<Promises>,
    /// The masters of the last time, in case the nodes of the address are gone by now.
    topology: Option<Topology>,
    /// The last answers of each Redis, by its name.
    known: BTreeMap<String, Inspection>,
}

impl Monitor {
    pub(super) const fn new(address: RedisAddress, promises: Arc<Promises>) -> Self {
        Self { address, promises, topology: None, known: BTreeMap::new() }
    }

    /// Asks once a minute, and whenever `is_new` is notified, because there is a new connection. Never ends.
    pub(super) async fn run(mut self, is_new: Arc<Notify>) {
        let mut pause = ASK_EVERY;
        loop {
            // Both mean the same: it is time to ask.
            drop(timeout(pause, is_new.notified()).await);
            pause = ASK_AGAIN_AFTER;
            if let Ok(topology) = Topology::find(&self.address, self.topology.as_ref()).await {
                // The topology may be older than the one that the change feed knows.
                if self.ask(&topology).await && self.promises.have_all_been_asked() {
                    pause = ASK_EVERY;
                }
                self.topology = Some(topology);
            }
        }
    }

    /// Asks each master, and logs what is new. Returns whether all have answered.
    async fn ask(&mut self, topology: &Topology) -> bool {
        let answers = topology
            .masters
            .iter()
            .map(async |master| (master.name(), inspect(&master.node, self.promises.clock()).await));
        let mut have_all_answered = true;
        for (name, inspection) in join_all(answers).await {
            match inspection {
                Ok(inspection) => self.note(name, inspection),
                Err(_) => have_all_answered = false,
            }
        }
        self.promises.keep_losses(&topology.masters.iter().map(Master::name).collect::<Vec<_>>());
        have_all_answered
    }

    /// Notes what a Redis says, and logs what is new.
    pub(super) fn note(&mut self, name: String, inspection: Inspection) {
        self.promises.note_loss(name.clone(), inspection.loss());
        let setting = self.promises.setting();
        let notices = match self.known.get(&name) {
            Some(earlier) => inspection.changes_since(earlier, setting),
            None => inspection.notices(setting),
        };
        for notice in notices {
            notice.log(&name);
        }
        self.known.insert(name, inspection);
    }
}

async fn inspect(node: &ConnectionInfo, clock: &dyn Clock) -> RedisResult<Inspection> {
    let database = node.redis_settings().db();
    Inspection::of(&mut connect(node.clone()).await?, database, clock).await
}
