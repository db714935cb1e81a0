//! Whether intervals are uniform on `min..=max`.
//!
//! The intervals of an epoch are pairs that add up to `min + max`, so the counts of `v` and of `min + max - v` are the same
//! over whole epochs, and half of all intervals say nothing new. A chi-square over all values would take them for
//! independent and come out with twice the variance. So two tests, each over what is independent:
//!
//! - over pairs: a pair is one of the sets `{v, min + max - v}`, and the pairs are drawn independently;
//! - over the first intervals of epochs, of which each epoch has one.
//!
//! They take different seeds, since the first interval of an epoch is one of a pair.

use crate::chi_square::ChiSquare;
use crate::numbers::{grouped, table as markdown};
use crate::samples::{RULE_SETS, RuleSet};
use crate::verdict::Outcome;

pub(crate) const INTERVALS: u64 = 10_000_000;
/// How the tests are called.
pub(crate) const PAIRS: &str = "pairs";
const FIRSTS: &str = "first of epoch";
/// More values than that are counted together, so that every count is large enough.
const MOST_CELLS: u32 = 1000;

pub(crate) struct Measured {
    rules: RuleSet,
    intervals: u64,
    pairs: ChiSquare,
    firsts: ChiSquare,
}

impl Measured {
    pub(crate) fn outcomes(&self) -> Vec<Outcome> {
        // Where there is but one pair, there is nothing to test.
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

/// How often intervals came.
struct Counts {
    rules: RuleSet,
    cells: Vec<u64>,
}

impl Counts {
    fn new(rules: RuleSet) -> Self {
        let cells = rules.choices().min(MOST_CELLS);
        assert_eq!(rules.choices() % cells, 0, "as many values in every cell");
        Self { rules, cells: vec![0; cells as usize] }
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most 1000 cells")]
    fn count(&mut self, interval: u32) {
        let values = self.rules.choices() / self.cells.len() as u32;
        self.cells[((interval - self.rules.min) / values) as usize] += 1;
    }

    /// The test over pairs. The cells of a pair are mirror images; one in the middle is its own, and has half the pairs.
    #[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
    fn pairs(&self) -> ChiSquare {
        let cells = self.cells.len();
        let pairs = self.cells.iter().sum::<u64>() as f64 / 2.0;
        let of_two = (0..cells / 2).map(|cell| {
            assert_eq!(
                self.cells[cell],
                self.cells[cells - 1 - cell],
                "the cells of a pair come equally often"
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
