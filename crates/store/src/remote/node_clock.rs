//! The clocks of the nodes of a store, as this server has last seen them, so that a deadline costs no question of its own.
//!
//! Only the node that writes can say whether a deadline has passed, and it can say so only by its own clock. Each answer to a
//! call with a deadline is therefore a reading of that clock, and the next call converts its deadline with it. If there is no
//! reading, or the node refuses the converted deadline, the refusal is the new reading, and the call is sent once more.
//!
//! The converted deadline is never too late. It is the earliest time that the clock can show at the deadline: the reading was
//! taken before its answer arrived, and two clocks drift apart by less than a thousandth of the time that passes. That fails
//! only if the clock that decides lags behind the one that was read, so the node also refuses a call if
//!
//! - it is another node than the one that was read;
//! - its clock shows an earlier time than it must have shown when the call was sent: it has been set back, or another node has
//!   taken over.
//!
//! So a clock that lags behind can only let a call through that has been under way for as long as the clock has fallen behind,
//! to within the time left. A store that hangs for ten seconds does not, unless its clock stands still meanwhile, as in a virtual
//! machine that is suspended; then nothing in the store shows that time has passed.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tickseed_session::{Clock, FeedPart, Timestamp};

/// How long a reading counts.
const COUNTS_FOR: Duration = Duration::from_secs(10);

/// Two clocks drift apart by less than one part in this many.
const DRIFT: i64 = 1_000;

/// Stands for the name of a node, where each may write.
pub(crate) const ANY_NODE: &str = "*";

/// Stands for the name of a node, where none may write. No node has this name.
#[cfg(feature = "redis")]
pub(crate) const NO_NODE: &str = "-";

/// What a clock showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The name of the node; empty if there is only one.
    pub(crate) node: String,
    /// Microseconds since the Unix epoch.
    pub(crate) time_us: i64,
    /// The uptime at which the answer had arrived.
    pub(crate) answered_at: Duration,
}

/// What a node must be and its clock must show, so that it may write. By default it never may.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// The name of the node.
    pub(crate) node: String,
    /// The time that its clock must have reached, in microseconds since the Unix epoch.
    pub(crate) earliest_us: i64,
    /// The time that its clock must not have reached.
    pub(crate) deadline_us: i64,
}

impl Limits {
    /// A deadline by the clock of a node, or of [any](ANY_NODE).
    pub(crate) fn of_node(node: String, deadline: Timestamp) -> Self {
        Self { node, earliest_us: 0, deadline_us: deadline.millis() * 1_000 }
    }

    /// Converts a deadline by the clock of the server to the clock of a node. Without a reading of that clock nothing may be written.
    pub(crate) fn by_server(clock: &dyn Clock, deadline: Timestamp, reading: Option<&Reading>) -> Self {
        // Ask for the uptime first, so that less time is left rather than more.
        let uptime = clock.uptime();
        let left_us = deadline.millis() * 1_000 - clock.now_us();
        reading.map(|reading| reading.limits(uptime, left_us)).unwrap_or_default()
    }
}

impl Reading {
    /// Converts a deadline that is `left_us` microseconds away at `uptime`.
    fn limits(&self, uptime: Duration, left_us: i64) -> Limits {
        let passed = uptime.saturating_sub(self.answered_at).as_micros();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let least = |micros: i64| self.time_us.saturating_add(micros - micros / DRIFT);
        Limits {
            node: self.node.clone(),
            earliest_us: least(passed),
            deadline_us: least(passed.saturating_add(left_us)),
        }
    }
}

/// The last reading of each node.
#[derive(Debug, Default)]
pub(crate) struct NodeClocks(Mutex<HashMap<FeedPart, Reading>>);

impl NodeClocks {
    /// Returns the last reading for a part of the feed, unless it is too old at `uptime`.
    pub(crate) fn reading(&self, part: FeedPart, uptime: Duration) -> Option<Reading> {
        let readings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |reading: &&Reading| uptime.saturating_sub(reading.answered_at) <= COUNTS_FOR;
        readings.get(&part).filter(is_recent).cloned()
    }

    /// Notes a reading.
    pub(crate) fn note(&self, part: FeedPart, reading: Reading) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(part, reading);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_US: i64 = 1_000_000;

    fn reading() -> Reading {
        Reading { node: "a".to_owned(), time_us: 5_000 * SECOND_US, answered_at: Duration::from_secs(100) }
    }

    #[test]
    fn a_deadline_is_as_far_from_the_reading_as_from_the_answer_less_the_drift() {
        let limits = reading().limits(Duration::from_secs(102), 8 * SECOND_US);
        let expected = Limits {
            node: "a".to_owned(),
            earliest_us: 5_002 * SECOND_US - 2_000,
            deadline_us: 5_010 * SECOND_US - 10_000,
        };
        assert_eq!(limits, expected);
    }

    #[test]
    fn the_last_instant_is_a_possible_deadline() {
        let limits = reading().limits(Duration::from_secs(100), i64::MAX);
        assert!(limits.deadline_us > limits.earliest_us);
    }

    #[test]
    fn a_reading_counts_for_ten_seconds_and_only_for_its_part() {
        let (clocks, part) = (NodeClocks::default(), FeedPart(0));
        assert_eq!(clocks.reading(part, Duration::from_secs(100)), None);
        clocks.note(part, reading());
        assert_eq!(clocks.reading(part, Duration::from_secs(110)), Some(reading()));
        assert_eq!(clocks.reading(part, Duration::from_millis(110_001)), None);
        assert_eq!(clocks.reading(FeedPart(1), Duration::from_secs(100)), None);
    }
}
