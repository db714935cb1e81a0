//! Shows on standard error how far a command is.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use tickseed_session::SessionId;
use tickseed_store::transfer::Observer;

use super::sessions;

/// How often the line on a terminal changes.
const ON_A_TERMINAL: Duration = Duration::from_millis(200);

/// How often there is another line elsewhere.
const ELSEWHERE: Duration = Duration::from_secs(10);

/// Moves to the beginning of the line and clears it.
const CLEAR: &str = "\r\u{1b}[K";

/// How far a command is: a line in place on a terminal, a line now and then elsewhere, or nothing.
pub(super) struct Progress {
    verb: &'static str,
    is_quiet: bool,
    is_terminal: bool,
    began: Instant,
    shown: Instant,
    /// Whether the line of the terminal has something on it.
    is_open: bool,
}

impl Progress {
    pub(super) fn new(verb: &'static str, is_quiet: bool) -> Self {
        let now = Instant::now();
        let is_terminal = io::stderr().is_terminal();
        Self { verb, is_quiet, is_terminal, began: now, shown: now, is_open: false }
    }

    /// Shows a number of sessions or entries, and of how many, if that is known.
    pub(super) fn show(&mut self, done: u64, all: Option<u64>) {
        let every = if self.is_terminal { ON_A_TERMINAL } else { ELSEWHERE };
        if self.is_quiet || self.shown.elapsed() < every {
            return;
        }
        self.shown = Instant::now();
        let of = all.map(|all| format!(" of {all}")).unwrap_or_default();
        let line = format!("{} {done}{of}, {} a second", self.verb, self.rate(done));
        let mut out = io::stderr().lock();
        self.is_open = self.is_terminal;
        // Nobody may be reading standard error any more, and that is no reason to fail.
        drop(if self.is_terminal { write!(out, "{CLEAR}{line}") } else { writeln!(out, "{line}") });
    }

    /// Writes a line that stays.
    pub(super) fn line(&mut self, text: &str) {
        let clear = if std::mem::take(&mut self.is_open) { CLEAR } else { "" };
        drop(writeln!(io::stderr().lock(), "{clear}{text}"));
    }

    /// Returns the time since the beginning and the rate, for the last line.
    pub(super) fn total(&self, done: u64) -> String {
        format!("in {:.1} s, {} a second", self.began.elapsed().as_secs_f64(), self.rate(done))
    }

    fn rate(&self, done: u64) -> u128 {
        u128::from(done) * 1_000 / self.began.elapsed().as_millis().max(1)
    }
}

impl Observer for Progress {
    fn progressed(&mut self, done: u64) {
        self.show(done, None);
    }

    fn left_out(&mut self, id: SessionId, reason: &str) {
        self.line(&format!("left out: {id}: {reason}"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_open {
            drop(write!(io::stderr().lock(), "{CLEAR}"));
        }
    }
}

/// Returns a number of sessions that something has happened to, for the end of a summary, or nothing.
pub(super) fn also(number: u64, what: &str) -> String {
    if number == 0 { String::new() } else { format!(", {} {what}", sessions(number)) }
}
