//! How much of an epoch's coming intervals can be known from those already seen, by somebody who has the rules and this
//! definition but not the seed.
//!
//! Three observers, with a sequence of each one's own kind:
//!
//! - of *independent* intervals, who never learns anything;
//! - of intervals that are uniform among all sequences with the epoch's fixed *sum*, and nothing else;
//! - of *pairs*, which is what the engine makes.
//!
//! For the last one, what is known is computed exactly. A place's partner is every other place with the same probability,
//! whatever was seen. Let `j` of `K` intervals be seen, `t` pairs of them be partners of each other, and `a = j - 2t` be
//! single. Each of the pairs that was seen in part or whole has a probability of one in `m`, the number of choices, and
//! there are `U! / (U - a)! * (U - a - 1)!!` ways in which the singles' partners and the other pairs lie on the `U = K - j`
//! places to come. So a set of `t` pairs among the seen intervals, each of which must add up to `min + max`, has a weight of
//! `m^t` times that. The next interval is the partner of a given single with probability `1 / U`, and else uniform.

use std::collections::BTreeMap;

use statrs::function::gamma::ln_gamma;

use crate::chi_square::two_sided;
use crate::numbers::table as markdown;
use crate::samples::{DEFAULT, RuleSet};

/// So many epochs are watched.
const EPOCHS: u64 = 5000;

pub(crate) struct Prediction {
    pub(crate) rules: RuleSet,
    /// One for each number of intervals seen, from 0 to K - 1.
    pub(crate) places: Vec<Place>,
    /// Bits of surprise in a whole epoch: mean and error.
    bits: (f64, f64),
    /// How far surprise was from what was expected of it, in its own standard errors; `None` if it cannot be anything else.
    z: Option<f64>,
}

/// What can be known of the next interval.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Place {
    /// Bits of surprise, on average: with the sum alone, computed; with pairs, measured.
    pub(crate) sum_bits: f64,
    pub(crate) pair_bits: f64,
    /// How likely the best guess is right: with the sum alone, computed; with pairs, computed and measured.
    pub(crate) sum_guess: f64,
    pub(crate) pair_guess: f64,
    pub(crate) pair_hits: f64,
}

pub(crate) fn measure() -> Vec<Prediction> {
    [2, 4, 16, 64, 256].map(|k| measure_one(RuleSet { rounds_per_epoch: k, ..DEFAULT })).into()
}

fn measure_one(rules: RuleSet) -> Prediction {
    let k = rules.rounds_per_epoch as usize;
    let mut places = if rules.rounds_per_epoch == DEFAULT.rounds_per_epoch {
        sum_alone(rules)
    } else {
        vec![Place::default(); k]
    };
    let mut epochs = Epochs::default();
    rules.each_epoch(EPOCHS * u64::from(rules.rounds_per_epoch), |epoch| {
        let mut seen = Seen::new(rules);
        let (mut bits, mut unexpected) = (0.0, 0.0);
        for (place, interval) in places.iter_mut().zip(epoch) {
            let next = seen.next();
            let surprise = -next[seen.index(*interval)].log2();
            let (best, guess) = most(&next);
            place.pair_bits += surprise;
            place.pair_guess += guess;
            place.pair_hits += f64::from(u8::from(best == seen.index(*interval)));
            bits += surprise;
            unexpected += surprise - entropy(&next);
            seen.see(*interval);
        }
        epochs.take(bits, unexpected);
    });
    for place in &mut places {
        place.pair_bits /= epochs.count;
        place.pair_guess /= epochs.count;
        place.pair_hits /= epochs.count;
    }
    Prediction { rules, places, bits: epochs.bits(), z: epochs.z() }
}

/// Sums over epochs, which are independent of each other.
#[derive(Default)]
struct Epochs {
    count: f64,
    bits: f64,
    bits_squared: f64,
    unexpected: f64,
    unexpected_squared: f64,
}

impl Epochs {
    fn take(&mut self, bits: f64, unexpected: f64) {
        self.count += 1.0;
        self.bits += bits;
        self.bits_squared += bits * bits;
        self.unexpected += unexpected;
        self.unexpected_squared += unexpected * unexpected;
    }

    fn bits(&self) -> (f64, f64) {
        let mean = self.bits / self.count;
        (mean, ((self.bits_squared / self.count - mean * mean).max(0.0) / self.count).sqrt())
    }

    fn z(&self) -> Option<f64> {
        let error = self.unexpected_squared.sqrt();
        (error > 1e-9).then(|| self.unexpected / error)
    }
}

/// What was seen of an epoch.
struct Seen {
    rules: RuleSet,
    /// How often each interval came, by its distance from the shortest.
    counts: Vec<u32>,
    number: u32,
}

impl Seen {
    fn new(rules: RuleSet) -> Self {
        Self { rules, counts: vec![0; rules.choices() as usize], number: 0 }
    }

    fn index(&self, interval: u32) -> usize {
        (interval - self.rules.min) as usize
    }

    fn see(&mut self, interval: u32) {
        let index = self.index(interval);
        self.counts[index] += 1;
        self.number += 1;
    }

    /// The probability of every interval to be the next.
    fn next(&self) -> Vec<f64> {
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

fn entropy(probabilities: &[f64]) -> f64 {
    probabilities.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2()).sum()
}

/// The place of the greatest, and the greatest.
fn most(probabilities: &[f64]) -> (usize, f64) {
    let pairs = probabilities.iter().copied().enumerate();
    pairs.fold((0, 0.0), |best, one| if one.1 > best.1 { one } else { best })
}

/// The distribution of the sum of so many independent intervals, each counted from the shortest: one entry for 0, 1, 2, ...
fn sums(choices: usize, most: usize) -> Vec<Vec<f64>> {
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
fn sum_alone(rules: RuleSet) -> Vec<Place> {
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

/// So many intervals seen, for the table.
const ROWS: [usize; 12] = [0, 1, 8, 16, 24, 32, 40, 48, 56, 60, 62, 63];

pub(crate) fn table(predictions: &[Prediction]) -> String {
    let default = default_of(predictions);
    let independent = f64::from(default.rules.choices());
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let lines: Vec<Vec<String>> = ROWS
        .iter()
        .map(|seen| {
            let place = default.places[*seen];
            vec![
                seen.to_string(),
                format!("{:.3}", independent.log2()),
                format!("{:.3}", place.sum_bits),
                format!("{:.3}", place.pair_bits),
                percent(1.0 / independent),
                percent(place.sum_guess),
                percent(place.pair_guess),
                percent(place.pair_hits),
            ]
        })
        .collect();
    let head = [
        "seen",
        "bits, independent",
        "bits, sum alone",
        "bits, pairs",
        "best guess, independent",
        "sum alone",
        "pairs",
        "pairs, measured",
    ];
    markdown(&head, &lines)
}

/// Whole epochs.
pub(crate) fn summary(predictions: &[Prediction]) -> String {
    let lines: Vec<Vec<String>> = predictions
        .iter()
        .map(|one| {
            let (k, choices) = (one.rules.rounds_per_epoch as usize, one.rules.choices() as usize);
            let independent = f64::from(one.rules.rounds_per_epoch) * f64::from(one.rules.choices()).log2();
            let sum = independent + sums(choices, k)[k][k * (choices - 1) / 2].log2();
            let (bits, error) = one.bits;
            vec![
                one.rules.name(),
                format!("{independent:.1}"),
                format!("{sum:.1}"),
                format!("{bits:.1} ± {error:.1}"),
                format!("{:.1} %", 100.0 * (1.0 - sum / independent)),
                format!("{:.1} %", 100.0 * (1.0 - bits / independent)),
                one.z.map_or("-".to_owned(), |z| format!("{z:.2}")),
            ]
        })
        .collect();
    let head = [
        "rules",
        "bits an epoch, independent",
        "sum alone",
        "pairs, measured",
        "lost to the sum",
        "lost to pairs",
        "z",
    ];
    markdown(&head, &lines)
}

/// Whether what is computed is what the engine does.
pub(crate) fn p_values(predictions: &[Prediction]) -> Vec<f64> {
    predictions.iter().filter_map(|one| one.z).map(two_sided).collect()
}

/// That of the default rules.
pub(crate) fn default_of(predictions: &[Prediction]) -> &Prediction {
    let is_default = |one: &&Prediction| one.rules.rounds_per_epoch == DEFAULT.rounds_per_epoch;
    predictions.iter().find(is_default).expect("it is among them")
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
