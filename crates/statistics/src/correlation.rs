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
use crate::verdict::Outcome;

/// How the tests are called.
const WITHIN: &str = "neighbours within epochs";
const ACROSS: &str = "neighbours across epochs";

/// A mean of uncorrelated numbers, and how far off it may be.
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

    /// The standard error of the mean.
    fn error(&self) -> f64 {
        // Below 0 by rounding only. What is not a number stays so.
        let variance = (self.squares / self.count - self.mean().powi(2)).clamp(0.0, f64::INFINITY);
        (variance / self.count).sqrt()
    }

    /// How likely it is to be as far from what is expected; `None` if all numbers were just that.
    fn p(&self, expected: f64) -> Option<f64> {
        let (error, distance) = (self.error(), self.mean() - expected);
        let is_certain = error <= 1e-12 && distance.abs() <= 1e-12;
        (!is_certain).then(|| two_sided(distance / error))
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

    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        [(WITHIN, self.within.p(self.expected_within())), (ACROSS, self.across.p(0.0))]
            .into_iter()
            .filter_map(|(what, p)| Some(Outcome::new(self.rules.test(what), p?)))
            .collect()
    }
}

pub(crate) fn measure() -> Vec<Measured> {
    RULE_SETS.into_iter().map(measure_one).collect()
}

fn measure_one(rules: RuleSet) -> Measured {
    let (mut within, mut across) = (Mean::default(), Mean::default());
    rules.each_epoch(WITHIN, INTERVALS, |epoch| {
        // One number an epoch: those of one epoch are not independent of each other.
        let products = epoch.windows(2).map(|two| product(rules, two[0], two[1]));
        within.take(products.sum::<f64>() / f64::from(rules.rounds_per_epoch - 1));
    });
    for sequence in rules.sequences(ACROSS, INTERVALS) {
        // The first epoch of a seed comes after none.
        let mut last = None;
        sequence.each_epoch(|epoch| {
            if let Some(last) = last.replace(epoch[epoch.len() - 1]) {
                across.take(product(rules, last, epoch[0]));
            }
        });
    }
    Measured { rules, within, across }
}

/// The mean of these is the correlation: mean and variance are those of uniform intervals, not those of the sample.
fn product(rules: RuleSet, a: u32, b: u32) -> f64 {
    (f64::from(a) - rules.mean()) * (f64::from(b) - rules.mean()) / rules.variance()
}

/// The correlation at every distance up to `farthest`, in the series of all intervals: measured, and as computed.
#[expect(clippy::cast_precision_loss, reason = "small distances")]
pub(crate) fn by_distance(rules: RuleSet, farthest: usize) -> Vec<(f64, f64)> {
    let mut means = vec![Mean::default(); farthest];
    for sequence in rules.sequences("by distance", INTERVALS / 10) {
        let mut series = Vec::new();
        sequence.each_epoch(|epoch| series.extend_from_slice(epoch));
        for (mean, distance) in means.iter_mut().zip(1..) {
            let pairs = series.iter().zip(&series[distance..]);
            pairs.for_each(|(a, b)| mean.take(product(rules, *a, *b)));
        }
    }
    let k = f64::from(rules.rounds_per_epoch);
    let expected = |distance: usize| -(k - distance as f64).max(0.0) / (k * (k - 1.0));
    means.iter().zip(1..).map(|(mean, distance)| (mean.mean(), expected(distance))).collect()
}

pub(crate) fn table(measured: &[Measured]) -> String {
    let p = |p: Option<f64>| p.map_or("-".to_owned(), |p| format!("{p:.4}"));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(numbers: &[f64]) -> Mean {
        let mut mean = Mean::default();
        for number in numbers {
            mean.take(*number);
        }
        mean
    }

    #[test]
    fn the_error_is_that_of_the_mean() {
        let mean = mean(&[-1.0, 1.0, -1.0, 1.0]);
        assert!((mean.error() - 0.5).abs() < 1e-12);
        assert!((mean.p(0.98).expect("may be otherwise") - 0.05).abs() < 1e-4);
    }

    #[test]
    fn only_what_is_as_expected_is_certain() {
        assert_eq!(mean(&[-1.0, -1.0]).p(-1.0), None);
        assert_eq!(mean(&[-1.0, -1.0]).p(0.0), Some(0.0));
        assert!(mean(&[f64::NAN, 1.0]).p(1.0).is_some_and(f64::is_nan));
    }
}
