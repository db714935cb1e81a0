//! A histogram of durations with fixed ranges.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper ends of the ranges, in microseconds. A last range has no end.
const ENDS_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];

/// How often durations fell into each range, and their sum.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    counts: [AtomicU64; ENDS_US.len() + 1],
    sum_ns: AtomicU64,
}

/// The totals of one or several histograms.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    counts: [u64; ENDS_US.len() + 1],
    sum_ns: u64,
}

impl Histogram {
    /// Adds a duration. Several threads may do so.
    pub(super) fn add(&self, duration: Duration) {
        self.counts[range(duration)].fetch_add(1, Ordering::Relaxed);
        self.sum_ns.fetch_add(nanos(duration), Ordering::Relaxed);
    }

    /// Adds a duration. Only one thread may do so, which then waits for no other one.
    pub(super) fn add_alone(&self, duration: Duration) {
        add_alone(&self.counts[range(duration)], 1);
        add_alone(&self.sum_ns, nanos(duration));
    }

    /// Adds everything to the totals.
    pub(super) fn add_to(&self, totals: &mut Totals) {
        for (total, count) in totals.counts.iter_mut().zip(&self.counts) {
            *total += count.load(Ordering::Relaxed);
        }
        totals.sum_ns += self.sum_ns.load(Ordering::Relaxed);
    }
}

impl Totals {
    /// Returns the end of each range in seconds, and how many durations were at most that long. The last one has no end.
    pub(super) fn cumulative(&self) -> impl Iterator<Item = (Option<f64>, u64)> {
        let ends =
            ENDS_US.iter().map(|end_us| Some(Duration::from_micros(*end_us).as_secs_f64())).chain([None]);
        ends.zip(self.counts.iter().scan(0, |total, count| {
            *total += count;
            Some(*total)
        }))
    }

    /// Returns the number of durations.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Returns the sum of all durations, in seconds.
    pub(super) fn sum_seconds(&self) -> f64 {
        Duration::from_nanos(self.sum_ns).as_secs_f64()
    }
}

/// Adds to a number that only this thread writes. That is cheaper than an addition that other threads could interrupt.
pub(super) fn add_alone(number: &AtomicU64, more: u64) {
    number.store(number.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
}

fn range(duration: Duration) -> usize {
    let end = |end_us: &u64| duration <= Duration::from_micros(*end_us);
    ENDS_US.iter().position(end).unwrap_or(ENDS_US.len())
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_every_range_that_ends_at_it_or_later() {
        let histogram = Histogram::default();
        for micros in [0, 100, 101, 10_000_000] {
            histogram.add(Duration::from_micros(micros));
        }
        histogram.add_alone(Duration::from_secs(11));
        let mut totals = Totals::default();
        histogram.add_to(&mut totals);
        let cumulative: Vec<_> = totals.cumulative().collect();
        assert_eq!(cumulative[0], (Some(0.0001), 2));
        assert_eq!(cumulative[1], (Some(0.00025), 3));
        assert_eq!(cumulative[15..], [(Some(10.0), 4), (None, 5)]);
        assert_eq!(totals.count(), 5);
        assert!((totals.sum_seconds() - 21.000_201).abs() < 1e-9);
    }
}
