//! Tests whether intervals are uniform on `min..=max`.
//!
//! The intervals of an epoch form pairs that add up to `min + max`. Over complete epochs the counts of `v` and `min + max - v`
//! are therefore equal, and half of the intervals carry no information. A chi-square over all values would treat them as
//! independent and have twice the variance. Two tests use only independent intervals instead:
//!
//! - all pairs: a pair is one of the sets `{v, min + max - v}`, and pairs are drawn independently;
//! - the first interval of every epoch.
//!
//! They use different seeds, since the first interval of an epoch belongs to a pair.

use crate::chi_square::ChiSquare;
use crate::numbers::{grouped, table as markdown};
use crate::samples::{RULE_SETS, RuleSet};
use crate::verdict::Outcome;

pub(crate) const INTERVALS: u64 = 10_000_000;
/// The names of the tests, from which their seeds are made.
pub(crate) const PAIRS: &str = "pairs";
const FIRSTS: &str = "first of epoch";
/// With more values than this, adjacent ones share a cell, so that every count is large enough.
const MOST_CELLS: u32 = 1000;

pub(crate) struct Measured {
    rules: RuleSet,
    intervals: u64,
    pairs: ChiSquare,
    firsts: ChiSquare,
}

impl Measured {
    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        // With only one possible pair there is nothing to test.
        [(PAIRS, &self.pairs), (FIRSTS, &self.firsts)]
            .into_iter()
            .filter(|(_, test)| test.freedom > 0)
            .map(|(what, test)| Outcome::new(self.rules.test(what), test.p))
            .collect()
    }
}

pub(crate) fn measure() -> Vec<Measured> {
    RULE_SETS.into_iter().map(measure_one).collect()
}

fn measure_one(rules: RuleSet) -> Measured {
    let mut all = Counts::new(rules);
    rules.each_epoch(PAIRS, INTERVALS, |epoch| epoch.iter().for_each(|interval| all.count(*interval)));
    let mut firsts = Counts::new(rules);
    rules.each_epoch(FIRSTS, INTERVALS, |epoch| firsts.count(epoch[0]));
    Measured {
        rules,
        intervals: all.cells.iter().sum(),
        pairs: all.pairs(),
        firsts: ChiSquare::even(&firsts.cells),
    }
}

/// Counts of intervals.
struct Counts {
    rules: RuleSet,
    cells: Vec<u64>,
}

impl Counts {
    fn new(rules: RuleSet) -> Self {
        let cells = rules.choices().min(MOST_CELLS);
        assert_eq!(rules.choices() % cells, 0, "every cell has the same number of values");
        Self { rules, cells: vec![0; cells as usize] }
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most 1000 cells")]
    fn count(&mut self, interval: u32) {
        let values = self.rules.choices() / self.cells.len() as u32;
        self.cells[((interval - self.rules.min) / values) as usize] += 1;
    }

    /// Tests the pairs. The two cells of a pair are mirror images; a middle cell is its own mirror image, and two of its intervals
    /// make a pair.
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    fn pairs(&self) -> ChiSquare {
        let cells = self.cells.len();
        let pairs = self.cells.iter().sum::<u64>() as f64 / 2.0;
        let of_two = (0..cells / 2).map(|cell| {
            assert_eq!(
                self.cells[cell],
                self.cells[cells - 1 - cell],
                "the cells of a pair have equal counts"
            );
            (self.cells[cell] as f64, 2.0 * pairs / cells as f64)
        });
        let middle = (cells % 2 == 1).then(|| (self.cells[cells / 2] as f64 / 2.0, pairs / cells as f64));
        ChiSquare::new(of_two.chain(middle))
    }
}

pub(crate) fn table(measured: &[Measured]) -> String {
    let number = |test: &ChiSquare| {
        if test.freedom == 0 {
            return ["-".to_owned(), "0".to_owned(), "-".to_owned()];
        }
        [format!("{:.1}", test.statistic), test.freedom.to_string(), format!("{:.4}", test.p)]
    };
    let lines: Vec<Vec<String>> = measured
        .iter()
        .map(|one| {
            let names = [one.rules.name(), grouped(one.intervals)];
            names.into_iter().chain(number(&one.pairs)).chain(number(&one.firsts)).collect()
        })
        .collect();
    let head = ["rules", "intervals", "pairs: χ²", "degrees", "p", "first of epoch: χ²", "degrees", "p"];
    markdown(&head, &lines)
}
