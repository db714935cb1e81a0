//! Whether draws are uniform, and independent of other channels, other steps, and of the intervals.

use tickseed_engine::{Channel, Draw, Step, Timeline};

use crate::chi_square::ChiSquare;
use crate::numbers::{grouped, table as markdown};
use crate::samples::DEFAULT;

const STEPS: u64 = 1_000_000;
const CHANNELS: [&str; 4] = ["loot", "map", "weather", "w\u{fc}rfel"];
/// A shuffle of so many items has 120 orders.
const ITEMS: usize = 5;

pub(crate) struct Test {
    name: String,
    chi_square: ChiSquare,
    pub(crate) p: f64,
}

impl Test {
    fn new(name: impl Into<String>, chi_square: ChiSquare) -> Self {
        Self { name: name.into(), p: chi_square.p, chi_square }
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

/// The draw of every step on a channel.
fn each_draw(channel: &str, mut take: impl FnMut(&mut Timeline, Draw)) {
    let mut timeline = DEFAULT.timeline("statistics of draws");
    let channel = channel_of(channel);
    for step in 0..STEPS {
        let draw = timeline.draw(Step::new(step).expect("a small step"), channel);
        take(&mut timeline, draw);
    }
}

fn channel_of(name: &str) -> Channel {
    Channel::new(name).expect("a short name")
}

/// Counts in so many cells.
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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cell below 1000")]
fn of_one_channel(channel: &str) -> Vec<Test> {
    let (mut high, mut low) = (Cells::new(256), Cells::new(256));
    let (mut unit, mut six, mut large, mut orders) =
        (Cells::new(1000), Cells::new(6), Cells::new(1000), Cells::new(120));
    each_draw(channel, |_, mut draw| {
        let word = draw.word();
        high.count(word >> 24);
        low.count(word & 0xff);
        unit.count((draw.unit() * 1000.0) as u32);
        six.count(draw.below(6).expect("in range"));
        large.count(draw.below(3_000_000_000_u32).expect("in range") / 3_000_000);
        orders.count(order(&mut draw));
    });
    [
        ("high byte of a word", &high),
        ("low byte of a word", &low),
        ("unit", &unit),
        ("below 6", &six),
        ("below 3,000,000,000", &large),
        ("order of 5 items", &orders),
    ]
    .map(|(what, cells)| Test::new(format!("{channel}: {what}"), cells.even()))
    .into()
}

/// The number of the order in which items come, 0 to 119.
fn order(draw: &mut Draw) -> u32 {
    let mut items = [0, 1, 2, 3, 4];
    draw.shuffle(&mut items).expect("a few items");
    (0..ITEMS).fold(0, |number, place| {
        let smaller = items[place + 1..].iter().filter(|item| **item < items[place]).count();
        #[expect(clippy::cast_possible_truncation, reason = "below 5")]
        let (smaller, left) = (smaller as u32, (ITEMS - place) as u32);
        number * left + smaller
    })
}

/// Every two channels: the first words of the same step, four bits of each, and the bits that they have in common.
fn of_two_channels() -> Vec<Test> {
    let words: Vec<Vec<u32>> = CHANNELS.iter().map(|channel| first_words(channel)).collect();
    let mut tests = Vec::new();
    for one in 0..CHANNELS.len() {
        for other in one + 1..CHANNELS.len() {
            let pairs = || words[one].iter().copied().zip(words[other].iter().copied());
            let names = format!("{} and {}", CHANNELS[one], CHANNELS[other]);
            tests.push(Test::new(format!("{names}: four bits of each"), jointly(pairs())));
            tests.push(Test::new(format!("{names}: how many bits differ"), differing_bits(pairs())));
        }
    }
    tests
}

fn first_words(channel: &str) -> Vec<u32> {
    let mut words = Vec::new();
    each_draw(channel, |_, mut draw| words.push(draw.word()));
    words
}

/// Four bits of one word and four of another are to come in every combination equally often.
fn jointly(pairs: impl Iterator<Item = (u32, u32)>) -> ChiSquare {
    let mut cells = Cells::new(256);
    pairs.for_each(|(a, b)| cells.count(a >> 28 << 4 | b >> 28));
    cells.even()
}

/// The number of bits that differ between two words is to be that of 32 coins.
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
    // Both ends together, where few are to be expected.
    let (from, to) = (6, 26);
    let sums = |counts: &[f64]| {
        let ends = [counts[..=from].iter().sum(), counts[to..].iter().sum()];
        counts[from + 1..to].iter().copied().chain(ends).collect::<Vec<f64>>()
    };
    let counts: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
    ChiSquare::new(sums(&counts).into_iter().zip(sums(&expected)))
}

/// The first words of a step and of the next, on one channel.
fn of_neighbours() -> Test {
    let words = first_words(CHANNELS[0]);
    let pairs = words.iter().copied().zip(words[1..].iter().copied());
    Test::new("loot: four bits of a step, four of the next", jointly(pairs))
}

/// The first word of a draw and its 17th, which comes from another block of the keystream.
fn of_two_blocks() -> Test {
    let mut pairs = Vec::new();
    each_draw(CHANNELS[0], |_, mut draw| {
        let first = draw.word();
        pairs.push((first, (0..16).fold(0, |_, _| draw.word())));
    });
    Test::new("loot: four bits of word 0, four of word 16", jointly(pairs.into_iter()))
}

/// Every interval against two bits of the word that is drawn when its round begins.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn of_intervals() -> Test {
    let mut timeline = DEFAULT.timeline("statistics of draws");
    let channel = channel_of(CHANNELS[0]);
    let mut counts = vec![[0_u64; 4]; DEFAULT.choices() as usize];
    for number in 0..STEPS {
        let round = timeline.round_at(number).expect("a round before the last step");
        let word = timeline.draw(round.first_step, channel).word();
        counts[(round.interval - DEFAULT.min) as usize][(word >> 30) as usize] += 1;
    }
    let cells = counts.iter().flat_map(|row| {
        // Given how often an interval came, each quarter of the words is to have a quarter of it.
        let expected = row.iter().sum::<u64>() as f64 / 4.0;
        row.map(|count| (count as f64, expected))
    });
    let freedom = 3 * DEFAULT.choices();
    Test::new("loot: an interval, two bits of its first step", ChiSquare::with_freedom(cells, freedom))
}

pub(crate) fn table(tests: &[Test]) -> String {
    let lines: Vec<Vec<String>> = tests
        .iter()
        .map(|test| {
            let ChiSquare { statistic, freedom, .. } = test.chi_square;
            vec![test.name.clone(), format!("{statistic:.1}"), freedom.to_string(), format!("{:.3}", test.p)]
        })
        .collect();
    let title = format!("{} draws", grouped(STEPS));
    markdown(&[&title, "χ²", "degrees", "p"], &lines)
}
