//! The engine's intervals, epoch by epoch.
//!
//! Every test has its own seeds, made from its name and its rules. With shared seeds, tests would see the same words, and their
//! p-values would depend on each other.

use tickseed_engine::{BreakInterval, Rules, Seed, Timeline};

/// The rules of a test.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RuleSet {
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) rounds_per_epoch: u32,
}

const fn rules(min: u32, max: u32, rounds_per_epoch: u32) -> RuleSet {
    RuleSet { min, max, rounds_per_epoch }
}

pub(crate) const DEFAULT: RuleSet = rules(100, 300, 64);

pub(crate) const RULE_SETS: [RuleSet; 8] = [
    DEFAULT,
    rules(1, 2, 2),
    rules(3, 10, 4),
    rules(100, 300, 2),
    rules(1, 6, 16),
    rules(100, 300, 256),
    rules(1, 1_000_000, 64),
    rules(1, 1_000_000, 256),
];

/// The number of seeds that a test's intervals come from.
const SEEDS: u64 = 10;

impl RuleSet {
    /// Returns the name used in tables.
    pub(crate) fn name(self) -> String {
        format!("{} to {}, K = {}", self.min, self.max, self.rounds_per_epoch)
    }

    /// Returns the number of different intervals.
    pub(crate) const fn choices(self) -> u32 {
        self.max - self.min + 1
    }

    /// Returns the sum of the two intervals of a pair.
    pub(crate) const fn pair(self) -> u32 {
        self.min + self.max
    }

    pub(crate) fn mean(self) -> f64 {
        f64::from(self.pair()) / 2.0
    }

    /// Returns the variance of a single interval, which is uniform on all choices.
    pub(crate) fn variance(self) -> f64 {
        (f64::from(self.choices()).powi(2) - 1.0) / 12.0
    }

    /// Returns the name of a test under these rules.
    pub(crate) fn test(self, what: &str) -> String {
        format!("{what}, {}", self.name())
    }

    /// Calls `take` with the intervals of each epoch, at least `intervals` in total, from the seeds of a test.
    pub(crate) fn each_epoch(self, what: &str, intervals: u64, mut take: impl FnMut(&[u32])) {
        self.sequences(what, intervals).for_each(|sequence| sequence.each_epoch(&mut take));
    }

    /// Returns the same epochs, as one sequence per seed.
    pub(crate) fn sequences(self, what: &str, intervals: u64) -> impl Iterator<Item = Sequence> {
        let rounds_per_epoch = u64::from(self.rounds_per_epoch);
        let epochs = intervals.div_ceil(rounds_per_epoch * SEEDS);
        let test = self.test(what);
        (0..SEEDS).map(move |number| {
            let timeline = self.timeline(&format!("{test}, {number}"));
            Sequence { timeline, rounds_per_epoch, epochs }
        })
    }

    /// Returns the timeline of a test's seed.
    pub(crate) fn timeline(self, test: &str) -> Timeline {
        let interval = BreakInterval::new(self.min, self.max).expect("within their ranges");
        let rules = Rules::new(interval, self.rounds_per_epoch).expect("within their ranges");
        Timeline::new(&Seed::new(&format!("statistics: {test}")).expect("a short seed"), rules)
    }
}

/// Consecutive epochs of one seed.
pub(crate) struct Sequence {
    timeline: Timeline,
    rounds_per_epoch: u64,
    epochs: u64,
}

impl Sequence {
    pub(crate) fn each_epoch(mut self, mut take: impl FnMut(&[u32])) {
        let k = self.rounds_per_epoch;
        let mut epoch = Vec::new();
        for number in 0..self.epochs {
            epoch.clear();
            epoch.extend((number * k..(number + 1) * k).map(|round| interval(&mut self.timeline, round)));
            take(&epoch);
        }
    }
}

fn interval(timeline: &mut Timeline, round: u64) -> u32 {
    timeline.round_at(round).expect("a round before the last step").interval
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Returns the first epoch of each seed, with intervals counted from the shortest.
    fn first_epochs(rules: RuleSet, what: &str) -> Vec<Vec<u32>> {
        let mut epochs = Vec::new();
        rules.each_epoch(what, 1, |epoch| {
            epochs.push(epoch.iter().map(|interval| interval - rules.min).collect());
        });
        epochs
    }

    #[test]
    fn every_test_and_every_set_of_rules_has_its_own_seeds() {
        // Both have the same length and number of choices, so a shared seed would give the same epochs.
        let rule_sets = [DEFAULT, rules(101, 301, 64)];
        let epochs =
            rule_sets.iter().flat_map(|rules| ["pairs", "within"].map(|what| first_epochs(*rules, what)));
        let epochs: Vec<Vec<u32>> = epochs.flatten().collect();
        assert_eq!(epochs.len(), 40);
        assert_eq!(epochs.iter().collect::<BTreeSet<_>>().len(), 40);
    }

    #[test]
    fn sequences_share_the_requested_intervals() {
        let (mut sequences, mut intervals) = (0, 0);
        for sequence in DEFAULT.sequences("pairs", 1281) {
            sequences += 1;
            sequence.each_epoch(|epoch| intervals += epoch.len());
        }
        assert_eq!((sequences, intervals), (10, 30 * 64));
    }
}
