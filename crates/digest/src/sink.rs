//! Where the answers go: into a hash, or into words for people.

use core::fmt::{self, Write};

use sha2::{Digest as _, Sha256};

/// Takes every answer, one number after the other.
pub(crate) trait Sink {
    /// One number of an answer, and what it is.
    fn number(&mut self, what: &str, number: u64);

    /// A question. Answers follow from it, so it is only for people.
    fn question(&mut self, text: fmt::Arguments<'_>);

    /// An answer that an engine may refuse: whether it did, then the number.
    fn optional(&mut self, what: &str, number: Option<u64>) {
        match number {
            Some(number) => {
                self.number("there is", 1);
                self.number(what, number);
            }
            None => self.number("there is", 0),
        }
    }
}

/// Numbers as 8 bytes each, the low one first.
impl Sink for Sha256 {
    fn number(&mut self, _: &str, number: u64) {
        self.update(number.to_le_bytes());
    }

    fn question(&mut self, _: fmt::Arguments<'_>) {}
}

/// Writes questions and answers in one line.
pub(crate) struct Words<'a, W>(pub(crate) &'a mut W);

impl<W: Write> Sink for Words<'_, W> {
    fn number(&mut self, what: &str, number: u64) {
        // Whoever reads it sees a text that ends too early; there is nobody else to tell.
        let _ = write!(self.0, " {what} {number}");
    }

    fn question(&mut self, text: fmt::Arguments<'_>) {
        let _ = write!(self.0, "; {text}:");
    }
}
