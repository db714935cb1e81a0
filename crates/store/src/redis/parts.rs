//! The parts of the change feed: the one Redis, or each master of a cluster.

use std::sync::atomic::{AtomicU16, Ordering};

use tickseed_session::{FeedPart, SessionId};

use super::keys;
use super::slot::{SLOTS, slot_of};
use super::topology::Topology;

/// The largest number of masters. Redis recommends no more than 1000 nodes.
const MOST_MASTERS: usize = 1024;

/// The part of a slot that no known master keeps. It never catches up.
const NO_PART: FeedPart = FeedPart(u16::MAX);

/// Which part each slot belongs to.
pub(super) struct Parts {
    /// The number of the master that keeps each slot; empty unless it is a cluster.
    owners: Box<[AtomicU16]>,
}

impl Parts {
    pub(super) fn new(is_cluster: bool) -> Self {
        let slots = if is_cluster { SLOTS } else { 0 };
        Self { owners: (0..slots).map(|_| AtomicU16::new(NO_PART.0)).collect() }
    }

    /// Returns how many parts there may be.
    pub(super) fn count(&self) -> usize {
        if self.owners.is_empty() { 1 } else { MOST_MASTERS }
    }

    /// Returns the part of a session.
    pub(super) fn of(&self, id: SessionId) -> FeedPart {
        if self.owners.is_empty() {
            return FeedPart::default();
        }
        FeedPart(self.owners[usize::from(slot_of(&keys::session(id)))].load(Ordering::SeqCst))
    }

    /// Makes each master of a topology a part, numbered in their order.
    pub(super) fn assign(&self, topology: &Topology) -> Vec<FeedPart> {
        let numbers = (0..).take(topology.masters.len().min(MOST_MASTERS));
        let parts: Vec<_> = numbers.map(FeedPart).collect();
        for owner in &self.owners {
            owner.store(NO_PART.0, Ordering::SeqCst);
        }
        for (part, master) in parts.iter().zip(&topology.masters) {
            for (first, last) in &master.slots {
                let slots = usize::from(*first)..=usize::from(*last);
                for owner in self.owners.get(slots).unwrap_or_default() {
                    owner.store(part.0, Ordering::SeqCst);
                }
            }
        }
        parts
    }
}
