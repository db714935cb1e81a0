//! Requests that are refused to protect the server. They are counted here with or without metrics: a refusal
//! is rare, and cheaper than the answer that it saves.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Its address has sent too many.
    LimitedByAddress,
    /// Its API key has sent too many.
    LimitedByKey,
    /// The server has too much to do.
    Shed,
}

static LIMITED_BY_ADDRESS: AtomicU64 = AtomicU64::new(0);
static LIMITED_BY_KEY: AtomicU64 = AtomicU64::new(0);
static SHED: AtomicU64 = AtomicU64::new(0);

/// Counts a request that is refused.
pub fn count_refusal(reason: Refusal) {
    reason.counter().fetch_add(1, Ordering::Relaxed);
}

impl Refusal {
    /// Returns how many requests this process has refused for this reason.
    pub(super) fn count(self) -> u64 {
        self.counter().load(Ordering::Relaxed)
    }

    const fn counter(self) -> &'static AtomicU64 {
        match self {
            Self::LimitedByAddress => &LIMITED_BY_ADDRESS,
            Self::LimitedByKey => &LIMITED_BY_KEY,
            Self::Shed => &SHED,
        }
    }
}
