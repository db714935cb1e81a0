//! Circuit breakers: while part of Redis does not answer, requests to it fail at once.
//!
//! A single failure does not open a breaker, because one slow answer says little about the next. It makes the part suspect, and
//! a probe decides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::mpsc;

use super::slot::{SLOTS, slot_of};

/// How many neighbouring slots share a breaker. A node keeps thousands of slots, so its failure opens its breakers one by one.
const SLOTS_EACH: u16 = 128;

/// The states of a breaker.
const CLOSED: u8 = 0;
/// A request has failed and a probe is due. Requests still pass.
const SUSPECT: u8 = 1;
/// A probe has failed too. Requests fail at once.
const OPEN: u8 = 2;

/// One breaker, or for a cluster one for each range of slots, so that sessions on the other nodes are served while a node is down.
#[derive(Clone)]
pub(super) struct Breakers {
    states: Arc<[AtomicU8]>,
    suspects: mpsc::UnboundedSender<Suspect>,
}

/// A part of Redis that has failed to answer.
pub(super) struct Suspect {
    breaker: usize,
    /// A key in that part.
    pub(super) key: String,
}

impl Breakers {
    /// Makes breakers, all of them closed, and the queue of those that a probe has to decide about.
    pub(super) fn new(is_cluster: bool) -> (Self, mpsc::UnboundedReceiver<Suspect>) {
        let count = if is_cluster { SLOTS / SLOTS_EACH } else { 1 };
        let (suspects, to_probe) = mpsc::unbounded_channel();
        let states = (0..count).map(|_| AtomicU8::new(CLOSED)).collect();
        (Self { states, suspects }, to_probe)
    }

    /// Returns whether the breaker of a key is open.
    pub(super) fn is_open(&self, key: &str) -> bool {
        self.states[self.breaker(key)].load(Ordering::Relaxed) == OPEN
    }

    /// Makes the part of a key suspect, because Redis has not answered for it.
    pub(super) fn suspect(&self, key: &str) {
        let breaker = self.breaker(key);
        let state = &self.states[breaker];
        if state.compare_exchange(CLOSED, SUSPECT, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // The other end of the queue is gone only while the store is being dropped.
            drop(self.suspects.send(Suspect { breaker, key: key.to_owned() }));
        }
    }

    /// Opens a breaker, because the probe has failed too.
    pub(super) fn open(&self, suspect: &Suspect) {
        self.states[suspect.breaker].store(OPEN, Ordering::Relaxed);
    }

    /// Closes a breaker, because Redis answers.
    pub(super) fn close(&self, suspect: &Suspect) {
        self.states[suspect.breaker].store(CLOSED, Ordering::Relaxed);
    }

    fn breaker(&self, key: &str) -> usize {
        if self.states.len() == 1 { 0 } else { usize::from(slot_of(key) / SLOTS_EACH) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_probe_opens_a_breaker() {
        let (breakers, mut to_probe) = Breakers::new(false);
        breakers.suspect("a");
        breakers.suspect("b");
        assert!(!breakers.is_open("a") && !breakers.is_open("b"), "requests still pass");
        let suspect = to_probe.try_recv().unwrap();
        assert_eq!(suspect.key, "a");
        assert!(to_probe.try_recv().is_err(), "one probe is enough");
        breakers.open(&suspect);
        assert!(breakers.is_open("a") && breakers.is_open("b"), "one for all keys");
        breakers.suspect("b");
        assert!(to_probe.try_recv().is_err() && breakers.is_open("b"), "it is being probed already");
        breakers.close(&suspect);
        assert!(!breakers.is_open("b"));
        breakers.suspect("b");
        assert_eq!(to_probe.try_recv().unwrap().key, "b");
    }

    #[test]
    fn in_a_cluster_the_breakers_of_other_slots_stay_closed() {
        let (breakers, mut to_probe) = Breakers::new(true);
        breakers.suspect("foo");
        breakers.open(&to_probe.try_recv().unwrap());
        assert!(breakers.is_open("session:{foo}") && !breakers.is_open("bar"));
        assert_eq!(breakers.breaker("foo"), 12_182 / 128);
        assert_eq!(breakers.breaker("bar"), 5_061 / 128);
    }
}
