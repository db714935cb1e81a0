//! Prints the output of the commands.

use std::io::{self, ErrorKind, Write};
use std::thread;

use tickseed_session::error_chain;

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

/// Prints a line to standard output without waiting for its reader. A failure is only logged.
pub(crate) fn print_line_in_background(text: String) {
    let print = move || {
        if let Err(error) = print_line(&text) {
            tracing::warn!(error = error_chain(&error), "standard output cannot be written");
        }
    };
    if let Err(error) = thread::Builder::new().name("stdout".to_owned()).spawn(print) {
        tracing::warn!(error = error_chain(&error), "standard output cannot be written");
    }
}

/// Prints a line to standard error. Its reader may be gone, and then nobody wants to know.
pub fn print_error(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}
