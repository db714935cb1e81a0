//! The log: one line per event, on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// Starts the log with a filter such as `info` or `tickseed=debug`.
///
/// # Errors
///
/// If the filter is invalid.
pub fn start(filter: &str) -> Result<(), ParseError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(std::io::stderr)
        // The reader of standard error may be gone. That must not end the server.
        .log_internal_errors(false)
        .init();
    Ok(())
}
