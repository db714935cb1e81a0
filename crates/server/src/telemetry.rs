//! The log: one line an event, to the standard error.

use std::error::Error;
use std::io::IsTerminal;
use std::iter::successors;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Starts the log with a filter like `info` or `tickseed_server=debug`.
///
/// # Errors
///
/// If the filter cannot be read.
pub fn start(filter: &str) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr)
        // Nobody may be reading the standard error any more; that must not end the server.
        .log_internal_errors(false)
        .init();
    Ok(())
}

/// An error and everything that it came from, in one line.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let causes = successors(Some(error), |cause| (*cause).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
