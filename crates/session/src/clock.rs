//! Where the time comes from. Everything that needs the time takes a [`Clock`], so that tests can set it.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::Timestamp;

/// How far the clocks of a server and of the store may be apart while the server makes promises.
pub const CLOCK_TOLERANCE: Duration = Duration::from_millis(375);

/// How far the clock of a server that counts as ready may be from the store's. So two such servers are at most 250 ms apart: half
/// of the time for which a stop is final before it takes effect, of which the other half is the bound on how old an answer can be.
pub const READY_CLOCK_DISTANCE: Duration = Duration::from_millis(125);

/// A source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// Returns microseconds since the Unix epoch, never negative.
    fn now_us(&self) -> i64;

    /// Returns the current time in whole milliseconds.
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now_us())
    }

    /// Returns how long the process has been running. It never jumps, so it measures how long ago something happened.
    fn uptime(&self) -> Duration {
        STARTED.elapsed()
    }
}

/// Returns the base of a clock: the time minus the uptime, in microseconds. It stays the same while nobody sets the clock.
#[must_use]
pub fn clock_base_us(time_us: i64, uptime: Duration) -> i64 {
    time_us.saturating_sub(i64::try_from(uptime.as_micros()).unwrap_or(i64::MAX))
}

/// When the uptime was first asked for.
static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// The clock of the machine. A clock set before 1970 counts as 1970.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_us(&self) -> i64 {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
    }
}
