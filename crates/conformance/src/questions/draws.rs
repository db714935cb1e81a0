//! Questions about draws: words, units, numbers below a bound, and shuffles, on several channels.

use super::random::Random;
use super::texts::text;
use crate::engine::Engine;
use crate::quoted::Quoted;
use crate::sink::Sink;
use crate::text::Text;

/// Shuffles take at most a deck of cards.
const MOST_ITEMS: u32 = 52;

/// Bounds that reject many words, or none.
const CHOSEN_BOUNDS: [u32; 8] = [1, 2, 6, 1 << 31, (1 << 31) + 1, 3_000_000_000, u32::MAX - 1, u32::MAX];

/// Asks for draws of a step on one or two channels.
pub(super) fn ask_draws<E: Engine, S: Sink>(step: u64, random: &mut Random, engine: &mut E, sink: &mut S) {
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
    ask_shuffle(random, engine, sink);
    // Shows whether everything before took the right number of words.
    sink.number("next word", engine.word().into());
}

/// Half of the channels have one of two names that a game might use.
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

/// Takes up to three words, or occasionally 12 to 43, which reaches past the first one or two keystream blocks of 16.
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

fn ask_shuffle<E: Engine, S: Sink>(random: &mut Random, engine: &mut E, sink: &mut S) {
    let mut deck = [0; MOST_ITEMS as usize];
    deck.iter_mut().zip(0..).for_each(|(item, number)| *item = number);
    let items = &mut deck[..random.of_any_size_u32(MOST_ITEMS) as usize];
    engine.shuffle(items);
    for item in items {
        sink.number("item", (*item).into());
    }
}
