//! How much of an epoch's coming intervals can be known from those already seen, by somebody who has the rules and this
//! definition but not the seed.
//!
//! Three observers, with a sequence of each one's own kind:
//!
//! - of *independent* intervals, who never learns anything;
//! - of intervals that are uniform among all sequences with the epoch's fixed *sum*, and nothing else;
//! - of *pairs*, which is what the engine makes.

mod fixed_sum;
mod pairs;

use crate::chi_square::two_sided;
use crate::numbers::table as markdown;
use crate::samples::{DEFAULT, RuleSet};
use crate::verdict::Outcome;
use fixed_sum::{sum_alone, sums};
use pairs::Seen;

/// So many epochs are watched.
const EPOCHS: u64 = 5000;
/// How the test is called.
const SURPRISE: &str = "surprise";

pub(crate) struct Prediction {
    pub(crate) rules: RuleSet,
    /// One for each number of intervals seen, from 0 to K - 1.
    pub(crate) places: Vec<Place>,
    /// Bits of surprise in a whole epoch: mean, and its standard error.
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
    rules.each_epoch(SURPRISE, EPOCHS * u64::from(rules.rounds_per_epoch), |epoch| {
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
        let is_certain = error <= 1e-9;
        (!is_certain).then(|| self.unexpected / error)
    }
}

fn entropy(probabilities: &[f64]) -> f64 {
    probabilities.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2()).sum()
}

/// The place of the greatest, and the greatest.
fn most(probabilities: &[f64]) -> (usize, f64) {
    let pairs = probabilities.iter().copied().enumerate();
    pairs.fold((0, 0.0), |best, one| if one.1 > best.1 { one } else { best })
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
                format!("{independent:.3}"),
                format!("{sum:.3}"),
                format!("{bits:.3} ± {error:.3}"),
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
pub(crate) fn outcomes(predictions: &[Prediction]) -> Vec<Outcome> {
    let outcome = |one: &Prediction| Some(Outcome::new(one.rules.test(SURPRISE), two_sided(one.z?)));
    predictions.iter().filter_map(outcome).collect()
}

/// That of the default rules.
pub(crate) fn default_of(predictions: &[Prediction]) -> &Prediction {
    let is_default = |one: &&Prediction| one.rules.rounds_per_epoch == DEFAULT.rounds_per_epoch;
    predictions.iter().find(is_default).expect("it is among them")
}
