//! How neighbours depend on each other.
//!
//! Of two intervals of one epoch the second is the other half of the first one's pair with probability `1 / (K - 1)`, since
//! after the shuffle every other place is as likely, and then it is `min + max` less the first: correlation -1. Otherwise they
//! were drawn independently: correlation 0. So any two of one epoch, at any distance, are correlated by
//! `-1 / (K - 1)`. Intervals of two epochs are independent. In the series of all intervals `K - d` of `K` pairs at
//! distance `d` lie within an epoch, which makes `-(K - d) / (K (K - 1))`, and `-1 / K` for neighbours.

use crate::chi_square::two_sided;
use crate::numbers::table as markdown;
use crate::samples::{RULE_SETS, RuleSet};
use crate::uniformity::INTERVALS;

/// A mean of independent numbers, and how far off it may be.
#[derive(Debug, Default, Clone)]
struct Mean {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Mean {
    fn take(&mut self, number: f64) {
        self.count += 1.0;
        self.sum += number;
        self.squares += number * number;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    fn error(&self) -> f64 {
        ((self.squares / self.count - self.mean().powi(2)) / self.count).sqrt()
    }

    /// How likely it is to be as far from what is expected; `None` if it cannot be anything else.
    fn p(&self, expected: f64) -> Option<f64> {
        let error = self.error();
        (error > 1e-12).then(|| two_sided((self.mean() - expected) / error))
    }
}

pub(crate) struct Measured {
    rules: RuleSet,
    /// The correlation of neighbours of one epoch.
    within: Mean,
    /// That of the last interval of an epoch and the first of the next.
    across: Mean,
}

impl Measured {
    fn expected_within(&self) -> f64 {
        -1.0 / f64::from(self.rules.rounds_per_epoch - 1)
    }

    /// In the series of all intervals, at distance 1.
    fn serial(&self) -> f64 {
        let k = f64::from(self.rules.rounds_per_epoch);
        ((k - 1.0) * self.within.mean() + self.across.mean()) / k
    }

    pub(crate) fn p_values(&self) -> Vec<f64> {
        [self.within.p(self.expected_within()), self.across.p(0.0)].into_iter().flatten().collect()
    }
}

pub(crate) fn measure() -> Vec<Measured> {
    RULE_SETS.into_iter().map(measure_one).collect()
}

fn measure_one(rules: RuleSet) -> Measured {
    let (mean, variance) = (rules.mean(), rules.variance());
    let product = |a: u32, b: u32| (f64::from(a) - mean) * (f64::from(b) - mean) / variance;
    let (mut within, mut across) = (Mean::default(), Mean::default());
    let mut last = None;
    rules.each_epoch(INTERVALS, |epoch| {
        // One number an epoch: those of one epoch are not independent of each other.
        let products = epoch.windows(2).map(|two| product(two[0], two[1]));
        within.take(products.sum::<f64>() / f64::from(rules.rounds_per_epoch - 1));
        if let Some(last) = last.replace(epoch[epoch.len() - 1]) {
            across.take(product(last, epoch[0]));
        }
    });
    Measured { rules, within, across }
}

/// The correlation at every distance up to `farthest`, in the series of all intervals: measured, and as computed.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
pub(crate) fn by_distance(rules: RuleSet, farthest: usize) -> Vec<(f64, f64)> {
    let mut series = Vec::new();
    rules
        .each_epoch(INTERVALS / 10, |epoch| series.extend(epoch.iter().map(|interval| f64::from(*interval))));
    let (mean, variance, k) = (rules.mean(), rules.variance(), f64::from(rules.rounds_per_epoch));
    (1..=farthest)
        .map(|distance| {
            let products = series.iter().zip(&series[distance..]).map(|(a, b)| (a - mean) * (b - mean));
            let measured = products.sum::<f64>() / variance / (series.len() - distance) as f64;
            let expected = -(k - distance as f64).max(0.0) / (k * (k - 1.0));
            (measured, expected)
        })
        .collect()
}

pub(crate) fn table(measured: &[Measured]) -> String {
    let p = |p: Option<f64>| p.map_or("-".to_owned(), |p| format!("{p:.3}"));
    let lines: Vec<Vec<String>> = measured
        .iter()
        .map(|one| {
            let k = f64::from(one.rules.rounds_per_epoch);
            vec![
                one.rules.name(),
                format!("{:.5}", one.expected_within()),
                format!("{:.5} ± {:.5}", one.within.mean(), one.within.error()),
                p(one.within.p(one.expected_within())),
                format!("{:.5} ± {:.5}", one.across.mean(), one.across.error()),
                p(one.across.p(0.0)),
                format!("{:.5}", -1.0 / k),
                format!("{:.5}", one.serial()),
            ]
        })
        .collect();
    let head = [
        "rules",
        "within, -1 / (K - 1)",
        "measured",
        "p",
        "across, 0",
        "p",
        "all neighbours, -1 / K",
        "measured",
    ];
    markdown(&head, &lines)
}
