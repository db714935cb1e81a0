//! The verdict over all tests.

use std::fmt::{Display, Formatter, Result};

/// The least p-value that still passes for chance.
const LEAST_P: f64 = 1e-6;

/// The name of a test and its p-value: the probability that chance alone gives a result at least as far off.
#[derive(Debug)]
pub(crate) struct Outcome {
    name: String,
    pub(crate) p: f64,
}

impl Outcome {
    pub(crate) fn new(name: String, p: f64) -> Self {
        Self { name, p }
    }

    /// Returns whether the test passes. NaN fails.
    fn passes(&self) -> bool {
        self.p > LEAST_P
    }
}

impl Display for Outcome {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        write!(formatter, "{}: p = {:.2e}, which is not above {LEAST_P:e}", self.name, self.p)
    }
}

pub(crate) fn failing(outcomes: &[Outcome]) -> Vec<&Outcome> {
    outcomes.iter().filter(|outcome| !outcome.passes()).collect()
}

/// Summarizes all p-values. They are independent and, if the engine follows the definition, uniform.
pub(crate) fn summary(outcomes: &[Outcome]) -> String {
    let p_values = || outcomes.iter().map(|outcome| outcome.p);
    let (least, greatest) = (p_values().fold(1.0, f64::min), p_values().fold(0.0, f64::max));
    let below = p_values().filter(|p| *p < 0.05).count();
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let count = outcomes.len() as f64;
    format!(
        "{count} tests: {below} of their p-values are below 0.05; the expected number is {:.1}.\n\
         The smallest is {least:.4}; by chance, the smallest of {count} is below that with a probability of {:.2}.\n\
         The largest is {greatest:.4}; by chance, the largest of {count} is above that with a probability of {:.2}.",
        count * 0.05,
        1.0 - (1.0 - least).powf(count),
        1.0 - greatest.powf(count)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unlikely_values_and_nan_fail_by_name() {
        let p_values = [
            ("even", 0.5),
            ("odd", 1e-7),
            ("none", 0.0),
            ("broken", f64::NAN),
            ("limit", LEAST_P),
            ("rare", 1.1e-6),
        ];
        let outcomes = p_values.map(|(name, p)| Outcome::new(name.to_owned(), p));
        let failing: Vec<String> = failing(&outcomes).iter().map(ToString::to_string).collect();
        let names: Vec<&str> =
            failing.iter().map(|line| line.split(':').next().unwrap_or_default()).collect();
        assert_eq!(names, ["odd", "none", "broken", "limit"]);
        assert_eq!(failing[0], "odd: p = 1.00e-7, which is not above 1e-6");
        assert!(failing[2].starts_with("broken: p = NaN"));
    }

    #[test]
    fn the_summary_describes_both_ends() {
        let outcomes = [0.01, 0.5, 0.9].map(|p| Outcome::new("test".to_owned(), p));
        let summary = summary(&outcomes);
        assert!(
            summary.starts_with("3 tests: 1 of their p-values are below 0.05; the expected number is 0.2.")
        );
        assert!(
            summary.contains("The smallest is 0.0100;") && summary.contains("with a probability of 0.03.\n")
        );
        assert!(
            summary.contains("The largest is 0.9000;") && summary.ends_with("with a probability of 0.27.")
        );
    }

    #[test]
    fn likely_values_pass() {
        assert!(failing(&[Outcome::new("even".to_owned(), 0.5)]).is_empty());
    }
}
