//! How well the next interval can be predicted.

/// How well the next interval can be predicted after a given number of intervals.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Forecast {
    /// Average bits of surprise: computed for the sum alone, measured for pairs.
    pub(crate) sum_bits: f64,
    pub(crate) pair_bits: f64,
    /// Probability that the best guess is right: computed for the sum alone, computed and measured for pairs.
    pub(crate) sum_guess: f64,
    pub(crate) pair_guess: f64,
    pub(crate) pair_hits: f64,
}

pub(super) fn entropy(probabilities: &[f64]) -> f64 {
    probabilities.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2()).sum()
}

/// Returns the index of the greatest probability, and the probability.
pub(super) fn most_likely(probabilities: &[f64]) -> (usize, f64) {
    let pairs = probabilities.iter().copied().enumerate();
    pairs.fold((0, 0.0), |best, one| if one.1 > best.1 { one } else { best })
}
