//! The correlation of neighbouring intervals.
//!
//! After the shuffle, every other position in the epoch is equally likely to hold an interval's partner. So the second of two
//! intervals of an epoch is the partner of the first with probability `1 / (K - 1)`. Then it is `min + max` minus the first:
//! correlation -1. Otherwise the two were drawn independently: correlation 0. So any two intervals of an epoch, at any
//! distance, have correlation `-1 / (K - 1)`. Intervals of different epochs are independent. In the series of all intervals,
//! `K - d` of `K` pairs at distance `d` lie within an epoch, which gives `-(K - d) / (K (K - 1))`, and `-1 / K` for neighbours.

use crate::chi_square::two_sided;
use crate::numbers::table as markdown;
use crate::samples::{RULE_SETS, RuleSet};
use crate::uniformity::INTERVALS;
use crate::verdict::Outcome;

/// The names of the tests, from which their seeds are made.
const WITHIN: &str = "neighbours within epochs";
const ACROSS: &str = "neighbours across epochs";

/// The mean of uncorrelated numbers, and its standard error.
#[derive(Debug, Default, Clone)]
struct Mean {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Mean {
    fn add(&mut self, number: f64) {
        self.count += 1.0;
        self.sum += number;
        self.squares += number * number;
    }

    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// Returns the standard error of the mean.
    fn error(&self) -> f64 {
        // Only rounding can make it negative. NaN stays NaN.
        let variance = (self.squares / self.count - self.mean().powi(2)).clamp(0.0, f64::INFINITY);
        (variance / self.count).sqrt()
    }

    /// Returns the p-value of the mean, or `None` if all numbers are the expected one.
    fn p(&self, expected: f64) -> Option<f64> {
        let (error, distance) = (self.error(), self.mean() - expected);
        let is_certain = error <= 1e-12 && distance.abs() <= 1e-12;
        (!is_certain).then(|| two_sided(distance / error))
    }
}

pub(crate) struct Measured {
    rules: RuleSet,
    /// The correlation of neighbours in one epoch.
    within: Mean,
    /// The correlation of the last interval of an epoch and the first of the next.
    across: Mean,
}

impl Measured {
    fn expected_within(&self) -> f64 {
        -1.0 / f64::from(self.rules.rounds_per_epoch - 1)
    }

    /// Returns the correlation of neighbours in the series of all intervals.
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
        // One number per epoch, since the products of one epoch are not independent of each other.
        let products = epoch.windows(2).map(|two| product(rules, two[0], two[1]));
        within.add(products.sum::<f64>() / f64::from(rules.rounds_per_epoch - 1));
    });
    for sequence in rules.sequences(ACROSS, INTERVALS) {
        // The first epoch of a seed has no predecessor.
        let mut last = None;
        sequence.each_epoch(|epoch| {
            if let Some(last) = last.replace(epoch[epoch.len() - 1]) {
                across.add(product(rules, last, epoch[0]));
            }
        });
    }
    Measured { rules, within, across }
}

/// Returns one term of the correlation, with the mean and the variance of uniform intervals, not those of the sample.
fn product(rules: RuleSet, a: u32, b: u32) -> f64 {
    (f64::from(a) - rules.mean()) * (f64::from(b) - rules.mean()) / rules.variance()
}

/// Returns the measured and the computed correlation at every distance up to `farthest`, in the series of all intervals.
#[expect(clippy::cast_precision_loss, reason = "small distances")]
pub(crate) fn by_distance(rules: RuleSet, farthest: usize) -> Vec<(f64, f64)> {
    let mut means = vec![Mean::default(); farthest];
    for sequence in rules.sequences("by distance", INTERVALS / 10) {
        let mut series = Vec::new();
        sequence.each_epoch(|epoch| series.extend_from_slice(epoch));
        for (mean, distance) in means.iter_mut().zip(1..) {
            let pairs = series.iter().zip(&series[distance..]);
            pairs.for_each(|(a, b)| mean.add(product(rules, *a, *b)));
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
            mean.add(*number);
        }
        mean
    }

    #[test]
    fn the_error_is_the_standard_error_of_the_mean() {
        let mean = mean(&[-1.0, 1.0, -1.0, 1.0]);
        assert!((mean.error() - 0.5).abs() < 1e-12);
        assert!((mean.p(0.98).expect("the mean can vary") - 0.05).abs() < 1e-4);
    }

    #[test]
    fn there_is_no_p_value_if_all_numbers_are_as_expected() {
        assert_eq!(mean(&[-1.0, -1.0]).p(-1.0), None);
        assert_eq!(mean(&[-1.0, -1.0]).p(0.0), Some(0.0));
        assert!(mean(&[f64::NAN, 1.0]).p(1.0).is_some_and(f64::is_nan));
    }
}
