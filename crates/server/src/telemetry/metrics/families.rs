//! Every metric, with its type and what it means. A metric that is not listed here is not served.

/// What Prometheus does with the values of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number that only grows while the process runs.
    Counter,
    /// A number that is as it is now.
    Gauge,
    /// How often values fell into each of several ranges.
    Histogram,
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Family {
    /// Its name. The unit is the last word, before `total`.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: Kind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, labels, help }
}

const fn histogram(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Family {
    Family { name, kind: Kind::Histogram, labels, help }
}

pub(super) const REQUESTS: &str = "tickseed_http_requests_total";
pub(super) const REQUEST_DURATION: &str = "tickseed_http_request_duration_seconds";
pub(super) const LIMITED: &str = "tickseed_requests_limited_total";
pub(super) const SHED: &str = "tickseed_requests_shed_total";
pub(super) const STREAMS: &str = "tickseed_event_streams";
pub(super) const CACHE_LOOKUPS: &str = "tickseed_cache_lookups_total";
pub(super) const CACHE_BYTES: &str = "tickseed_cache_bytes";
pub(super) const CACHE_SESSIONS: &str = "tickseed_cache_sessions";
pub(super) const NEWER_RECORDS: &str = "tickseed_newer_records_total";
pub(super) const STORE_OPEN: &str = "tickseed_store_open";
pub(super) const STORE_DURATION: &str = "tickseed_store_duration_seconds";
pub(super) const STORE_ERRORS: &str = "tickseed_store_errors_total";
pub(super) const STORE_WRITABLE: &str = "tickseed_store_writable";
pub(super) const WRITE_FAILURE: &str = "tickseed_store_write_failure";
pub(super) const STORE_ANSWERS: &str = "tickseed_store_answers";
pub(super) const FEED_UP: &str = "tickseed_store_feed_up";
pub(super) const FEED_AGE: &str = "tickseed_store_feed_age_seconds";
pub(super) const CLOCK_OFFSET: &str = "tickseed_store_clock_offset_seconds";
pub(super) const STORE_USED: &str = "tickseed_store_used_bytes";
pub(super) const STORE_LIMIT: &str = "tickseed_store_limit_bytes";
pub(super) const EVICTED: &str = "tickseed_store_evicted_total";
pub(super) const RESTARTS: &str = "tickseed_store_restarts_total";
pub(super) const SWEEPING_WAITS: &str = "tickseed_sweeping_waits_seconds";
pub(super) const BUILD_INFO: &str = "tickseed_build_info";
pub(super) const RESIDENT_MEMORY: &str = "process_resident_memory_bytes";
pub(super) const OPEN_FILES: &str = "process_open_fds";
pub(super) const FILE_LIMIT: &str = "process_max_fds";

/// Every metric.
pub const FAMILIES: &[Family] = &[
    counter(REQUESTS, &["method", "route", "status"], "Requests answered, by the pattern of their route."),
    histogram(
        REQUEST_DURATION,
        &["route"],
        "Time from the arrival of a request to the head of its response.",
    ),
    counter(LIMITED, &["by"], "Requests refused because an address or an API key sent too many."),
    counter(SHED, &[], "Requests refused because the server had too much to do."),
    gauge(STREAMS, &[], "Event streams that are open."),
    counter(
        CACHE_LOOKUPS,
        &["result"],
        "Lookups of sessions, answered from memory (hit) or by the store (miss).",
    ),
    gauge(CACHE_BYTES, &[], "Memory that cached sessions take."),
    gauge(CACHE_SESSIONS, &[], "Sessions in memory."),
    counter(NEWER_RECORDS, &[], "Records met that only a later version of the server understands."),
    gauge(STORE_OPEN, &[], "Whether the store has been opened (1), which is the end of the start."),
    histogram(STORE_DURATION, &["operation"], "Time that the store took for an operation."),
    counter(STORE_ERRORS, &["kind"], "Operations of the store that failed."),
    gauge(STORE_WRITABLE, &[], "Whether the store accepts writes (1), as far as it is known."),
    gauge(WRITE_FAILURE, &["reason"], "Why the store refuses writes (1). Absent while it accepts them."),
    gauge(
        STORE_ANSWERS,
        &["node"],
        "Whether requests are sent to the node (1), or its circuit breaker is open (0).",
    ),
    gauge(
        FEED_UP,
        &["node"],
        "Whether the change feed of the node was proved current within the last second (1).",
    ),
    gauge(FEED_AGE, &["node"], "Age of the last proof that no change of the node was missed."),
    gauge(
        CLOCK_OFFSET,
        &["node"],
        "How far the clock of the node is ahead of the server's, as measured within the last 2 s.",
    ),
    gauge(
        STORE_USED,
        &["node"],
        "Memory of Redis in use, or space in use on the disk of the embedded store.",
    ),
    gauge(
        STORE_LIMIT,
        &["node"],
        "Memory that Redis may use (maxmemory), or the size of the disk. Absent without a limit.",
    ),
    counter(EVICTED, &["node"], "Sessions that Redis removed to make room: they are lost."),
    counter(RESTARTS, &["node"], "Times that the Redis was restarted or replaced."),
    gauge(
        SWEEPING_WAITS,
        &[],
        "How long expired sessions still stay in the embedded store because its clock may be wrong; else 0.",
    ),
    gauge(BUILD_INFO, &["version"], "Always 1. The label says which version runs."),
    gauge(RESIDENT_MEMORY, &[], "Resident memory of the process."),
    gauge(OPEN_FILES, &[], "Open file descriptors, one for each connection."),
    gauge(FILE_LIMIT, &[], "How many file descriptors the process may open."),
];
