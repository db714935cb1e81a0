//! What the server tells its operator: the log, with one line per event on standard error, and [`metrics`].
//!
//! A thread writes the lines. If nobody reads standard error, no request waits: further lines are lost, and counted.
//! Repeated events are counted too, so that a flood of them takes only a few lines.

mod format;
pub mod metrics;
mod repeats;
mod route;
mod standard_error;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tracing::Level;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

pub use self::format::LogFormat;
pub(crate) use self::repeats::ACCESS_TARGET;
use self::repeats::RepeatedEvents;
pub(crate) use self::route::RouteLabel;

/// How often the log looks for repeated events to report.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long the end of the process may wait for the last lines. Without a reader, they are never written.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);

/// The running log. Dropping it writes what is still pending.
pub struct Log {
    writer: NonBlocking,
    format: LogFormat,
    repeated: RepeatedEvents<NonBlocking>,
    thread: Option<WorkerGuard>,
}

/// Starts the log with a filter such as `info` or `tickseed=debug`, in one of its formats.
///
/// # Errors
///
/// If the filter is invalid.
pub fn start(filter: &str, format: LogFormat) -> Result<Log, ParseError> {
    let filter = EnvFilter::builder().parse(filter)?;
    let (writer, thread) = standard_error::non_blocking(io::stderr(), format);
    let repeated = RepeatedEvents::new(writer.clone(), format);
    let lines = fmt::layer()
        .with_ansi(io::stderr().is_terminal())
        .with_writer(writer.clone())
        .log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            lines.with_ansi(false).boxed()
        }
    };
    // The last layer is asked first: what the filter drops does not count as repeated.
    tracing_subscriber::registry().with(lines).with(repeated.clone()).with(filter).init();
    panic::set_hook(Box::new(log_panic));
    Ok(Log { writer, format, repeated, thread: Some(thread) })
}

impl Log {
    /// Reports repeated events, again and again. Never completes.
    pub async fn report_repeats(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.repeated.report(Instant::now());
        }
    }

    /// Writes the error that ends the process: as it is, or as an object like all other lines.
    pub fn write_error(&self, text: &str) {
        let line = match self.format {
            LogFormat::Text => format!("{text}\n"),
            LogFormat::Json => self.format.line(Level::ERROR, module_path!(), text, &[]),
        };
        drop(self.writer.clone().write_all(line.as_bytes()));
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.repeated.report_all();
        let Some(thread) = self.thread.take() else { return };
        // On a thread of its own, because the guard waits and prints if nobody reads standard error.
        let (flushed, wait) = mpsc::channel();
        let flush = move || {
            drop(thread);
            let _ = flushed.send(());
        };
        if thread::Builder::new().name("log-flush".to_owned()).spawn(flush).is_ok() {
            let _ = wait.recv_timeout(FLUSH_TIMEOUT);
        }
    }
}

/// Logs a panic. Rust's own report would wait for the reader of standard error.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!(reason = message, location, thread, %backtrace, "a panic, which is a bug");
    } else {
        tracing::error!(reason = message, location, thread, "a panic, which is a bug");
    }
}
