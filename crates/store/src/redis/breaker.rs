//! Circuit breakers: while part of Redis does not answer, requests to it fail at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::mpsc;

use super::slot::{SLOTS, slot_of};

/// How many neighbouring slots share a breaker. A node keeps thousands of slots, so its failure opens its breakers one by one.
const SLOTS_EACH: u16 = 128;

/// One breaker, or for a cluster one for each range of slots, so that sessions on the other nodes are served while a node is down.
#[derive(Clone)]
pub(super) struct Breakers {
    open: Arc<[AtomicBool]>,
    opened: mpsc::UnboundedSender<Opened>,
}

/// A breaker that has opened. It closes when Redis answers for its key again.
pub(super) struct Opened {
    breaker: usize,
    pub(super) key: String,
    pub(super) reason: String,
}

impl Breakers {
    /// Makes breakers, all of them closed, and the queue of those that open.
    pub(super) fn new(is_cluster: bool) -> (Self, mpsc::UnboundedReceiver<Opened>) {
        let count = if is_cluster { SLOTS / SLOTS_EACH } else { 1 };
        let (opened, to_close) = mpsc::unbounded_channel();
        let open = (0..count).map(|_| AtomicBool::new(false)).collect();
        (Self { open, opened }, to_close)
    }

    /// Returns whether the breaker of a key is open.
    pub(super) fn is_open(&self, key: &str) -> bool {
        self.open[self.breaker(key)].load(Ordering::Relaxed)
    }

    /// Opens the breaker of a key, because Redis does not answer for it.
    pub(super) fn open(&self, key: &str, reason: String) {
        let breaker = self.breaker(key);
        if !self.open[breaker].swap(true, Ordering::Relaxed) {
            // The other end of the queue is gone only while the store is being dropped.
            drop(self.opened.send(Opened { breaker, key: key.to_owned(), reason }));
        }
    }

    /// Closes a breaker, because Redis answers again.
    pub(super) fn close(&self, opened: &Opened) {
        self.open[opened.breaker].store(false, Ordering::Relaxed);
    }

    fn breaker(&self, key: &str) -> usize {
        if self.open.len() == 1 { 0 } else { usize::from(slot_of(key) / SLOTS_EACH) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_breaker_does_not_open_again() {
        let (breakers, mut to_close) = Breakers::new(false);
        assert!(!breakers.is_open("a"));
        breakers.open("a", "first".to_owned());
        breakers.open("b", "second".to_owned());
        assert!(breakers.is_open("a") && breakers.is_open("b"), "one for all keys");
        let opened = to_close.try_recv().unwrap();
        assert!(to_close.try_recv().is_err());
        assert_eq!(opened.reason, "first");
        breakers.close(&opened);
        assert!(!breakers.is_open("b"));
        breakers.open("b", String::new());
        assert_eq!(to_close.try_recv().unwrap().key, "b");
    }

    #[test]
    fn in_a_cluster_the_breakers_of_other_slots_stay_closed() {
        let (breakers, _to_close) = Breakers::new(true);
        breakers.open("foo", String::new());
        assert!(breakers.is_open("session:{foo}") && !breakers.is_open("bar"));
        assert_eq!(breakers.breaker("foo"), 12_182 / 128);
        assert_eq!(breakers.breaker("bar"), 5_061 / 128);
    }
}
