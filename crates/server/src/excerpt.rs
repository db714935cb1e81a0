//! Shows text from a client in errors and in the log: shortened, and without characters that act on a terminal.

/// The longest text that is shown whole, in characters.
const MAX_CHARACTERS: usize = 80;

/// Returns the beginning of a text. A long text ends with an ellipsis, and invisible characters are escaped.
pub(crate) fn excerpt(text: &str) -> String {
    let (shown, end) = match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => (&text[..end], "…"),
        None => (text, ""),
    };
    let mut excerpt = String::with_capacity(shown.len() + end.len());
    for character in shown.chars() {
        match character {
            '"' | '\'' | '\\' => excerpt.push(character),
            _ => excerpt.extend(character.escape_debug()),
        }
    }
    excerpt + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_printable_text_is_unchanged() {
        for text in ["", "text/plain", r#"{"a":"b\n"}"#, "it's", "günstig 🎲", &"ä".repeat(80)] {
            assert_eq!(excerpt(text), text);
        }
    }

    #[test]
    fn long_text_is_cut_between_two_characters() {
        assert_eq!(excerpt(&"ä".repeat(81)), "ä".repeat(80) + "…");
        assert_eq!(excerpt(&"x".repeat(100_000)).chars().count(), 81);
    }

    #[test]
    fn characters_that_act_on_a_terminal_are_escaped() {
        assert_eq!(excerpt("a\u{1b}[2Jb\r\n\0"), r"a\u{1b}[2Jb\r\n\0");
        assert_eq!(excerpt("\u{202e}\u{7f}\u{85}"), r"\u{202e}\u{7f}\u{85}");
    }
}
