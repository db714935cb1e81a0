//! Pearson's chi-square test.

use statrs::distribution::{ChiSquared, ContinuousCDF, Normal};

/// The result of a test.
#[derive(Debug, Clone)]
pub(crate) struct ChiSquare {
    pub(crate) statistic: f64,
    pub(crate) freedom: u32,
    /// The probability that chance alone gives a result at least as far off.
    pub(crate) p: f64,
}

impl ChiSquare {
    /// Tests counts against their expected values. The total determines one of the counts.
    pub(crate) fn new(counts: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let (statistic, cells) = counts.into_iter().fold((0.0, 0), |(sum, cells), (count, expected)| {
            (sum + (count - expected).powi(2) / expected, cells + 1)
        });
        Self::of(statistic, cells - 1)
    }

    /// Tests counts that are expected to be equal.
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    pub(crate) fn even(counts: &[u64]) -> Self {
        let expected = counts.iter().sum::<u64>() as f64 / counts.len() as f64;
        Self::new(counts.iter().map(|count| (*count as f64, expected)))
    }

    /// Tests counts with fixed sums of groups, which leave `freedom` counts free.
    pub(crate) fn with_freedom(counts: impl IntoIterator<Item = (f64, f64)>, freedom: u32) -> Self {
        let distances = counts.into_iter().map(|(count, expected)| (count - expected).powi(2) / expected);
        Self::of(distances.sum(), freedom)
    }

    fn of(statistic: f64, freedom: u32) -> Self {
        let p = match freedom {
            0 => 1.0,
            _ => ChiSquared::new(freedom.into()).expect("more than 0 degrees of freedom").sf(statistic),
        };
        Self { statistic, freedom, p }
    }
}

/// Returns the probability that a standard normal variable is at least as far from 0.
pub(crate) fn two_sided(z: f64) -> f64 {
    2.0 * Normal::standard().sf(z.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values are from published tables.
    #[test]
    fn tail_probabilities_match_the_tables() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-4, "{a} {b}");
        close(ChiSquare::of(3.841, 1).p, 0.05);
        close(ChiSquare::of(18.307, 10).p, 0.05);
        close(ChiSquare::of(124.342, 100).p, 0.05);
        close(two_sided(1.96), 0.05);
        close(two_sided(-1.96), 0.05);
    }

    #[test]
    fn nan_has_no_p_value() {
        assert!(ChiSquare::even(&[0, 0]).p.is_nan());
        assert!(two_sided(f64::NAN).is_nan());
    }

    #[test]
    fn even_counts_have_a_statistic_of_zero() {
        let test = ChiSquare::even(&[10, 10, 10]);
        assert_eq!(test.freedom, 2);
        assert!(test.statistic.abs() < 1e-9 && test.p > 0.999);
        assert!(ChiSquare::even(&[100, 0, 0]).p < 1e-6);
    }
}
