//! Draws: words, units, numbers below a bound, and orders, on several channels.

use super::Text;
use super::random::Random;
use super::text::text;
use crate::engine::Engine;
use crate::quoted::Quoted;
use crate::sink::Sink;

/// A deck of cards is the most that is brought into order.
const MOST_ITEMS: u32 = 52;

/// Bounds at which many words are refused, or none.
const CHOSEN_BOUNDS: [u32; 8] = [1, 2, 6, 1 << 31, (1 << 31) + 1, 3_000_000_000, u32::MAX - 1, u32::MAX];

/// Draws of a step on one channel or two.
pub(crate) fn ask_draws<E: Engine, S: Sink>(step: u64, random: &mut Random, engine: &mut E, sink: &mut S) {
    for _ in 0..=random.below(2) {
        ask_draw(step, random, engine, sink);
    }
}

fn ask_draw<E: Engine, S: Sink>(step: u64, random: &mut Random, engine: &mut E, sink: &mut S) {
    let channel = channel(random);
    sink.question(format_args!("draw of step {step}, channel {}", Quoted(&channel)));
    engine.draw(step, &channel);
    ask_words(random, engine, sink);
    sink.number("bits of unit", engine.unit().to_bits());
    ask_below(random, engine, sink);
    ask_order(random, engine, sink);
    // Tells whether all before took as many words as they should.
    sink.number("next word", engine.word().into());
}

/// Half are one of two names, as a game would use them.
fn channel(random: &mut Random) -> Text<64> {
    let name = match random.below(4) {
        0 => "loot",
        1 => "w\u{fc}rfel",
        _ => {
            let length = 1 + random.below(64) as usize;
            return text(random, length);
        }
    };
    let mut channel = Text::new();
    channel.push_str(name);
    channel
}

/// Mostly a few words; sometimes more than a block of the keystream has, which are 16, or than two have.
fn ask_words<E: Engine, S: Sink>(random: &mut Random, engine: &mut E, sink: &mut S) {
    let count = if random.below(8) == 0 { 12 + random.below(32) } else { random.below(4) };
    for _ in 0..count {
        sink.number("word", engine.word().into());
    }
}

fn ask_below<E: Engine, S: Sink>(random: &mut Random, engine: &mut E, sink: &mut S) {
    let n = if random.below(2) == 0 {
        random.one_of(&CHOSEN_BOUNDS)
    } else {
        1 + random.of_any_size_u32(u32::MAX - 1)
    };
    sink.question(format_args!("below {n}"));
    sink.number("is", engine.below(n).into());
}

fn ask_order<E: Engine, S: Sink>(random: &mut Random, engine: &mut E, sink: &mut S) {
    let mut deck = [0; MOST_ITEMS as usize];
    deck.iter_mut().zip(0..).for_each(|(item, number)| *item = number);
    let items = &mut deck[..random.of_any_size_u32(MOST_ITEMS) as usize];
    engine.shuffle(items);
    for item in items {
        sink.number("item", (*item).into());
    }
}
