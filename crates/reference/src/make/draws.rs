//! Cases: words of draws and the values taken from them.

use super::inputs::{
    DEFAULT_RULES, DEFAULT_SEED, LONGEST_EPOCHS, RULES, SHORTEST_EPOCHS, channels, last_epoch, seeds,
    steps_at_epoch_border, timeline,
};
use super::pseudo_random::PseudoRandom;
use super::repeats::without_repeats;
use crate::reference::{Draw, LAST_STEP};
use crate::vectors::{Below, DrawCase, InTurn, Rules};

const PSEUDO_RANDOM_CASES: usize = 40;

/// Two full blocks and half of the third.
const WORDS: usize = 40;
const UNITS: usize = 4;
const BELOW_VALUES: usize = 8;
/// The least and the greatest n, a die, an n for which half of the words lie exactly at the limit and none is rejected, and its
/// successor, which rejects almost half of the words.
const BELOW_N: [u32; 5] = [1, 6, 2_147_483_648, 2_147_483_649, 4_294_967_295];
const CARDS: u32 = 52;

pub(super) fn cases() -> Vec<DrawCase> {
    let mut cases = of_every_channel();
    cases.extend(of_every_seed());
    cases.extend(epoch_borders());
    cases.extend(far_steps());
    cases.extend(pseudo_random());
    without_repeats(cases)
}

/// The draw of a case.
struct DrawInput<'a> {
    seed: &'a str,
    rules: Rules,
    step: u64,
    channel: &'a str,
}

impl DrawInput<'_> {
    fn fresh_draw(&self) -> Draw {
        timeline(self.seed, &self.rules)
            .draw(self.step, self.channel)
            .expect("a step and a channel chosen within their ranges")
    }
}

fn case(why: impl Into<String>, input: &DrawInput<'_>) -> DrawCase {
    let mut draw = input.fresh_draw();
    let shuffle_52 = shuffled_cards(&mut draw);
    DrawCase {
        why: why.into(),
        seed: input.seed.to_owned(),
        rules: input.rules,
        step: input.step,
        channel: input.channel.to_owned(),
        words: words(input.fresh_draw()),
        units: units(input.fresh_draw()),
        below: BELOW_N.map(|n| Below { n, values: values_below(input.fresh_draw(), n) }).to_vec(),
        shuffle_52,
        word_after_shuffle: draw.word(),
        in_turn: in_turn(input.fresh_draw()),
    }
}

fn words(mut draw: Draw) -> Vec<u32> {
    (0..WORDS).map(|_| draw.word()).collect()
}

fn units(mut draw: Draw) -> Vec<u64> {
    (0..UNITS).map(|_| draw.unit_numerator()).collect()
}

fn values_below(mut draw: Draw, n: u32) -> Vec<u32> {
    (0..BELOW_VALUES).map(|_| below(&mut draw, n)).collect()
}

fn below(draw: &mut Draw, n: u32) -> u32 {
    draw.below(n).expect("n is not 0")
}

fn shuffled_cards(draw: &mut Draw) -> Vec<u32> {
    let mut cards: Vec<u32> = (0..CARDS).collect();
    draw.shuffle(&mut cards);
    cards
}

fn in_turn(mut draw: Draw) -> InTurn {
    InTurn {
        first_word: draw.word(),
        below_1: below(&mut draw, 1),
        unit: draw.unit_numerator(),
        below_6: below(&mut draw, 6),
        last_word: draw.word(),
    }
}

fn of_every_channel() -> Vec<DrawCase> {
    let mut cases = Vec::new();
    for step in [0, 1_000_000] {
        for channel in channels() {
            let input = DrawInput { seed: DEFAULT_SEED, rules: DEFAULT_RULES, step, channel: &channel.text };
            cases.push(case(format!("channel: {}", channel.why), &input));
        }
    }
    cases
}

fn of_every_seed() -> Vec<DrawCase> {
    seeds()
        .into_iter()
        .map(|seed| {
            let input = DrawInput { seed: &seed.text, rules: DEFAULT_RULES, step: 12, channel: "dice" };
            case(format!("seed: {}", seed.why), &input)
        })
        .collect()
}

/// After a border the epoch secret is a new one and the offset is 0 again. The last position of the longest epochs has the largest
/// possible offset, 256 000 255.
fn epoch_borders() -> Vec<DrawCase> {
    let mut cases = Vec::new();
    for rules in RULES {
        for (why, step) in steps_at_epoch_border(&rules, 1) {
            cases.push(case(why, &DrawInput { seed: DEFAULT_SEED, rules, step, channel: "dice" }));
        }
    }
    for rules in [DEFAULT_RULES, SHORTEST_EPOCHS, LONGEST_EPOCHS] {
        for (why, step) in steps_at_epoch_border(&rules, last_epoch(&rules)) {
            cases.push(case(
                why,
                &DrawInput { seed: DEFAULT_SEED, rules, step, channel: &"\u{1f3b2}".repeat(16) },
            ));
        }
    }
    cases
}

fn far_steps() -> Vec<DrawCase> {
    let far = [("step 2^32", 1 << 32), ("step 2^32 + 1", (1 << 32) + 1), ("the last step", LAST_STEP)];
    let of_rules = |rules| {
        far.map(|(why, step)| case(why, &DrawInput { seed: DEFAULT_SEED, rules, step, channel: "dice" }))
    };
    [DEFAULT_RULES, SHORTEST_EPOCHS, LONGEST_EPOCHS].into_iter().flat_map(of_rules).collect()
}

fn pseudo_random() -> Vec<DrawCase> {
    let mut random = PseudoRandom::new("draws");
    (0..PSEUDO_RANDOM_CASES)
        .map(|_| {
            let (seed, rules, channel) = (random.seed(), random.rules(), random.seed());
            case("pseudo-random", &DrawInput { seed: &seed, rules, step: random.step(), channel: &channel })
        })
        .collect()
}
