//! Which part of Redis does not answer at the moment, so that nobody has to wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crc::{CRC_16_XMODEM, Crc};
use tokio::sync::mpsc;

/// How many slots a Redis Cluster has.
const SLOTS: u16 = 16_384;
/// How many slots one breaker answers for. A node keeps some thousand, so that its failure is noticed in parts.
const SLOTS_TOGETHER: u16 = 128;
/// How Redis Cluster finds the slot of a key.
const CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_XMODEM);

/// One breaker, or for a cluster one for each stretch of slots: while a node is down, the sessions of the others are served.
#[derive(Clone)]
pub(super) struct Breakers {
    open: Arc<[AtomicBool]>,
    opened: mpsc::UnboundedSender<Opened>,
}

/// A breaker that has been opened, and is to be closed when its key can be asked for again.
pub(super) struct Opened {
    breaker: usize,
    pub(super) key: String,
    pub(super) reason: String,
}

impl Breakers {
    /// Breakers, all closed, and whoever has to close them.
    pub(super) fn new(is_cluster: bool) -> (Self, mpsc::UnboundedReceiver<Opened>) {
        let count = if is_cluster { SLOTS / SLOTS_TOGETHER } else { 1 };
        let (opened, to_close) = mpsc::unbounded_channel();
        let open = (0..count).map(|_| AtomicBool::new(false)).collect();
        (Self { open, opened }, to_close)
    }

    /// Whether what keeps `key` has not answered lately.
    pub(super) fn is_open(&self, key: &str) -> bool {
        self.open[self.breaker(key)].load(Ordering::Relaxed)
    }

    /// What keeps `key` does not answer, for this reason.
    pub(super) fn open(&self, key: &str, reason: String) {
        let breaker = self.breaker(key);
        if !self.open[breaker].swap(true, Ordering::Relaxed) {
            // Nobody is there to close it only while the store is being dropped.
            drop(self.opened.send(Opened { breaker, key: key.to_owned(), reason }));
        }
    }

    /// What an opened breaker stands for answers again.
    pub(super) fn close(&self, opened: &Opened) {
        self.open[opened.breaker].store(false, Ordering::Relaxed);
    }

    fn breaker(&self, key: &str) -> usize {
        let slot = CRC.checksum(hash_tag(key).as_bytes()) % SLOTS;
        if self.open.len() == 1 { 0 } else { usize::from(slot / SLOTS_TOGETHER) }
    }
}

/// The part of a key that decides about its slot: what stands in braces.
fn hash_tag(key: &str) -> &str {
    let tag = key.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    tag.map_or(key, |(tag, _)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breaker_opens_once_until_it_is_closed() {
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
    fn in_a_cluster_the_keys_of_other_slots_go_on() {
        let (breakers, _to_close) = Breakers::new(true);
        // `redis-cli cluster keyslot` gives 12182, 5061 and 12182 for these.
        breakers.open("foo", String::new());
        assert!(breakers.is_open("session:{foo}") && !breakers.is_open("bar"));
        assert_eq!(breakers.breaker("foo"), 12_182 / 128);
        assert_eq!(breakers.breaker("bar"), 5_061 / 128);
    }
}
