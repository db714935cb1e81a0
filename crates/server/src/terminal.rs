//! Prints the output of the commands.

use std::io::{self, ErrorKind, Write};

/// Prints a line to standard output. A closed pipe is not an error: its reader has seen enough.
///
/// # Errors
///
/// If standard output cannot be written for any other reason, such as a full disk.
pub fn print_line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
