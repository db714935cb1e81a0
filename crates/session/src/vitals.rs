//! What a store and the service know about themselves, for monitoring. Nothing here names an exporter: the monitor of a server
//! asks for these values when it wants them, and nothing is counted or sent on its behalf before.

use std::time::Duration;

/// What a store knows about its health. Asking it asks nobody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vitals {
    /// Every process or file that keeps sessions: one, or each master of a cluster.
    pub nodes: Vec<NodeVitals>,
    /// For how much longer expired sessions stay in the store at most, because its clock may be wrong. `None` while they are
    /// removed as usual.
    pub sweeping_waits: Option<Duration>,
}

/// What a store knows about one of its nodes. A value that is not known is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeVitals {
    /// Its name, which contains no login.
    pub name: String,
    /// Whether requests are sent to it: its circuit breaker is closed.
    pub is_answering: bool,
    /// How old the last proof is that no change of its sessions has been missed. `None` while the change feed is lost.
    pub feed_age: Option<Duration>,
    /// By how many microseconds its clock is ahead of the server's.
    pub clock_ahead_us: Option<i64>,
    /// How many bytes are in use of the memory or disk that sessions are kept in.
    pub used_bytes: Option<u64>,
    /// How many bytes there are. `None` without a limit.
    pub limit_bytes: Option<u64>,
    /// How many sessions it has removed to make room, since this process first asked it.
    pub evicted: u64,
    /// How many times it was restarted or replaced, since this process first asked it.
    pub restarts: u64,
}

impl NodeVitals {
    /// A node that answers, and of which nothing else is known.
    #[must_use]
    pub const fn new(name: String) -> Self {
        Self {
            name,
            is_answering: true,
            feed_age: None,
            clock_ahead_us: None,
            used_bytes: None,
            limit_bytes: None,
            evicted: 0,
            restarts: 0,
        }
    }
}

/// What the service knows about its sessions in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStatistics {
    /// How many lookups were answered from memory, since [`count_lookups`](crate::SessionService::count_lookups).
    pub hits: u64,
    /// How many lookups had to ask the store, since then.
    pub misses: u64,
    /// How many bytes the sessions in memory take.
    pub bytes: u64,
    /// How many sessions are in memory.
    pub sessions: u64,
    /// How many records of a later version were met.
    pub newer_records: u64,
}
