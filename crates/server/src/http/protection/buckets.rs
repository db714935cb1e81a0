//! Token buckets in a bounded amount of memory.
//!
//! An attacker with a large IPv6 network has more addresses than the memory has room for. Beyond the limit, new clients share one of
//! a fixed number of buckets with the clients of the network around them, so the attacker uses up the bucket of its own provider.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use tickseed_session::Clock;

/// How many parts the table has. Each has a lock of its own.
const PARTS: usize = 64;

/// How many clients have a bucket of their own, at most.
pub(super) const MAX_CLIENTS: usize = 65_536;

/// How many buckets the others share.
const SHARED_BUCKETS: usize = 1_024;

/// Whose bucket it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct BucketKey {
    /// The client.
    pub(super) client: u128,
    /// The group of clients that share a bucket if there are too many clients. It follows from the client.
    pub(super) group: u128,
}

impl PartialEq for BucketKey {
    fn eq(&self, other: &Self) -> bool {
        self.client == other.client
    }
}

impl Eq for BucketKey {}

impl Hash for BucketKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.client.hash(state);
    }
}

/// Token buckets of one size.
pub(super) struct Buckets {
    limiter: RateLimiter<BucketKey, BoundedStore, Uptime, NoOpMiddleware<Duration>>,
}

impl Buckets {
    pub(super) fn new(quota: Quota, clock: &Arc<dyn Clock>) -> Self {
        Self { limiter: RateLimiter::new(quota, BoundedStore::new(MAX_CLIENTS), Uptime(Arc::clone(clock))) }
    }

    /// Takes a token. If there is none, returns how long it takes until there is one.
    pub(super) fn take(&self, key: BucketKey) -> Result<(), Duration> {
        self.limiter
            .check_key(&key)
            .map_err(|until| until.wait_time_from(governor::clock::Clock::now(self.limiter.clock())))
    }

    /// Removes full buckets, which are as good as none, and gives memory back.
    pub(super) fn shrink(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

/// A clock for the limiter that never jumps.
#[derive(Clone)]
struct Uptime(Arc<dyn Clock>);

impl governor::clock::Clock for Uptime {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.uptime()
    }
}

/// The state of the buckets: a table with a limit, and the buckets that all others share.
struct BoundedStore {
    hasher: RandomState,
    parts: Box<[Mutex<HashMap<BucketKey, Nanos>>]>,
    max_per_part: usize,
    shared: Box<[InMemoryState]>,
}

impl BoundedStore {
    fn new(max_clients: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            parts: (0..PARTS).map(|_| Mutex::default()).collect(),
            max_per_part: max_clients / PARTS,
            shared: (0..SHARED_BUCKETS).map(|_| InMemoryState::default()).collect(),
        }
    }

    fn index(&self, bits: u128, length: usize) -> usize {
        usize::try_from(self.hasher.hash_one(bits) % length as u64).unwrap_or_default()
    }

    fn locked_parts(&self) -> impl Iterator<Item = MutexGuard<'_, HashMap<BucketKey, Nanos>>> {
        self.parts.iter().map(lock)
    }
}

fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

impl StateStore for BoundedStore {
    type Key = BucketKey;

    fn measure_and_replace<T, F, E>(&self, key: &BucketKey, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut part = lock(&self.parts[self.index(key.client, PARTS)]);
        let known = part.get(key).copied();
        if known.is_none() && part.len() >= self.max_per_part {
            drop(part);
            let shared = &self.shared[self.index(key.group, SHARED_BUCKETS)];
            return shared.measure_and_replace(&NotKeyed::NonKey, decide);
        }
        let (decision, next) = decide(known)?;
        part.insert(*key, next);
        Ok(decision)
    }
}

impl ShrinkableKeyedStateStore<BucketKey> for BoundedStore {
    fn retain_recent(&self, drop_below: Nanos) {
        for mut part in self.locked_parts() {
            part.retain(|_, full_at| *full_at > drop_below);
        }
    }

    fn shrink_to_fit(&self) {
        for mut part in self.locked_parts() {
            if part.capacity() / 4 > part.len() {
                part.shrink_to_fit();
            }
        }
    }

    fn len(&self) -> usize {
        self.locked_parts().map(|part| part.len()).sum()
    }

    fn is_empty(&self) -> bool {
        self.locked_parts().all(|part| part.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::num::NonZeroU32;

    use tickseed_session::acceptance::TestClock;

    use super::*;
    use crate::http::client_address::ClientAddress;

    fn buckets(burst: u32) -> (TestClock, Buckets) {
        let clock = TestClock::stopped();
        let quota = Quota::per_second(NonZeroU32::new(burst).unwrap());
        let as_clock: Arc<dyn Clock> = Arc::new(clock.clone());
        (clock, Buckets::new(quota, &as_clock))
    }

    fn key(address: impl Into<std::net::IpAddr>) -> BucketKey {
        let network = ClientAddress::of_peer(address.into()).network();
        BucketKey { client: network.bits(), group: network.group_bits() }
    }

    /// The network with this number in `2001:db8::/32`.
    fn attacker(number: u32) -> BucketKey {
        key(Ipv6Addr::from_bits(0x2001_0db8 << 96 | u128::from(number) << 64))
    }

    #[test]
    fn a_bucket_empties_and_fills_up_again() {
        let (clock, buckets) = buckets(2);
        let (one, other) = (key(Ipv4Addr::new(192, 0, 2, 1)), key(Ipv4Addr::new(192, 0, 2, 2)));
        assert_eq!([(); 3].map(|()| buckets.take(one)), [Ok(()), Ok(()), Err(Duration::from_millis(500))]);
        assert_eq!(buckets.take(other), Ok(()));
        clock.pass(Duration::from_millis(500));
        assert_eq!([(); 2].map(|()| buckets.take(one)), [Ok(()), Err(Duration::from_millis(500))]);
    }

    #[test]
    fn the_memory_is_bounded_even_for_an_attacker_with_a_large_network() {
        let (clock, buckets) = buckets(1_000);
        let admitted = (0..300_000).filter(|number| buckets.take(attacker(*number)).is_ok()).count();
        assert!(buckets.limiter.len() <= MAX_CLIENTS, "{}", buckets.limiter.len());
        // Each of the first ones has a bucket of its own, and all others have one bucket of 1,000 together.
        assert!(admitted <= MAX_CLIENTS + 1_000, "{admitted}");
        // Known clients keep their buckets, and new ones from elsewhere are not affected.
        assert_eq!(buckets.take(attacker(0)), Ok(()));
        let others = (0..64).filter(|number| buckets.take(key(Ipv4Addr::new(192, *number, 2, 1))).is_ok());
        assert!(others.count() >= 62);

        buckets.shrink();
        assert!(buckets.limiter.len() > MAX_CLIENTS / 2, "buckets that are not full stay");
        clock.pass(Duration::from_secs(2));
        buckets.shrink();
        assert_eq!(buckets.limiter.len(), 0);
        assert_eq!(buckets.take(attacker(299_999)), Ok(()));
        let store = buckets.limiter.into_state_store();
        let capacity: usize = store.locked_parts().map(|part| part.capacity()).sum();
        assert!(capacity <= 4, "the memory is given back: {capacity}");
    }
}
