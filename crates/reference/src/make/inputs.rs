//! Inputs chosen by hand: the ends of every range, and inputs that ports are likely to get wrong.

use crate::reference;
use crate::vectors::{BreakInterval, Rules};

/// The seed of section 9 of `docs/engine.md`.
pub(super) const DEFAULT_SEED: &str = "550e8400-e29b-41d4-a716-446655440000";

/// A seed or the name of a channel, and the reason for it.
pub(super) struct Text {
    pub(super) why: &'static str,
    pub(super) text: String,
}

fn text(why: &'static str, text: impl Into<String>) -> Text {
    Text { why, text: text.into() }
}

/// Returns seeds of 1 to 128 bytes.
pub(super) fn seeds() -> Vec<Text> {
    let mut seeds = vec![
        text("a UUID", DEFAULT_SEED),
        text("the same UUID in capitals is another seed", DEFAULT_SEED.to_uppercase()),
        text("1 byte", "a"),
        text("1 byte: zero", "\0"),
        text("1 byte: space", " "),
        text("128 bytes of ASCII", "tickseed".repeat(16)),
        text("128 bytes: 64 characters of 2 bytes", "\u{e9}".repeat(64)),
        text("128 bytes: 42 characters of 3 bytes, 1 of 2", format!("{}\u{e9}", "\u{8a9e}".repeat(42))),
        text("128 bytes: 32 characters of 4 bytes", "\u{1f3b2}".repeat(32)),
    ];
    seeds.extend(unusual_texts());
    seeds
}

/// Returns names of channels of 1 to 64 bytes.
pub(super) fn channels() -> Vec<Text> {
    let mut channels = vec![
        text("a plain channel", "dice"),
        text("1 byte", "d"),
        text("capitals make another channel", "Dice"),
        text("64 bytes of ASCII", "loot-box".repeat(8)),
        text("64 bytes: 32 characters of 2 bytes", "\u{e9}".repeat(32)),
        text("64 bytes: 21 characters of 3 bytes, 1 of 1", format!("{}a", "\u{8a9e}".repeat(21))),
        text("64 bytes: 16 characters of 4 bytes", "\u{1f3b2}".repeat(16)),
    ];
    channels.extend(unusual_texts());
    channels
}

/// Returns texts that are easily altered in transit: by normalising, trimming, escaping or counting characters.
fn unusual_texts() -> Vec<Text> {
    vec![
        text("2-byte character, composed (NFC)", "caf\u{e9}"),
        text("the same to the eye, with a combining character (NFD)", "cafe\u{301}"),
        text("3-byte characters, composed (NFC)", "\u{ac00}\u{b098}"),
        text("the same to the eye, decomposed (NFD)", "\u{1100}\u{1161}\u{1102}\u{1161}"),
        text("4-byte character", "\u{1f3b2}"),
        text("1 to 4 bytes in one text", "a\u{e9}\u{8a9e}\u{1f3b2}"),
        text("the last character of each byte length", "\u{7f}\u{7ff}\u{ffff}\u{10ffff}"),
        text("characters joined into one by a zero-width joiner", "\u{1f469}\u{200d}\u{1f680}"),
        text("right-to-left text with a direction mark", "\u{200f}\u{5e9}\u{5dc}\u{5d5}\u{5dd}"),
        text("spaces at both ends are part of it", " dice "),
        text("what JSON escapes", "\"\\/\u{8}\u{c}\n\r\t\u{1f}"),
        text("line separators of JavaScript", "\u{2028}\u{2029}"),
        text("a byte order mark is part of it", "\u{feff}dice"),
        text("a zero byte inside", "dice\0dice"),
    ]
}

pub(super) const fn rules(min: u32, max: u32, rounds_per_epoch: u32) -> Rules {
    Rules { break_interval: BreakInterval { min, max }, rounds_per_epoch }
}

pub(super) const DEFAULT_RULES: Rules = rules(100, 300, 64);
/// The shortest epochs: 4 positions.
pub(super) const SHORTEST_EPOCHS: Rules = rules(1, 1, 2);
/// The longest epochs: 256 000 256 positions.
pub(super) const LONGEST_EPOCHS: Rules = rules(1_000_000, 1_000_000, 256);
/// The widest range of intervals, and the most rounds per epoch.
pub(super) const WIDEST_CHOICE: Rules = rules(1, 1_000_000, 256);

/// Rules at every end of their ranges and in between.
pub(super) const RULES: [Rules; 18] = [
    DEFAULT_RULES,
    SHORTEST_EPOCHS,
    rules(1, 1, 256),
    rules(7, 7, 2),
    rules(7, 7, 64),
    rules(1_000_000, 1_000_000, 2),
    LONGEST_EPOCHS,
    rules(1, 2, 2),
    rules(1, 2, 4),
    rules(3, 10, 4),
    rules(1, 6, 254),
    rules(100, 300, 2),
    rules(100, 300, 4),
    rules(100, 300, 256),
    rules(1, 1_000_000, 2),
    rules(1, 1_000_000, 64),
    WIDEST_CHOICE,
    rules(999_999, 1_000_000, 256),
];

/// Converts valid rules to those of the reference.
pub(super) fn reference_rules(rules: &Rules) -> reference::Rules {
    let BreakInterval { min, max } = rules.break_interval;
    reference::Rules::new(min, max, rules.rounds_per_epoch).expect("rules chosen within their ranges")
}

/// Returns the reference's timeline for valid inputs.
pub(super) fn timeline(seed: &str, rules: &Rules) -> reference::Timeline {
    reference::Timeline::new(seed, reference_rules(rules)).expect("a seed chosen within its range")
}

/// Returns the number of the epoch of the very last step.
pub(super) fn last_epoch(rules: &Rules) -> u64 {
    (reference::LAST_STEP + 1) / reference_rules(rules).epoch_length()
}

/// Returns the steps around an epoch's first position that exist: t = e E - 1, e E and e E + 1.
pub(super) fn steps_at_epoch_border(rules: &Rules, epoch: u64) -> Vec<(String, u64)> {
    let first_position = epoch * reference_rules(rules).epoch_length();
    [("last position before", 2), ("first position of", 1), ("second position of", 0)]
        .into_iter()
        .filter_map(|(position, back)| {
            let step = first_position.checked_sub(back)?;
            Some((format!("{position} epoch {epoch}"), step))
        })
        .filter(|(_, step)| *step <= reference::LAST_STEP)
        .collect()
}
