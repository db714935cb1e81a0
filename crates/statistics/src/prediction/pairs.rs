//! Prediction of the next interval from the fact that intervals come in pairs.
//!
//! Every other position of the epoch is equally likely to hold a position's partner. Suppose that `j` of the `K` intervals are
//! known, `t` pairs of them are partners of each other, and the other `a = j - 2t` are single. Each pair with a known interval
//! has probability `1 / m`, where `m` is the number of choices. There are `U! / (U - a)! * (U - a - 1)!!` ways to place the
//! singles' partners and the other pairs on the remaining `U = K - j` positions. So a set of `t` pairs among the known
//! intervals, each of which must add up to `min + max`, has a weight of `m^t` times that. The next interval is the partner of a
//! given single with probability `1 / U`, and uniform otherwise.

use std::collections::BTreeMap;

use statrs::function::gamma::ln_gamma;

use crate::samples::RuleSet;

/// The known intervals of an epoch.
pub(super) struct Observed {
    rules: RuleSet,
    /// How often each interval occurred, by its distance from the shortest.
    counts: Vec<u32>,
    number: u32,
}

impl Observed {
    pub(super) fn new(rules: RuleSet) -> Self {
        Self { rules, counts: vec![0; rules.choices() as usize], number: 0 }
    }

    pub(super) fn index(&self, interval: u32) -> usize {
        (interval - self.rules.min) as usize
    }

    pub(super) fn add(&mut self, interval: u32) {
        let index = self.index(interval);
        self.counts[index] += 1;
        self.number += 1;
    }

    /// Returns the probability of every value for the next interval.
    pub(super) fn next(&self) -> Vec<f64> {
        let choices = f64::from(self.rules.choices());
        let left = f64::from(self.rules.rounds_per_epoch - self.number);
        let (paired, pairs) = self.expected_pairs();
        let singles = f64::from(self.number) - 2.0 * pairs;
        let fresh = (left - singles) / left / choices;
        let mirror = self.counts.len() - 1;
        (0..self.counts.len())
            .map(|index| {
                let partners =
                    f64::from(self.counts[mirror - index]) - paired.get(&(mirror - index)).unwrap_or(&0.0);
                partners / left + fresh
            })
            .collect()
    }

    /// Returns the expected number of known intervals with a known partner, by value, and the expected number of known pairs.
    fn expected_pairs(&self) -> (BTreeMap<usize, f64>, f64) {
        let classes = self.classes();
        let ways: Vec<Vec<f64>> = classes.iter().map(|(_, ways)| ways.clone()).collect();
        let (each, all) = expected(&ways, &self.weights());
        let mut paired = BTreeMap::new();
        for ((index, _), pairs) in classes.iter().zip(each) {
            let mirror = self.counts.len() - 1 - index;
            // A pair of the middle value takes two intervals of that value.
            paired.insert(*index, if mirror == *index { 2.0 * pairs } else { pairs });
            paired.insert(mirror, if mirror == *index { 2.0 * pairs } else { pairs });
        }
        (paired, all)
    }

    /// Returns, for each pair of values that both occurred, the lower value and the number of ways to form 0, 1, 2, ... pairs.
    fn classes(&self) -> Vec<(usize, Vec<f64>)> {
        let last = self.counts.len() - 1;
        let of_two = (0..=last / 2).filter(|low| *low != last - low).map(|low| {
            let (a, b) = (self.counts[low], self.counts[last - low]);
            (low, (0..=a.min(b)).map(|t| falling(a, t) * falling(b, t) / factorial(t)).collect())
        });
        let middle = last.is_multiple_of(2).then(|| {
            let a = self.counts[last / 2];
            let ways = (0..=a / 2).map(|t| falling(a, 2 * t) / factorial(t) / 2_f64.powi(t.cast_signed()));
            (last / 2, ways.collect())
        });
        of_two.chain(middle).filter(|(_, ways): &(usize, Vec<f64>)| ways.len() > 1).collect()
    }

    /// Returns the weight of each number of pairs among the known intervals, up to a common factor.
    fn weights(&self) -> Vec<f64> {
        let left = self.rules.rounds_per_epoch - self.number;
        let logarithms: Vec<f64> = (0..=self.number / 2)
            .map(|t| {
                let singles = self.number - 2 * t;
                if singles > left {
                    return f64::NEG_INFINITY;
                }
                let rest = left - singles;
                let partners = ln_factorial(left) - ln_factorial(rest);
                // (rest - 1)!! = rest! / (2^(rest / 2) (rest / 2)!)
                let others = ln_factorial(rest) - f64::from(rest / 2) * 2_f64.ln() - ln_factorial(rest / 2);
                f64::from(t) * f64::from(self.rules.choices()).ln() + partners + others
            })
            .collect();
        let greatest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        logarithms.iter().map(|logarithm| (logarithm - greatest).exp()).collect()
    }
}

/// Returns the expected number of pairs in each class of values, and in all of them. `weights` has an entry for each number of
/// pairs.
fn expected(classes: &[Vec<f64>], weights: &[f64]) -> (Vec<f64>, f64) {
    // after[i][t] is the weight of all ways to continue from class i with t pairs formed in earlier classes.
    let mut after = vec![weights.to_vec()];
    for ways in classes.iter().rev() {
        let next = after.last().expect("never empty");
        let here = (0..weights.len()).map(|t| sum(ways, |made| next.get(t + made).copied().unwrap_or(0.0)));
        after.push(here.collect());
    }
    after.reverse();
    let total = after[0][0];
    let mut before = vec![0.0; weights.len()];
    before[0] = 1.0;
    let mut each = Vec::new();
    for (class, ways) in classes.iter().enumerate() {
        let (next, mut here) = (&after[class + 1], vec![0.0; weights.len()]);
        let mut pairs = 0.0;
        for (t, weight) in before.iter().enumerate() {
            for (made, ways) in ways.iter().enumerate().take(weights.len() - t) {
                here[t + made] += weight * ways;
                #[expect(clippy::cast_precision_loss, reason = "a few")]
                let times = made as f64;
                pairs += times * weight * ways * next[t + made];
            }
        }
        each.push(pairs / total);
        before = here;
    }
    let all = each.iter().sum();
    (each, all)
}

fn sum(ways: &[f64], of: impl Fn(usize) -> f64) -> f64 {
    ways.iter().enumerate().map(|(made, ways)| ways * of(made)).sum()
}

/// Returns `n (n - 1) ...`, a product of `count` factors.
fn falling(n: u32, count: u32) -> f64 {
    (0..count).map(|less| f64::from(n - less)).product()
}

fn factorial(n: u32) -> f64 {
    falling(n, n)
}

fn ln_factorial(n: u32) -> f64 {
    ln_gamma(f64::from(n) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists all epochs of small rules, repeated according to their probability: every choice of pairs in every order.
    fn every_epoch(rules: RuleSet) -> Vec<Vec<u32>> {
        let mut epochs = vec![vec![]];
        for _ in 0..rules.rounds_per_epoch / 2 {
            let with_pair =
                |epoch: &Vec<u32>, first: u32| [epoch.clone(), vec![first, rules.pair() - first]].concat();
            epochs = epochs
                .iter()
                .flat_map(|epoch| (rules.min..=rules.max).map(|first| with_pair(epoch, first)))
                .collect();
        }
        epochs.iter().flat_map(|epoch| orders(epoch)).collect()
    }

    fn orders(items: &[u32]) -> Vec<Vec<u32>> {
        if items.is_empty() {
            return vec![vec![]];
        }
        let without = |index: usize| [&items[..index], &items[index + 1..]].concat();
        let with_first = |index: usize| {
            orders(&without(index)).into_iter().map(move |rest| [vec![items[index]], rest].concat())
        };
        (0..items.len()).flat_map(with_first).collect()
    }

    #[test]
    fn computed_probabilities_match_a_count_of_all_epochs() {
        for rules in [
            RuleSet { min: 1, max: 3, rounds_per_epoch: 4 },
            RuleSet { min: 1, max: 4, rounds_per_epoch: 4 },
            RuleSet { min: 5, max: 6, rounds_per_epoch: 6 },
            RuleSet { min: 1, max: 3, rounds_per_epoch: 6 },
        ] {
            let epochs = every_epoch(rules);
            for length in 0..rules.rounds_per_epoch as usize {
                let mut counted: BTreeMap<&[u32], Vec<f64>> = BTreeMap::new();
                for epoch in &epochs {
                    let next = counted
                        .entry(&epoch[..length])
                        .or_insert_with(|| vec![0.0; rules.choices() as usize]);
                    next[(epoch[length] - rules.min) as usize] += 1.0;
                }
                for (prefix, counts) in counted {
                    let mut observed = Observed::new(rules);
                    for interval in prefix {
                        observed.add(*interval);
                    }
                    let total: f64 = counts.iter().sum();
                    for (computed, count) in observed.next().iter().zip(&counts) {
                        assert!((computed - count / total).abs() < 1e-9, "{rules:?} {prefix:?} {counts:?}");
                    }
                }
            }
        }
    }
}
