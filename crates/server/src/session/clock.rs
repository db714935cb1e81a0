//! Where the time comes from. Everything that needs the time is handed a [`Clock`], so that tests can set it.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Timestamp;

/// A source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// Microseconds since the Unix epoch, never negative.
    fn now_us(&self) -> i64;

    /// The current time in whole milliseconds.
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now_us())
    }
}

/// The clock of the machine. A clock set before 1970 counts as 1970.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_us(&self) -> i64 {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
    }
}
