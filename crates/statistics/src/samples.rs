//! Intervals of the engine, epoch by epoch.

use tickseed_engine::{BreakInterval, Rules, Seed, Timeline};

/// Rules, and how they are called in tables.
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

/// So many seeds share the intervals that are taken.
const SEEDS: u64 = 10;

impl RuleSet {
    pub(crate) fn name(self) -> String {
        format!("{} to {}, K = {}", self.min, self.max, self.rounds_per_epoch)
    }

    /// How many different intervals there are.
    pub(crate) const fn choices(self) -> u32 {
        self.max - self.min + 1
    }

    /// What the two intervals of a pair add up to.
    pub(crate) const fn pair(self) -> u32 {
        self.min + self.max
    }

    pub(crate) fn mean(self) -> f64 {
        f64::from(self.pair()) / 2.0
    }

    /// Of a single interval, uniform on all choices.
    pub(crate) fn variance(self) -> f64 {
        (f64::from(self.choices()).powi(2) - 1.0) / 12.0
    }

    /// Calls back with the intervals of whole epochs in a row, at least `intervals` of them, of several seeds. The seeds
    /// were fixed before anything was measured.
    pub(crate) fn each_epoch(self, intervals: u64, mut take: impl FnMut(&[u32])) {
        let k = u64::from(self.rounds_per_epoch);
        let epochs = intervals.div_ceil(k * SEEDS);
        let mut epoch = Vec::new();
        for seed in 0..SEEDS {
            let mut timeline = self.timeline(&format!("statistics {seed}"));
            for number in 0..epochs {
                epoch.clear();
                epoch.extend((number * k..(number + 1) * k).map(|round| interval(&mut timeline, round)));
                take(&epoch);
            }
        }
    }

    pub(crate) fn timeline(self, seed: &str) -> Timeline {
        let interval = BreakInterval::new(self.min, self.max).expect("within their ranges");
        let rules = Rules::new(interval, self.rounds_per_epoch).expect("within their ranges");
        Timeline::new(&Seed::new(seed).expect("a short seed"), rules)
    }
}

fn interval(timeline: &mut Timeline, round: u64) -> u32 {
    timeline.round_at(round).expect("a round before the last step").interval
}
