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

/// How long the process of a stopped clock has been running at first. It is never 0 when a process asks.
const STOPPED_UPTIME: Duration = Duration::from_millis(1);

/// A clock that stands still until a test sets it. Its clones show the same time.
#[derive(Debug, Clone)]
pub struct TestClock {
    time_us: Arc<AtomicI64>,
    /// How much of the uptime has passed without anybody waiting for it.
    passed_us: Arc<AtomicU64>,
    /// Whether the uptime stands still, too.
    is_stopped: bool,
}

impl TestClock {
    /// Makes a clock that shows [`NOW`]. Its uptime goes on.
    #[must_use]
    pub fn new() -> Self {
        let clock = Self { time_us: Arc::default(), passed_us: Arc::default(), is_stopped: false };
        clock.set(NOW);
        clock
    }

    /// Makes a clock that shows [`NOW`], and whose uptime moves only when a test lets time [pass](Self::pass).
    #[must_use]
    pub fn stopped() -> Self {
        Self { is_stopped: true, ..Self::new() }
    }

    /// Sets the clock.
    pub fn set(&self, text: &str) {
        self.time_us.store(instant(text).millis() * 1_000, Ordering::SeqCst);
    }

    /// Sets the clock forward. The uptime stays as it is.
    pub fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).expect("tests advance it by little");
        self.time_us.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets the clock back. The uptime stays as it is.
    pub fn set_back(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).expect("tests set it back by little");
        self.time_us.fetch_sub(micros, Ordering::SeqCst);
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
        let since = if self.is_stopped { STOPPED_UPTIME } else { SystemClock.uptime() };
        since + Duration::from_micros(self.passed_us.load(Ordering::SeqCst))
    }
}
