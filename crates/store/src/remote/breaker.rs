//! A circuit breaker: while a store does not answer, requests fail at once instead of waiting for it.

use std::sync::atomic::{AtomicU8, Ordering};

/// The states.
const CLOSED: u8 = 0;
/// A request has failed and a probe is due. Requests still pass.
const SUSPECT: u8 = 1;
/// A probe has failed too. Requests fail at once.
const OPEN: u8 = 2;

/// A single failure does not open the breaker, because one slow answer says little about the next. It makes the store suspect, and a
/// probe decides.
#[derive(Debug, Default)]
pub(crate) struct Breaker(AtomicU8);

impl Breaker {
    /// Returns whether requests fail at once.
    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed) == OPEN
    }

    /// Notes that the store has not answered. Returns whether a probe is due; if not, one is under way.
    pub(crate) fn becomes_suspect(&self) -> bool {
        self.0.compare_exchange(CLOSED, SUSPECT, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Opens it, because a probe has failed too.
    pub(crate) fn open(&self) {
        self.0.store(OPEN, Ordering::Relaxed);
    }

    /// Closes it, because the store answers.
    pub(crate) fn close(&self) {
        self.0.store(CLOSED, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_probe_opens_it() {
        let breaker = Breaker::default();
        assert!(breaker.becomes_suspect() && !breaker.is_open(), "requests still pass");
        assert!(!breaker.becomes_suspect(), "one probe is enough");
        breaker.open();
        assert!(breaker.is_open() && !breaker.becomes_suspect(), "it is being probed already");
        breaker.close();
        assert!(!breaker.is_open() && breaker.becomes_suspect());
    }
}
