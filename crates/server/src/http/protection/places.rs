//! Counts what is there at the same time, such as connections: all of it, and that of each client.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::http::client_address::ClientNetwork;

/// A number of places, and how many of them are taken.
#[derive(Clone)]
pub(super) struct Places {
    /// `None` if there is no limit.
    counts: Option<Arc<Counts>>,
}

struct Counts {
    max: Option<NonZeroUsize>,
    max_per_network: Option<NonZeroUsize>,
    taken: AtomicUsize,
    /// Has an entry only for networks that have taken a place.
    by_network: Mutex<HashMap<ClientNetwork, usize>>,
}

/// A place that is taken until this is dropped.
pub(in crate::http) struct Place {
    taken: Option<(Arc<Counts>, Option<ClientNetwork>)>,
}

/// Why no place is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// All places are taken.
    All,
    /// The network has taken as many places as it may.
    OfNetwork(usize),
}

impl Places {
    pub(super) fn new(max: Option<NonZeroUsize>, max_per_network: Option<NonZeroUsize>) -> Self {
        let counts =
            || Counts { max, max_per_network, taken: AtomicUsize::new(0), by_network: Mutex::default() };
        let is_limited = max.is_some() || max_per_network.is_some();
        Self { counts: is_limited.then(|| Arc::new(counts())) }
    }

    /// Takes a place, for a network if one is known.
    pub(super) fn take(&self, network: impl FnOnce() -> Option<ClientNetwork>) -> Result<Place, Full> {
        let Some(counts) = &self.counts else { return Ok(Place { taken: None }) };
        let network = counts.max_per_network.and_then(|max| Some((max, network()?)));
        if let Some((max, network)) = network {
            counts.take_of_network(network, max)?;
        }
        // From here on, dropping the place gives back what has been taken.
        let place = Place { taken: Some((Arc::clone(counts), network.map(|(_, network)| network))) };
        let before = counts.taken.fetch_add(1, Ordering::Relaxed);
        if counts.max.is_some_and(|max| before >= max.get()) { Err(Full::All) } else { Ok(place) }
    }
}

impl Counts {
    fn take_of_network(&self, network: ClientNetwork, max: NonZeroUsize) -> Result<(), Full> {
        let mut by_network = self.lock();
        let count = by_network.entry(network).or_default();
        if *count >= max.get() {
            return Err(Full::OfNetwork(max.get()));
        }
        *count += 1;
        Ok(())
    }

    fn give_back(&self, network: ClientNetwork) {
        let mut by_network = self.lock();
        if let Some(count) = by_network.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                by_network.remove(&network);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ClientNetwork, usize>> {
        self.by_network.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((counts, network)) = self.taken.take() else { return };
        counts.taken.fetch_sub(1, Ordering::Relaxed);
        if let Some(network) = network {
            counts.give_back(network);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::client_address::ClientAddress;

    fn network(last: u8) -> ClientNetwork {
        ClientAddress::of_peer([192, 0, 2, last].into()).network()
    }

    #[test]
    fn a_dropped_place_can_be_taken_again() {
        let places = Places::new(NonZeroUsize::new(3), NonZeroUsize::new(2));
        let take = |last| places.take(|| Some(network(last)));
        let (one, other) = (take(1).ok(), take(1).ok());
        assert_eq!(take(1).err(), Some(Full::OfNetwork(2)));
        let third = take(2).ok();
        assert!(one.is_some() && other.is_some() && third.is_some());
        assert_eq!(take(2).err(), Some(Full::All));
        drop(one);
        assert!(take(1).is_ok());
        drop((other, third));
        let counts = places.counts.as_ref().unwrap();
        assert_eq!((counts.taken.load(Ordering::Relaxed), counts.lock().len()), (0, 0));
    }

    #[test]
    fn those_from_nowhere_count_only_together() {
        let places = Places::new(NonZeroUsize::new(2), NonZeroUsize::new(1));
        let taken: Vec<_> = (0..3).map(|_| places.take(|| None)).collect();
        assert!(matches!(taken[..], [Ok(_), Ok(_), Err(Full::All)]));
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let places = Places::new(None, None);
        assert!(places.take(|| unreachable!("nobody asks for the network")).is_ok());
    }
}
