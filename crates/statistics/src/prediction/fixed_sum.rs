//! Prediction of the next interval from the sum of an epoch alone.

use super::forecast::{Forecast, entropy, most_likely};
use crate::samples::RuleSet;

/// Returns the distributions of the sums of 0, 1, 2, ... independent intervals, each counted from the shortest.
pub(super) fn sums(choices: usize, most: usize) -> Vec<Vec<f64>> {
    let mut all = vec![vec![1.0]];
    for _ in 0..most {
        let before = all.last().expect("never empty");
        let mut window = 0.0;
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let share = 1.0 / choices as f64;
        let next = (0..before.len() + choices - 1)
            .map(|sum| {
                window += before.get(sum).copied().unwrap_or(0.0);
                if sum >= choices {
                    window -= before.get(sum - choices).copied().unwrap_or(0.0);
                }
                f64::max(window, 0.0) * share
            })
            .collect();
        all.push(next);
    }
    all
}

/// Computes the exact forecasts of an observer who knows only the sum of the epoch, for every number of earlier intervals.
pub(super) fn sum_alone(rules: RuleSet) -> Vec<Forecast> {
    let (k, choices) = (rules.rounds_per_epoch as usize, rules.choices() as usize);
    let sums = sums(choices, k);
    let total = k * (choices - 1) / 2;
    (0..k)
        .map(|seen| {
            let mut forecast = Forecast::default();
            let left = k - seen;
            for rest in 0..sums[left].len().min(total + 1) {
                let seen_sum = sums[seen].get(total - rest).copied().unwrap_or(0.0);
                let weight = sums[left][rest] * seen_sum / sums[k][total];
                // Less likely sums are numerically unreliable, and too small to matter.
                if weight > 1e-15 {
                    let next = next_of_sum(&sums[left - 1], rest, choices);
                    forecast.sum_bits += weight * entropy(&next);
                    forecast.sum_guess += weight * most_likely(&next).1;
                }
            }
            forecast
        })
        .collect()
}

/// Returns the probability of every value for the next interval, if it and the later ones add up to `rest`.
fn next_of_sum(others: &[f64], rest: usize, choices: usize) -> Vec<f64> {
    let weights: Vec<f64> = (0..choices)
        .map(|next| rest.checked_sub(next).and_then(|sum| others.get(sum)).copied().unwrap_or(0.0))
        .collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::DEFAULT;

    #[test]
    fn sums_are_distributed_like_those_of_dice() {
        let two = &sums(6, 2)[2];
        assert_eq!(two.len(), 11);
        assert!((two[5] - 6.0 / 36.0).abs() < 1e-12 && (two[0] - 1.0 / 36.0).abs() < 1e-12);
    }

    #[test]
    fn the_sum_alone_determines_the_last_interval_and_little_before_it() {
        let forecasts = sum_alone(RuleSet { rounds_per_epoch: 4, ..DEFAULT });
        assert!(forecasts[3].sum_bits < 1e-9 && (forecasts[3].sum_guess - 1.0).abs() < 1e-9);
        assert!(forecasts[0].sum_bits > 7.0);
    }
}
