//! Texts that nothing may print.

use std::fmt;

/// A setting that is a password or may contain one. Its `Debug` form hides the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text.
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }

    /// Returns the text. Never print it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_debug_form_hides_the_text() {
        let text = format!("{:?}", Some(Secret::new("opensesame".to_owned())));
        assert_eq!(text, "Some(Secret(…))");
    }
}
