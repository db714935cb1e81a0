//! Tests whether draws are uniform, and independent of other channels, of the next step and of the intervals.

use tickseed_engine::{Channel, Draw, Step, Timeline};

use crate::chi_square::ChiSquare;
use crate::numbers::table as markdown;
use crate::samples::DEFAULT;
use crate::verdict::Outcome;

/// The number of steps in a test.
const STEPS: u64 = 1_000_000;
const CHANNELS: [&str; 4] = ["loot", "map", "weather", "w\u{fc}rfel"];
/// Five items have 120 orders.
const ITEMS: usize = 5;

pub(crate) struct Test {
    name: String,
    chi_square: ChiSquare,
}

impl Test {
    /// Makes the seed from the name, so that every test has its own draws.
    fn new(name: String, measure: impl FnOnce(Timeline) -> ChiSquare) -> Self {
        let chi_square = measure(DEFAULT.timeline(&DEFAULT.test(&name)));
        Self { name, chi_square }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::new(DEFAULT.test(&self.name), self.chi_square.p)
    }
}

pub(crate) fn measure() -> Vec<Test> {
    let mut tests = Vec::new();
    for channel in CHANNELS {
        tests.extend(of_one_channel(channel));
    }
    tests.extend(of_two_channels());
    tests.push(of_neighbours());
    tests.push(of_two_blocks());
    tests.push(of_intervals());
    tests
}

fn steps() -> impl Iterator<Item = Step> {
    (0..STEPS).map(|step| Step::new(step).expect("a small step"))
}

fn channel_of(name: &str) -> Channel {
    Channel::new(name).expect("a short name")
}

/// Counts in cells.
struct Cells(Vec<u64>);

impl Cells {
    fn new(cells: usize) -> Self {
        Self(vec![0; cells])
    }

    fn count(&mut self, cell: u32) {
        self.0[cell as usize] += 1;
    }

    fn even(&self) -> ChiSquare {
        ChiSquare::even(&self.0)
    }
}

/// A value that must be uniform: its name, the number of possible values, and how to draw it.
type Value = (&'static str, usize, fn(&mut Draw) -> u32);

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cell below 1000")]
const VALUES: [Value; 6] = [
    ("high byte of a word", 256, |draw| draw.word() >> 24),
    ("low byte of a word", 256, |draw| draw.word() & 0xff),
    ("unit", 1000, |draw| (draw.unit() * 1000.0) as u32),
    ("below 6", 6, |draw| draw.below(6).expect("in range")),
    ("below 3,000,000,000", 1000, |draw| draw.below(3_000_000_000_u32).expect("in range") / 3_000_000),
    ("order of 5 items", 120, order),
];

fn of_one_channel(name: &str) -> Vec<Test> {
    let channel = channel_of(name);
    let test = |(what, number, value): Value| {
        Test::new(format!("{name}: {what}"), |mut timeline| {
            let mut cells = Cells::new(number);
            steps().for_each(|step| cells.count(value(&mut timeline.draw(step, channel))));
            cells.even()
        })
    };
    VALUES.map(test).into()
}

/// Shuffles five items and returns the number of their order, 0 to 119.
fn order(draw: &mut Draw) -> u32 {
    let mut items = [0, 1, 2, 3, 4];
    draw.shuffle(&mut items).expect("a few items");
    (0..ITEMS).fold(0, |number, index| {
        let smaller = items[index + 1..].iter().filter(|item| **item < items[index]).count();
        #[expect(clippy::cast_possible_truncation, reason = "below 5")]
        let (smaller, left) = (smaller as u32, (ITEMS - index) as u32);
        number * left + smaller
    })
}

/// Tests the first words of every two channels at the same step: four bits of each, and the number of bits that differ.
fn of_two_channels() -> Vec<Test> {
    let mut tests = Vec::new();
    for (index, one) in CHANNELS.into_iter().enumerate() {
        for other in &CHANNELS[index + 1..] {
            let channels = [one, other].map(channel_of);
            tests.push(Test::new(format!("{one} and {other}: four bits of each"), |timeline| {
                jointly(words_of_two(timeline, channels))
            }));
            tests.push(Test::new(format!("{one} and {other}: how many bits differ"), |timeline| {
                differing_bits(words_of_two(timeline, channels))
            }));
        }
    }
    tests
}

fn words_of_two(mut timeline: Timeline, channels: [Channel; 2]) -> impl Iterator<Item = (u32, u32)> {
    steps().map(move |step| channels.map(|channel| timeline.draw(step, channel).word()).into())
}

/// Tests whether all combinations of four bits of one word and four bits of another are equally frequent.
fn jointly(pairs: impl Iterator<Item = (u32, u32)>) -> ChiSquare {
    let mut cells = Cells::new(256);
    pairs.for_each(|(a, b)| cells.count(a >> 28 << 4 | b >> 28));
    cells.even()
}

/// Tests whether the number of bits that differ between two words is distributed like heads among 32 coins.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn differing_bits(pairs: impl Iterator<Item = (u32, u32)>) -> ChiSquare {
    let mut counts = [0_u64; 33];
    pairs.for_each(|(a, b)| counts[(a ^ b).count_ones() as usize] += 1);
    let total = counts.iter().sum::<u64>() as f64;
    let mut ways = 1.0;
    let expected: Vec<f64> = (0..=32_u32)
        .map(|bits| {
            let share = ways / 2_f64.powi(32);
            ways = ways * f64::from(32 - bits) / f64::from(bits + 1);
            share * total
        })
        .collect();
    // Cells at both ends are merged, since their expected counts are small.
    let (from, to) = (6, 26);
    let sums = |counts: &[f64]| {
        let ends = [counts[..=from].iter().sum(), counts[to..].iter().sum()];
        counts[from + 1..to].iter().copied().chain(ends).collect::<Vec<f64>>()
    };
    let counts: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
    ChiSquare::new(sums(&counts).into_iter().zip(sums(&expected)))
}

/// Tests the first words of each even step and the step after it, on one channel. No word belongs to two pairs: counts of
/// overlapping pairs depend on each other, so their statistic does not have a chi-square distribution.
fn of_neighbours() -> Test {
    let channel = channel_of(CHANNELS[0]);
    Test::new("loot: four bits of a step, four of the next".to_owned(), |mut timeline| {
        let words: Vec<u32> = steps().map(|step| timeline.draw(step, channel).word()).collect();
        jointly(words.chunks_exact(2).map(|pair| (pair[0], pair[1])))
    })
}

/// Tests the first word of a draw and its 17th, which comes from the next keystream block.
fn of_two_blocks() -> Test {
    let channel = channel_of(CHANNELS[0]);
    Test::new("loot: four bits of word 0, four of word 16".to_owned(), |mut timeline| {
        jointly(steps().map(|step| {
            let mut draw = timeline.draw(step, channel);
            let first = draw.word();
            (first, (0..16).fold(0, |_, _| draw.word()))
        }))
    })
}

/// Tests every interval against two bits of the word drawn at the first step of its round.
fn of_intervals() -> Test {
    Test::new("loot: an interval, two bits of its first step".to_owned(), with_intervals)
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn with_intervals(mut timeline: Timeline) -> ChiSquare {
    let channel = channel_of(CHANNELS[0]);
    let mut counts = vec![[0_u64; 4]; DEFAULT.choices() as usize];
    for number in 0..STEPS {
        let round = timeline.round_at(number).expect("a round before the last step");
        let word = timeline.draw(round.first_step, channel).word();
        counts[(round.interval - DEFAULT.min) as usize][(word >> 30) as usize] += 1;
    }
    let cells = counts.iter().flat_map(|row| {
        // Each quarter of the words is expected with a quarter of an interval's occurrences.
        let expected = row.iter().sum::<u64>() as f64 / 4.0;
        row.map(|count| (count as f64, expected))
    });
    let freedom = 3 * DEFAULT.choices();
    ChiSquare::with_freedom(cells, freedom)
}

pub(crate) fn table(tests: &[Test]) -> String {
    let lines: Vec<Vec<String>> = tests
        .iter()
        .map(|test| {
            let ChiSquare { statistic, freedom, p } = test.chi_square;
            vec![test.name.clone(), format!("{statistic:.1}"), freedom.to_string(), format!("{p:.4}")]
        })
        .collect();
    markdown(&["test", "χ²", "degrees", "p"], &lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_of_five_items_has_its_own_number() {
        let mut timeline = DEFAULT.timeline("orders");
        let channel = channel_of("loot");
        let mut cells = Cells::new(120);
        steps().take(5000).for_each(|step| cells.count(order(&mut timeline.draw(step, channel))));
        assert!(cells.0.iter().all(|count| *count > 0));
    }

    /// Compared with 0, the number of differing bits is the number of ones.
    #[test]
    fn independent_words_pass_and_equal_words_fail() {
        let mut timeline = DEFAULT.timeline("coins");
        let channel = channel_of("loot");
        let words: Vec<u32> = steps().take(100_000).map(|step| timeline.draw(step, channel).word()).collect();
        let fair = differing_bits(words.iter().map(|word| (*word, 0)));
        assert_eq!(fair.freedom, 20);
        assert!(fair.p > 1e-6);
        assert!(differing_bits(words.iter().map(|word| (*word, *word))).p < 1e-6);
        assert!(jointly(words.iter().map(|word| (*word, *word))).p < 1e-6);
    }
}
