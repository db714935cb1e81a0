//! What the program prints to the standard output.

use std::io::{self, ErrorKind, Write};

/// Prints a text and the end of its line. Whoever has stopped reading does not want it any more, which is no error.
///
/// # Errors
///
/// If the standard output cannot be written, because a disk is full, say.
pub fn print_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
