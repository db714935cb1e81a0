//! What somebody knows of the next interval who knows the sum of an epoch and nothing else.

use super::{Place, entropy, most};
use crate::samples::RuleSet;

/// The distribution of the sum of so many independent intervals, each counted from the shortest: one entry for 0, 1, 2, ...
pub(super) fn sums(choices: usize, most: usize) -> Vec<Vec<f64>> {
    let mut all = vec![vec![1.0]];
    for _ in 0..most {
        let before = all.last().expect("there is one");
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

/// What an observer knows who knows the sum of the epoch and nothing else, exactly, for every number of intervals seen.
pub(super) fn sum_alone(rules: RuleSet) -> Vec<Place> {
    let (k, choices) = (rules.rounds_per_epoch as usize, rules.choices() as usize);
    let sums = sums(choices, k);
    let total = k * (choices - 1) / 2;
    (0..k)
        .map(|seen| {
            let mut place = Place::default();
            let left = k - seen;
            for rest in 0..sums[left].len().min(total + 1) {
                let seen_sum = sums[seen].get(total - rest).copied().unwrap_or(0.0);
                let weight = sums[left][rest] * seen_sum / sums[k][total];
                // Sums so unlikely add nothing that could be seen, and are wrong in their last digits.
                if weight > 1e-15 {
                    let next = next_of_sum(&sums[left - 1], rest, choices);
                    place.sum_bits += weight * entropy(&next);
                    place.sum_guess += weight * most(&next).1;
                }
            }
            place
        })
        .collect()
}

/// The probability of every interval to be the next, if it and the others to come add up to `rest`.
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
    fn sums_are_distributed_as_dice_are() {
        let two = &sums(6, 2)[2];
        assert_eq!(two.len(), 11);
        assert!((two[5] - 6.0 / 36.0).abs() < 1e-12 && (two[0] - 1.0 / 36.0).abs() < 1e-12);
    }

    #[test]
    fn the_sum_alone_tells_the_last_interval_and_little_before() {
        let places = sum_alone(RuleSet { rounds_per_epoch: 4, ..DEFAULT });
        assert!(places[3].sum_bits < 1e-9 && (places[3].sum_guess - 1.0).abs() < 1e-9);
        assert!(places[0].sum_bits > 7.0);
    }
}
