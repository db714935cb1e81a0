//! The names of API keys.

use std::fmt;

/// The name of an API key: 1 to 64 ASCII letters, digits, `-`, `_` and `.`, of which the first is a letter or a digit.
///
/// Stored sessions contain such names, so no later version may allow less. The `Debug` form hides the name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyName(Box<str>);

/// A text that is not the name of an API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be 1 to {} ASCII letters, digits, -, _ and ., and begin with a letter or a digit",
    KeyName::MAX_BYTES
)]
pub struct InvalidKeyName;

impl KeyName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Takes a name.
    ///
    /// # Errors
    ///
    /// [`InvalidKeyName`] unless the text has the form of a name.
    pub fn new(text: &str) -> Result<Self, InvalidKeyName> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        if begins_well && text.len() <= Self::MAX_BYTES && text.bytes().all(is_allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidKeyName)
        }
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyName(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_limited_form() {
        for text in ["a", "7", "Studio-1_eu.west", &"x".repeat(64)] {
            assert_eq!(KeyName::new(text).unwrap().as_str(), text);
        }
        for text in ["", "-a", ".a", "_a", "a b", "é", "a\n", "a#", &"x".repeat(65)] {
            assert_eq!(KeyName::new(text), Err(InvalidKeyName), "{text:?}");
        }
    }
}
