//! How well an observer can predict an epoch's intervals from the earlier ones. The observer knows the rules and the
//! definition, but not the seed.
//!
//! There are three kinds of sequences:
//!
//! - *independent* intervals, from which an observer learns nothing;
//! - intervals that are uniform among all sequences with the epoch's fixed *sum*;
//! - *pairs*, which the engine produces.

mod fixed_sum;
mod forecast;
mod pairs;

use crate::chi_square::two_sided;
use crate::numbers::table as markdown;
use crate::samples::{DEFAULT, RuleSet};
use crate::verdict::Outcome;
use fixed_sum::{sum_alone, sums};
use forecast::{entropy, most_likely};
use pairs::Observed;

pub(crate) use forecast::Forecast;

/// The number of epochs observed.
const EPOCHS: u64 = 5000;
/// The name of the test, from which its seeds are made.
const SURPRISE: &str = "surprise";

pub(crate) struct Prediction {
    pub(crate) rules: RuleSet,
    /// One for each number of earlier intervals, from 0 to K - 1.
    pub(crate) forecasts: Vec<Forecast>,
    /// Bits of surprise in an entire epoch: mean and standard error.
    bits: (f64, f64),
    /// Distance between measured and expected surprise, in standard errors; `None` if it cannot vary.
    z: Option<f64>,
}

pub(crate) fn measure() -> Vec<Prediction> {
    [2, 4, 16, 64, 256].map(|k| measure_one(RuleSet { rounds_per_epoch: k, ..DEFAULT })).into()
}

fn measure_one(rules: RuleSet) -> Prediction {
    let k = rules.rounds_per_epoch as usize;
    let mut forecasts = if rules.rounds_per_epoch == DEFAULT.rounds_per_epoch {
        sum_alone(rules)
    } else {
        vec![Forecast::default(); k]
    };
    let mut epochs = Epochs::default();
    rules.each_epoch(SURPRISE, EPOCHS * u64::from(rules.rounds_per_epoch), |epoch| {
        let mut observed = Observed::new(rules);
        let (mut bits, mut unexpected) = (0.0, 0.0);
        for (forecast, interval) in forecasts.iter_mut().zip(epoch) {
            let next = observed.next();
            let surprise = -next[observed.index(*interval)].log2();
            let (best, guess) = most_likely(&next);
            forecast.pair_bits += surprise;
            forecast.pair_guess += guess;
            forecast.pair_hits += f64::from(u8::from(best == observed.index(*interval)));
            bits += surprise;
            unexpected += surprise - entropy(&next);
            observed.add(*interval);
        }
        epochs.add(bits, unexpected);
    });
    for forecast in &mut forecasts {
        forecast.pair_bits /= epochs.count;
        forecast.pair_guess /= epochs.count;
        forecast.pair_hits /= epochs.count;
    }
    Prediction { rules, forecasts, bits: epochs.bits(), z: epochs.z() }
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
    fn add(&mut self, bits: f64, unexpected: f64) {
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

/// The numbers of earlier intervals shown in the table.
const ROWS: [usize; 12] = [0, 1, 8, 16, 24, 32, 40, 48, 56, 60, 62, 63];

pub(crate) fn table(predictions: &[Prediction]) -> String {
    let default = default_of(predictions);
    let independent = f64::from(default.rules.choices());
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let lines: Vec<Vec<String>> = ROWS
        .iter()
        .map(|seen| {
            let forecast = default.forecasts[*seen];
            vec![
                seen.to_string(),
                format!("{:.3}", independent.log2()),
                format!("{:.3}", forecast.sum_bits),
                format!("{:.3}", forecast.pair_bits),
                percent(1.0 / independent),
                percent(forecast.sum_guess),
                percent(forecast.pair_guess),
                percent(forecast.pair_hits),
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

/// Makes the table of entire epochs.
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
        "bits per epoch, independent",
        "sum alone",
        "pairs, measured",
        "lost to the sum",
        "lost to pairs",
        "z",
    ];
    markdown(&head, &lines)
}

/// Tests the computed probabilities against the engine's epochs.
pub(crate) fn outcomes(predictions: &[Prediction]) -> Vec<Outcome> {
    let outcome = |one: &Prediction| Some(Outcome::new(one.rules.test(SURPRISE), two_sided(one.z?)));
    predictions.iter().filter_map(outcome).collect()
}

/// Returns the prediction for the default rules.
pub(crate) fn default_of(predictions: &[Prediction]) -> &Prediction {
    let is_default = |one: &&Prediction| one.rules.rounds_per_epoch == DEFAULT.rounds_per_epoch;
    predictions.iter().find(is_default).expect("the default rules are among them")
}
