//! Slows down the refusals of requests that would have to wait for the store, when there are many.
//!
//! A refusal costs the server half as much as serving a small request. If the server refused requests as fast as it can, it would
//! soon do nothing else. While a client waits for its refusal it sends nothing, and the wait costs the server no processor time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How many refusals of a window are answered at once: 1,000 a second, which take a few hundredths of a core.
const AT_ONCE: u32 = 100;

const WINDOW: Duration = Duration::from_millis(100);

/// How long any further refusal waits. Clients are asked to come back later than that in any case.
const DELAY: Duration = Duration::from_secs(1);

/// The refusals of the last moment. All workers share it.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    /// The uptime at which it began.
    since: Duration,
    count: u32,
}

impl Refusals {
    /// Counts a refusal, and returns how long it has to wait. `uptime` is that of the server.
    pub(super) fn delay(&self, uptime: Duration) -> Duration {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        if uptime.saturating_sub(window.since) >= WINDOW {
            *window = Window { since: uptime, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        if window.count > AT_ONCE { DELAY } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_much_in_a_tenth_of_a_second_waits() {
        let refusals = Refusals::default();
        let at = |millis| refusals.delay(Duration::from_millis(millis));
        for start in [5_000, 5_100, 9_000] {
            assert!((0..100).all(|_| at(start) == Duration::ZERO), "{start}");
            assert_eq!([at(start), at(start + 99)], [DELAY; 2], "{start}");
        }
    }
}
