//! A clock that a test sets.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::{Clock, SystemClock, Timestamp};

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
pub struct TestClock {
    time_us: Arc<AtomicI64>,
    /// How much of the uptime has passed without anybody waiting for it.
    passed_us: Arc<AtomicU64>,
}

impl TestClock {
    /// Makes a clock that shows [`NOW`].
    #[must_use]
    pub fn new() -> Self {
        let clock = Self { time_us: Arc::default(), passed_us: Arc::default() };
        clock.set(NOW);
        clock
    }

    /// Sets the clock.
    pub fn set(&self, text: &str) {
        self.time_us.store(instant(text).millis() * 1_000, Ordering::SeqCst);
    }

    /// Sets the clock forward.
    pub fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).expect("tests advance it by little");
        self.time_us.fetch_add(micros, Ordering::SeqCst);
    }

    /// Lets time pass: sets the clock forward, and the uptime with it, as if a test had waited.
    pub fn pass(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).expect("tests let little time pass");
        self.passed_us.fetch_add(micros, Ordering::SeqCst);
        self.advance(duration);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now_us(&self) -> i64 {
        self.time_us.load(Ordering::SeqCst)
    }

    fn uptime(&self) -> Duration {
        SystemClock.uptime() + Duration::from_micros(self.passed_us.load(Ordering::SeqCst))
    }
}
