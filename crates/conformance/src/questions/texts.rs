//! Seeds and channel names of every length and kind.

use core::fmt::Write;

use super::random::Random;
use crate::text::Text;

/// Ranges of code points by their length in UTF-8: bytes, first, last. The gap between the third and the fourth range is the
/// surrogates, D800 to DFFF, which are not characters.
const CHARACTERS: [(usize, u32, u32); 5] =
    [(1, 0, 0x7f), (2, 0x80, 0x7ff), (3, 0x800, 0xd7ff), (3, 0xe000, 0xffff), (4, 0x1_0000, 0x10_ffff)];

/// Makes text of exactly `length` bytes: printable ASCII, any ASCII, characters of one length in UTF-8, or a mixture.
pub(super) fn text<const BYTES: usize>(random: &mut Random, length: usize) -> Text<BYTES> {
    let mut text = Text::new();
    let kind = random.below(8);
    while text.len() < length {
        let left = length - text.len();
        let (bytes, from, to) = match kind {
            0 | 1 => (1, 0x20, 0x7e),
            2 => CHARACTERS[0],
            3..=6 => CHARACTERS[kind as usize - 2],
            _ => random.one_of(&CHARACTERS),
        };
        // Where the character no longer fits, ASCII does.
        let (from, to) = if bytes <= left { (from, to) } else { (0x20, 0x7e) };
        // The ranges hold only characters, so the default is never used.
        text.push(char::from_u32(from + random.below(to - from + 1)).unwrap_or_default());
    }
    text
}

/// Makes a text in the form of a UUID, like the seeds that servers generate.
pub(super) fn uuid<const BYTES: usize>(random: &mut Random) -> Text<BYTES> {
    let mut text = Text::new();
    let (high, low) = (random.word(), random.word());
    let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
    // 36 bytes fit into every text made here.
    let _ = write!(text, "{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_kind_have_the_requested_length() {
        let mut random = Random::new(0);
        let mut bytes_of_a_character = [0; 5];
        for length in (1..=128).cycle().take(10_000) {
            let text: Text<128> = text(&mut random, length);
            assert_eq!(text.len(), length);
            text.chars().for_each(|character| bytes_of_a_character[character.len_utf8()] += 1);
        }
        assert!(bytes_of_a_character[1..].iter().all(|count| *count > 10_000), "{bytes_of_a_character:?}");
    }

    #[test]
    fn a_uuid_has_the_usual_form() {
        let uuid: Text<128> = uuid(&mut Random::new(0));
        assert_eq!(uuid.as_str(), "e220a839-7b1d-cdaf-6e78-9e6aa1b965f4");
    }
}
