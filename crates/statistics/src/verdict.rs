//! What all tests together came to.

use std::fmt::{Display, Formatter, Result};

/// Less likely than that is not taken for chance.
const LEAST_P: f64 = 1e-6;

/// A test by its name, and how likely chance alone is as far off, or farther.
#[derive(Debug)]
pub(crate) struct Outcome {
    name: String,
    pub(crate) p: f64,
}

impl Outcome {
    pub(crate) fn new(name: String, p: f64) -> Self {
        Self { name, p }
    }

    /// What is not a number fails, too.
    fn passes(&self) -> bool {
        self.p > LEAST_P
    }
}

impl Display for Outcome {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        write!(formatter, "{}: p = {:.2e}, where more than {LEAST_P:e} is to be expected", self.name, self.p)
    }
}

pub(crate) fn failing(outcomes: &[Outcome]) -> Vec<&Outcome> {
    outcomes.iter().filter(|outcome| !outcome.passes()).collect()
}

/// What all p-values together are like. They are independent and, if nothing but chance is at work, uniform.
pub(crate) fn sentences(outcomes: &[Outcome]) -> String {
    let p_values = || outcomes.iter().map(|outcome| outcome.p);
    let (least, greatest) = (p_values().fold(1.0, f64::min), p_values().fold(0.0, f64::max));
    let below = p_values().filter(|p| *p < 0.05).count();
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let count = outcomes.len() as f64;
    format!(
        "{count} tests: {below} of their p-values lie below 0.05, where {:.1} are to be expected.\n\
         The least is {least:.4}, and the least of so many lies below that with a probability of {:.2}.\n\
         The greatest is {greatest:.4}, and the greatest of so many lies above that with a probability of {:.2}.",
        count * 0.05,
        1.0 - (1.0 - least).powf(count),
        1.0 - greatest.powf(count)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_unlikely_or_no_number_fails_by_name() {
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
        assert_eq!(failing[0], "odd: p = 1.00e-7, where more than 1e-6 is to be expected");
        assert!(failing[2].starts_with("broken: p = NaN"));
    }

    #[test]
    fn the_sentences_tell_both_ends() {
        let outcomes = [0.01, 0.5, 0.9].map(|p| Outcome::new("test".to_owned(), p));
        let sentences = sentences(&outcomes);
        assert!(
            sentences
                .starts_with("3 tests: 1 of their p-values lie below 0.05, where 0.2 are to be expected.")
        );
        assert!(
            sentences.contains("The least is 0.0100,") && sentences.contains("with a probability of 0.03.\n")
        );
        assert!(
            sentences.contains("The greatest is 0.9000,")
                && sentences.ends_with("with a probability of 0.27.")
        );
    }

    #[test]
    fn nothing_fails_where_all_is_likely() {
        assert!(failing(&[Outcome::new("even".to_owned(), 0.5)]).is_empty());
    }
}
