//! Counts lookups, once somebody asks for it. Each thread has counters of its own, so that threads do not slow each other down.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How many threads have counters of their own. Further ones share them.
const STRIPES: usize = 64;

static NEXT_STRIPE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static STRIPE: usize = NEXT_STRIPE.fetch_add(1, Ordering::Relaxed) % STRIPES;
}

/// The counters of a thread, on a cache line of their own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Stripe {
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The numbers of hits and misses. Until [`start`](Self::start) nothing is counted, and a lookup pays for one comparison.
#[derive(Debug, Default)]
pub(super) struct LookupCounts(OnceLock<Box<[Stripe]>>);

impl LookupCounts {
    /// Begins to count.
    pub(super) fn start(&self) {
        self.0.get_or_init(|| (0..STRIPES).map(|_| Stripe::default()).collect());
    }

    /// Counts a lookup that was answered from memory.
    pub(super) fn hit(&self) {
        self.count(|stripe| &stripe.hits);
    }

    /// Counts a lookup that has to ask the store.
    pub(super) fn miss(&self) {
        self.count(|stripe| &stripe.misses);
    }

    /// Returns the numbers of hits and of misses.
    pub(super) fn totals(&self) -> (u64, u64) {
        let stripes = self.0.get().map_or(&[][..], |stripes| stripes);
        let sum = |of: fn(&Stripe) -> &AtomicU64| {
            stripes.iter().map(|stripe| of(stripe).load(Ordering::Relaxed)).sum()
        };
        (sum(|stripe| &stripe.hits), sum(|stripe| &stripe.misses))
    }

    fn count(&self, of: impl Fn(&Stripe) -> &AtomicU64) {
        if let Some(stripes) = self.0.get() {
            let stripe = STRIPE.with(|stripe| *stripe);
            of(&stripes[stripe]).fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn lookups_of_all_threads_are_counted_from_the_start_on() {
        let counts = LookupCounts::default();
        counts.hit();
        assert_eq!(counts.totals(), (0, 0));
        counts.start();
        thread::scope(|scope| {
            for _ in 0..STRIPES + 4 {
                scope.spawn(|| {
                    counts.hit();
                    counts.hit();
                    counts.miss();
                });
            }
        });
        let threads = STRIPES as u64 + 4;
        assert_eq!(counts.totals(), (2 * threads, threads));
    }
}
