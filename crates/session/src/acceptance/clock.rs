//! A clock that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::{Clock, Timestamp};

/// The instant at which every [`TestClock`] starts.
pub const NOW: &str = "2026-01-31T12:00:00.000Z";

/// Returns [`NOW`].
#[must_use]
pub fn now() -> Timestamp {
    instant(NOW)
}

/// Reads an instant in RFC 3339.
#[must_use]
pub fn instant(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("tests name valid instants")
}

/// A clock that stands still until a test sets it. Its clones show the same time.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    /// Makes a clock that shows [`NOW`].
    #[must_use]
    pub fn new() -> Self {
        let clock = Self(Arc::default());
        clock.set(NOW);
        clock
    }

    /// Sets the clock.
    pub fn set(&self, text: &str) {
        self.0.store(instant(text).millis() * 1_000, Ordering::SeqCst);
    }

    /// Sets the clock forward.
    pub fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).expect("tests advance it by little");
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now_us(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}
