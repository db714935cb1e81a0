//! What somebody knows of the next interval who knows that intervals come in pairs.
//!
//! A place's partner is every other place with the same probability,
//! whatever was seen. Let `j` of `K` intervals be seen, `t` pairs of them be partners of each other, and `a = j - 2t` be
//! single. Each of the pairs that was seen in part or whole has a probability of one in `m`, the number of choices, and
//! there are `U! / (U - a)! * (U - a - 1)!!` ways in which the singles' partners and the other pairs lie on the `U = K - j`
//! places to come. So a set of `t` pairs among the seen intervals, each of which must add up to `min + max`, has a weight of
//! `m^t` times that. The next interval is the partner of a given single with probability `1 / U`, and else uniform.

use std::collections::BTreeMap;

use statrs::function::gamma::ln_gamma;

use crate::samples::RuleSet;

/// What was seen of an epoch.
pub(super) struct Seen {
    rules: RuleSet,
    /// How often each interval came, by its distance from the shortest.
    counts: Vec<u32>,
    number: u32,
}

impl Seen {
    pub(super) fn new(rules: RuleSet) -> Self {
        Self { rules, counts: vec![0; rules.choices() as usize], number: 0 }
    }

    pub(super) fn index(&self, interval: u32) -> usize {
        (interval - self.rules.min) as usize
    }

    pub(super) fn see(&mut self, interval: u32) {
        let index = self.index(interval);
        self.counts[index] += 1;
        self.number += 1;
    }

    /// The probability of every interval to be the next.
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

    /// How many of the intervals seen have their partners among them, on average: by value, and all pairs.
    fn expected_pairs(&self) -> (BTreeMap<usize, f64>, f64) {
        let classes = self.classes();
        let ways: Vec<Vec<f64>> = classes.iter().map(|(_, ways)| ways.clone()).collect();
        let (each, all) = expected(&ways, &self.weights());
        let mut paired = BTreeMap::new();
        for ((index, _), pairs) in classes.iter().zip(each) {
            let mirror = self.counts.len() - 1 - index;
            // Of the value in the middle a pair takes two.
            paired.insert(*index, if mirror == *index { 2.0 * pairs } else { pairs });
            paired.insert(mirror, if mirror == *index { 2.0 * pairs } else { pairs });
        }
        (paired, all)
    }

    /// The pairs of values that both came, by the lower: in how many ways 0, 1, 2, ... pairs can be made of them.
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

    /// The weight of every number of pairs among the intervals seen. Only their ratios count.
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

/// Of each class of values the expected number of pairs, and of all together; `weights` has one for every number of pairs.
fn expected(classes: &[Vec<f64>], weights: &[f64]) -> (Vec<f64>, f64) {
    // after[i][t]: the weight of all ways to go on from class i with t pairs made before.
    let mut after = vec![weights.to_vec()];
    for ways in classes.iter().rev() {
        let next = after.last().expect("there is one");
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

/// n (n - 1) ... : `count` factors.
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

    /// All epochs of small rules, each as often as it comes: by every choice of pairs and every order.
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
        let without = |place: usize| [&items[..place], &items[place + 1..]].concat();
        let with_first = |place: usize| {
            orders(&without(place)).into_iter().map(move |rest| [vec![items[place]], rest].concat())
        };
        (0..items.len()).flat_map(with_first).collect()
    }

    /// What is computed is what counting all epochs gives, whatever was seen.
    #[test]
    fn the_next_interval_is_as_likely_as_counting_says() {
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
                    let mut seen = Seen::new(rules);
                    for interval in prefix {
                        seen.see(*interval);
                    }
                    let total: f64 = counts.iter().sum();
                    for (computed, count) in seen.next().iter().zip(&counts) {
                        assert!((computed - count / total).abs() < 1e-9, "{rules:?} {prefix:?} {counts:?}");
                    }
                }
            }
        }
    }
}
