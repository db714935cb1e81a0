//! Destinations for answers: a hash, or text for people.

use core::fmt::{self, Write};

use sha2::{Digest as _, Sha256};

/// Receives every answer, one number at a time.
pub(crate) trait Sink {
    /// Takes one number of an answer, and its name.
    fn number(&mut self, name: &str, number: u64);

    /// Takes a question, for display only: the answers already depend on it.
    fn question(&mut self, text: fmt::Arguments<'_>);

    /// Takes an answer that may be missing: first whether it is there, then the number.
    fn optional(&mut self, name: &str, number: Option<u64>) {
        match number {
            Some(number) => {
                self.number("there is", 1);
                self.number(name, number);
            }
            None => self.number("there is", 0),
        }
    }
}

/// Hashes each number as 8 bytes, little-endian.
impl Sink for Sha256 {
    fn number(&mut self, _: &str, number: u64) {
        self.update(number.to_le_bytes());
    }

    fn question(&mut self, _: fmt::Arguments<'_>) {}
}

/// Writes questions and answers on one line.
pub(crate) struct Transcript<'a, W>(pub(crate) &'a mut W);

impl<W: Write> Sink for Transcript<'_, W> {
    fn number(&mut self, name: &str, number: u64) {
        // A failed write shows as a truncated text; there is no better way to report it.
        let _ = write!(self.0, " {name} {number}");
    }

    fn question(&mut self, text: fmt::Arguments<'_>) {
        let _ = write!(self.0, "; {text}:");
    }
}

/// Discards everything.
pub(crate) struct Discard;

impl Sink for Discard {
    fn number(&mut self, _: &str, _: u64) {}

    fn question(&mut self, _: fmt::Arguments<'_>) {}
}
