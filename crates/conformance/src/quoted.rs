//! Quoting that gives the same single line of ASCII on every machine.

use core::fmt::{self, Display, Write};

/// Displays text as a JSON string in printable ASCII, with everything else as `\uXXXX`. Any language can produce the same
/// line.
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
    fn everything_but_printable_ascii_is_escaped() {
        let text = "a \"b\" \\ ~ \n \u{7f} \u{fc} \u{ffff} \u{10ffff}";
        let quoted = r#""a \"b\" \\ ~ \u000a \u007f \u00fc \uffff \udbff\udfff""#;
        assert_eq!(format!("{}", Quoted(text)), quoted);
    }
}
