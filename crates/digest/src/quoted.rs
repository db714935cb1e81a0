//! Texts for people and for other programs: in one line, and in the same letters on every machine.

use core::fmt::{self, Display, Write};

/// A text as JSON, in ASCII only: what is not printable ASCII as `\uXXXX`. Whoever writes the generator again in another
/// language can write lines that are equal to ours.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                ' '..='~' => f.write_char(character)?,
                _ => character
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .try_for_each(|unit| write!(f, "\\u{unit:04x}"))?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn what_is_not_printable_ascii_is_escaped() {
        let text = "a \"b\" \\ ~ \n \u{7f} \u{fc} \u{ffff} \u{10ffff}";
        let quoted = r#""a \"b\" \\ ~ \u000a \u007f \u00fc \uffff \udbff\udfff""#;
        assert_eq!(format!("{}", Quoted(text)), quoted);
    }
}
