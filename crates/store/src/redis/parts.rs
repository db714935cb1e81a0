//! The parts of the change feed: the one Redis, or each master of a cluster.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};

use tickseed_session::{FeedPart, SessionId};

use super::keys;
use super::slot::{SLOTS, slot_of};
use super::topology::{Master, Topology};

/// The largest number of masters. Redis recommends no more than 1000 nodes.
const MOST_MASTERS: usize = 1024;

/// How many keys are tried at most to find one in a slot. A master that keeps a single slot needs 16,384 on average.
const MOST_TRIED_KEYS: u32 = 1_000_000;

/// The part of a slot that no known master keeps. It never catches up.
const NO_PART: FeedPart = FeedPart(u16::MAX);

/// Which part each slot belongs to, and which master each part is.
pub(super) struct Parts {
    /// The part of each slot; empty unless it is a cluster.
    owners: Box<[AtomicU16]>,
    /// The name of the master that is each part. A master keeps its number for as long as it is one.
    names: Mutex<Vec<Option<String>>>,
}

/// What a new topology means for the parts.
pub(super) struct Assignment {
    /// The part of each master, in the order of the topology; none for masters beyond the limit.
    pub(super) parts: Vec<Option<FeedPart>>,
    /// The parts that have lost slots. Sessions in these slots must not count as fresh by them any more.
    pub(super) losers: BTreeSet<FeedPart>,
}

impl Parts {
    pub(super) fn new(is_cluster: bool) -> Self {
        let slots = if is_cluster { SLOTS } else { 0 };
        Self { owners: (0..slots).map(|_| AtomicU16::new(NO_PART.0)).collect(), names: Mutex::default() }
    }

    /// Returns whether the parts are the masters of a cluster.
    pub(super) fn is_cluster(&self) -> bool {
        !self.owners.is_empty()
    }

    /// Returns how many parts there may be.
    pub(super) fn count(&self) -> usize {
        if self.owners.is_empty() { 1 } else { MOST_MASTERS }
    }

    /// Returns the part of a session.
    pub(super) fn of(&self, id: SessionId) -> FeedPart {
        // Nothing is to be computed for the one Redis.
        if self.owners.is_empty() { FeedPart::default() } else { self.of_key(&keys::session(id)) }
    }

    /// Returns the part of a key.
    pub(super) fn of_key(&self, key: &str) -> FeedPart {
        let owner = self.owners.get(usize::from(slot_of(key)));
        owner.map_or_else(FeedPart::default, |owner| FeedPart(owner.load(Ordering::SeqCst)))
    }

    /// Returns the first key of a series that belongs to a part; `None` if the part is no master any more.
    pub(super) fn find_key(&self, part: FeedPart, key: impl Fn(u32) -> String) -> Option<String> {
        let is_owner = |owner: &AtomicU16| owner.load(Ordering::SeqCst) == part.0;
        if !self.owners.is_empty() && !self.owners.iter().any(is_owner) {
            return None;
        }
        (0..MOST_TRIED_KEYS).map(key).find(|key| self.of_key(key) == part)
    }

    /// Returns the parts that are known: the one Redis, or each master.
    pub(super) fn known(&self) -> Vec<FeedPart> {
        if self.owners.is_empty() {
            return vec![FeedPart::default()];
        }
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        (0..).map(FeedPart).zip(&*names).filter_map(|(part, name)| name.is_some().then_some(part)).collect()
    }

    /// Returns the name of the master that is a part of a cluster.
    pub(super) fn name(&self, part: FeedPart) -> Option<String> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(usize::from(part.0))?.clone()
    }

    /// Makes each master of a topology a part.
    pub(super) fn assign(&self, topology: &Topology) -> Assignment {
        let parts = self.number(topology);
        let mut owners = vec![NO_PART; self.owners.len()];
        for (part, master) in parts.iter().zip(&topology.masters) {
            for (first, last) in &master.slots {
                let slots = usize::from(*first)..=usize::from(*last);
                owners.get_mut(slots).unwrap_or_default().fill(part.unwrap_or(NO_PART));
            }
        }
        let moved = self.owners.iter().zip(owners).filter_map(|(owner, new)| {
            let old = FeedPart(owner.swap(new.0, Ordering::SeqCst));
            (old != new && old != NO_PART).then_some(old)
        });
        let losers = moved.collect();
        Assignment { parts, losers }
    }

    /// Gives every master a number, and keeps the numbers of those that have one.
    fn number(&self, topology: &Topology) -> Vec<Option<FeedPart>> {
        let wanted: Vec<_> = topology.masters.iter().map(Master::name).collect();
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        for name in &mut *names {
            if name.as_ref().is_some_and(|name| !wanted.contains(name)) {
                *name = None;
            }
        }
        wanted.iter().map(|name| number(&mut names, name)).collect()
    }
}

/// Returns the number of a master, or the first free one below the limit.
fn number(names: &mut Vec<Option<String>>, name: &str) -> Option<FeedPart> {
    let index = names.iter().position(|known| known.as_deref() == Some(name)).or_else(|| {
        let free = names.iter().position(Option::is_none).unwrap_or(names.len());
        if free == names.len() && free < MOST_MASTERS {
            names.push(None);
        }
        *names.get_mut(free)? = Some(name.to_owned());
        Some(free)
    })?;
    u16::try_from(index).ok().map(FeedPart)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A topology of masters by port, each with one range of slots.
    fn topology(masters: &[(u16, u16, u16)]) -> Topology {
        Topology::for_test(1, masters)
    }

    /// Parts by number.
    fn parts_of<const COUNT: usize>(numbers: [u16; COUNT]) -> [Option<FeedPart>; COUNT] {
        numbers.map(|number| Some(FeedPart(number)))
    }

    #[test]
    fn masters_keep_their_numbers_and_only_parts_that_lose_slots_are_named() {
        let parts = Parts::new(true);
        let first = parts.assign(&topology(&[(1, 0, 5_000), (2, 5_001, 10_000), (3, 10_001, 16_383)]));
        assert_eq!(first.parts, parts_of([0, 1, 2]));
        assert!(first.losers.is_empty());
        // A slot moves from the second to the third, and the first is replaced.
        let second = parts.assign(&topology(&[(4, 0, 5_000), (2, 5_001, 9_999), (3, 10_000, 16_383)]));
        assert_eq!(second.parts, parts_of([0, 1, 2]), "the number of the first is free");
        assert_eq!(second.losers, BTreeSet::from([FeedPart(1)]));
        let third = parts.assign(&topology(&[(3, 0, 16_383)]));
        assert_eq!(third.parts, parts_of([2]));
        assert_eq!(third.losers, BTreeSet::from([FeedPart(0), FeedPart(1)]));
    }

    #[test]
    fn each_part_has_a_key() {
        let parts = Parts::new(true);
        parts.assign(&topology(&[(1, 0, 16_000), (2, 16_001, 16_383)]));
        assert_eq!(parts.known(), [FeedPart(0), FeedPart(1)]);
        for part in parts.known() {
            let key = parts.find_key(part, keys::probe).unwrap();
            assert_eq!(parts.of_key(&key), part);
        }
        assert_eq!(parts.name(FeedPart(1)).as_deref(), Some("localhost:2"));
        assert_eq!(parts.find_key(FeedPart(2), keys::probe), None);
        let single = Parts::new(false);
        assert_eq!(single.known(), [FeedPart(0)]);
        assert_eq!(single.find_key(FeedPart(0), keys::probe), Some(keys::probe(0)));
    }

    #[test]
    fn slots_that_nobody_keeps_belong_to_no_part() {
        let parts = Parts::new(true);
        parts.assign(&topology(&[(1, 0, 16_383)]));
        let assignment = parts.assign(&topology(&[(1, 0, 16_382)]));
        assert_eq!(assignment.losers, BTreeSet::from([FeedPart(0)]));
        assert_eq!(parts.owners[16_383].load(Ordering::SeqCst), NO_PART.0);
    }

    #[test]
    fn masters_beyond_the_limit_are_no_part() {
        let parts = Parts::new(true);
        let masters: Vec<_> = (0..1_025).map(|number| (number + 1, number, number)).collect();
        let assignment = parts.assign(&topology(&masters));
        assert_eq!((assignment.parts[1_023], assignment.parts[1_024]), (Some(FeedPart(1_023)), None));
        assert_eq!(parts.owners[1_024].load(Ordering::SeqCst), NO_PART.0);
    }
}
