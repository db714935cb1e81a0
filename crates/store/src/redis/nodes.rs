//! The masters of Redis: each has a connection and a circuit breaker of its own, so that a silent one does not hold up the others.

use std::sync::{Arc, PoisonError, RwLock};

use deadpool_redis::redis::aio::ConnectionManager;
use deadpool_redis::redis::{ConnectionInfo, RedisResult};

use super::driver::Connector;
use super::slot::{SLOTS, slot_of};
use super::topology::{Master, Topology};
use crate::remote::breaker::Breaker;

/// The owner of a slot that no master keeps.
const NOBODY: u16 = u16::MAX;

/// One master, with its connection and its circuit breaker.
pub(super) struct Node {
    pub(super) info: ConnectionInfo,
    /// A key that it keeps, for probes.
    pub(super) key: String,
    connection: RwLock<ConnectionManager>,
    pub(super) breaker: Breaker,
}

impl Node {
    fn new(master: &Master, connection: ConnectionManager) -> Self {
        let is_kept = |key: &String| {
            let slot = slot_of(key);
            master.slots.iter().any(|(first, last)| (*first..=*last).contains(&slot))
        };
        let keys = (0..1_000_000).map(|number| format!("session:{{{number}}}"));
        let key = keys.into_iter().find(is_kept).unwrap_or_default();
        Self {
            info: master.node.clone(),
            key,
            connection: RwLock::new(connection),
            breaker: Breaker::default(),
        }
    }

    /// Its host and port.
    pub(super) fn name(&self) -> String {
        self.info.addr().to_string()
    }

    pub(super) fn connection(&self) -> ConnectionManager {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn replace_connection(&self, connection: ConnectionManager) {
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
    }
}

/// All masters, and who keeps which slot.
pub(super) struct Nodes {
    topology: Topology,
    /// The index of the master of each slot.
    owners: Box<[u16]>,
    all: Vec<Arc<Node>>,
}

impl Nodes {
    /// Takes the masters of a topology. Those that are known already keep their connections.
    pub(super) fn new(topology: Topology, known: &[Arc<Node>], connector: &Connector) -> RedisResult<Self> {
        let mut owners = vec![NOBODY; usize::from(SLOTS)];
        let mut all = Vec::new();
        for (index, master) in (0..NOBODY).zip(&topology.masters) {
            for (first, last) in &master.slots {
                owners.get_mut(usize::from(*first)..=usize::from(*last)).unwrap_or_default().fill(index);
            }
            let name = master.name();
            let node = match known.iter().find(|node| node.name() == name) {
                Some(node) => Arc::clone(node),
                None => Arc::new(Node::new(master, connector.later(master.node.clone())?)),
            };
            all.push(node);
        }
        Ok(Self { topology, owners: owners.into(), all })
    }

    /// Returns the master that keeps a key.
    pub(super) fn of(&self, key: &str) -> Option<&Arc<Node>> {
        self.all.get(usize::from(self.owners[usize::from(slot_of(key))]))
    }

    /// Returns the master at an address.
    pub(super) fn at(&self, info: &ConnectionInfo) -> Option<&Arc<Node>> {
        self.all.iter().find(|node| node.info.addr() == info.addr())
    }

    /// Returns all masters.
    pub(super) fn all(&self) -> &[Arc<Node>] {
        &self.all
    }

    pub(super) const fn topology(&self) -> &Topology {
        &self.topology
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreTimeout;

    fn nodes(masters: &[(u16, u16, u16)], known: &[Arc<Node>]) -> Nodes {
        let connector = Connector::new(StoreTimeout::default(), Arc::default());
        Nodes::new(Topology::for_test(1, masters), known, &connector).unwrap()
    }

    #[tokio::test]
    async fn each_master_has_a_breaker_and_a_key_of_its_own() {
        let nodes = nodes(&[(1, 0, 12_181), (2, 12_182, 12_182)], &[]);
        let (first, second) = (nodes.of("bar").unwrap(), nodes.of("session:{foo}").unwrap());
        second.breaker.open();
        assert!(!first.breaker.is_open());
        assert_eq!((slot_of(&second.key), slot_of(&first.key) < 12_182), (12_182, true));
    }

    #[tokio::test]
    async fn a_known_master_keeps_its_breaker_when_slots_move() {
        let before = nodes(&[(1, 0, 8_000), (2, 8_001, 16_383)], &[]);
        before.all()[0].breaker.open();
        let after = nodes(&[(1, 0, 16_000), (3, 16_001, 16_383)], before.all());
        assert!(Arc::ptr_eq(&before.all()[0], &after.all()[0]) && after.all()[0].breaker.is_open());
        assert!(!after.all()[1].breaker.is_open());
        assert_eq!(after.at(&after.all()[1].info).map(|node| node.name()).as_deref(), Some("localhost:3"));
        assert!(after.at(&before.all()[1].info).is_none());
    }
}
