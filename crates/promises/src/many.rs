//! Many worlds, on all cores. The result does not depend on how many cores there are.

use std::num::NonZero;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::world::lock;
use crate::{Fault, Outcome, Rule, run};

/// What has been seen in many worlds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total {
    /// In all worlds together.
    pub outcome: Outcome,
    /// The first seed whose world has broken a promise.
    pub first_broken: Option<u64>,
}

impl Total {
    /// Adds the world of a seed.
    fn add(&mut self, seed: u64, outcome: Outcome) {
        if outcome.has_broken() {
            self.first_broken = Some(self.first_broken.map_or(seed, |first| first.min(seed)));
        }
        self.outcome.add(outcome);
    }

    /// Adds the worlds of these seeds.
    pub fn add_worlds(&mut self, rule: Rule, fault: Fault, seeds: Range<u64>) {
        let next = AtomicU64::new(seeds.start);
        let total = Mutex::new(std::mem::take(self));
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= seeds.end {
                            return;
                        }
                        let outcome = run(rule, fault, seed);
                        lock(&total).add(seed, outcome);
                    }
                });
            }
        });
        *self = total.into_inner().expect("no world panics");
    }
}
