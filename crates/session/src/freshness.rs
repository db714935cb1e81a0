//! When a session in memory is as good as the stored one.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use super::{FeedPart, Notice, Timestamp};

/// A session in memory counts as fresh for this long after its feed last caught up; without a feed, after the store was read.
pub(super) const TRUSTED_FOR: Duration = Duration::from_millis(100);

/// The uptime up to which a store is caught up that reports each change before it acknowledges it.
const ALWAYS: Duration = Duration::from_micros(u64::MAX);

/// Where the change feed was when a session was read. While it has not restarted since then, no change of the session can have
/// been missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    part: FeedPart,
    generation: u64,
}

/// How far each part of a change feed has got. Without a feed there are no parts.
#[derive(Debug)]
pub(super) struct Freshness {
    parts: Box<[Part]>,
}

#[derive(Debug, Default)]
struct Part {
    /// How many times the part has restarted.
    generation: AtomicU64,
    /// Microseconds of uptime; 0 while nothing is known since the last restart.
    caught_up_to_us: AtomicU64,
    /// The time at that uptime, in milliseconds; 0 if it is not known.
    certain_ms: AtomicI64,
}

/// What a change feed knows about the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Certain {
    /// It has reported everything that is visible: the store knows up to when.
    AsStore,
    /// It has reported everything that became visible before this instant.
    Before(Timestamp),
}

impl Freshness {
    /// For a change feed with this many parts; 0 if there is no feed.
    pub(super) fn new(parts: usize) -> Self {
        Self { parts: (0..parts).map(|_| Part::default()).collect() }
    }

    /// Returns whether the store has a change feed.
    pub(super) fn has_feed(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Notes a restart. Sessions read at an earlier position of that part are no longer fresh.
    pub(super) fn restarted(&self, part: FeedPart) {
        if let Some(part) = self.part(part) {
            part.caught_up_to_us.store(0, Ordering::SeqCst);
            part.certain_ms.store(0, Ordering::SeqCst);
            part.generation.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Notes that every change acknowledged before `uptime` has been reported.
    pub(super) fn caught_up_to(&self, part: FeedPart, uptime: Duration, certain: Option<Timestamp>) {
        if let Some(part) = self.part(part) {
            let micros = u64::try_from(uptime.as_micros()).unwrap_or(u64::MAX);
            part.caught_up_to_us.store(micros, Ordering::SeqCst);
            part.certain_ms.store(certain.map_or(0, Timestamp::millis), Ordering::SeqCst);
        }
    }

    /// Returns what the feed knows about a session that was read at `position`. Ask before the session is taken from memory: a
    /// change that becomes visible later need not be in it. It counts only for a session of the same position.
    pub(super) fn certain(&self, position: Position) -> Option<Certain> {
        let part = self.part(position.part)?;
        // Load this before the generation. What a later generation knows does not count for an earlier position.
        let (certain_ms, caught_up_to) = (part.certain_ms.load(Ordering::SeqCst), part.caught_up_to());
        if part.generation.load(Ordering::SeqCst) != position.generation {
            return None;
        }
        match caught_up_to {
            Some(ALWAYS) => Some(Certain::AsStore),
            _ => (certain_ms > 0).then(|| Certain::Before(Timestamp::of_engine(certain_ms))),
        }
    }

    /// Returns the position of a part. Ask before the store is read: the result of the read is good from there on.
    pub(super) fn position(&self, part: FeedPart) -> Position {
        let generation = self.part(part).map_or(0, |part| part.generation.load(Ordering::SeqCst));
        Position { part, generation }
    }

    /// Returns whether the part has not restarted since `position`.
    pub(super) fn is_current(&self, position: Position) -> bool {
        self.part(position.part)
            .is_none_or(|part| part.generation.load(Ordering::SeqCst) == position.generation)
    }

    /// Returns whether a session that was read at `position`, when the uptime was `read_at`, is fresh at `uptime`.
    pub(super) fn is_fresh(
        &self,
        position: Position,
        read_at: Duration,
        uptime: Duration,
        notice: Notice,
    ) -> bool {
        let is_recent = |instant: Duration| uptime.saturating_sub(instant) <= TRUSTED_FOR;
        if !self.has_feed() {
            // A reader must have some of the notice left.
            let is_within_notice =
                notice.is_none() || uptime.saturating_sub(read_at) <= notice.duration() / 3;
            return is_recent(read_at) && is_within_notice;
        }
        let Some(part) = self.part(position.part) else { return false };
        // Load this before the generation. A part catches up only after it has restarted, so whoever sees that a later
        // generation has caught up also sees the later generation.
        let caught_up_to = part.caught_up_to();
        caught_up_to.is_some_and(is_recent) && part.generation.load(Ordering::SeqCst) == position.generation
    }

    /// Returns the last uptime at which a session that was read at `position` and `read_at` was certain to be current.
    pub(super) fn certain_until(&self, position: Position, read_at: Duration) -> Duration {
        match self.part(position.part) {
            Some(part) if part.generation.load(Ordering::SeqCst) == position.generation => {
                part.caught_up_to().unwrap_or_default().max(read_at)
            }
            _ => read_at,
        }
    }

    fn part(&self, part: FeedPart) -> Option<&Part> {
        self.parts.get(usize::from(part.0))
    }
}

impl Part {
    fn caught_up_to(&self) -> Option<Duration> {
        let micros = self.caught_up_to_us.load(Ordering::SeqCst);
        (micros > 0).then(|| Duration::from_micros(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: FeedPart = FeedPart(0);
    const OTHER: FeedPart = FeedPart(1);

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(1_000_000 + millis)
    }

    /// A feed of two parts, both of which have started.
    fn started() -> Freshness {
        let freshness = Freshness::new(2);
        freshness.restarted(PART);
        freshness.restarted(OTHER);
        freshness
    }

    #[test]
    fn a_session_is_fresh_as_long_as_the_feed_catches_up() {
        let freshness = started();
        let position = freshness.position(PART);
        assert!(!freshness.is_fresh(position, at(0), at(0), Notice::NONE), "the feed has not caught up yet");
        freshness.caught_up_to(PART, at(0), None);
        assert!(freshness.is_fresh(position, at(0), at(100), Notice::NONE));
        assert!(!freshness.is_fresh(position, at(0), at(101), Notice::NONE));
        freshness.caught_up_to(PART, at(90), None);
        assert!(
            freshness.is_fresh(position, at(0), at(190), Notice::NONE),
            "no change was missed in between"
        );
    }

    #[test]
    fn a_session_is_never_fresh_again_after_a_restart() {
        let freshness = started();
        let before = freshness.position(PART);
        freshness.caught_up_to(PART, at(0), None);
        freshness.restarted(PART);
        let is_fresh = |position, uptime| freshness.is_fresh(position, at(0), uptime, Notice::NONE);
        assert!(!is_fresh(before, at(0)) && !is_fresh(freshness.position(PART), at(0)));
        freshness.caught_up_to(PART, at(50), None);
        assert!(!is_fresh(before, at(50)) && is_fresh(freshness.position(PART), at(50)));
    }

    #[test]
    fn a_silent_part_leaves_the_sessions_of_other_parts_fresh() {
        let freshness = started();
        let (silent, other) = (freshness.position(PART), freshness.position(OTHER));
        for part in [PART, OTHER] {
            freshness.caught_up_to(part, at(0), None);
        }
        freshness.caught_up_to(OTHER, at(500), None);
        freshness.restarted(PART);
        assert!(!freshness.is_fresh(silent, at(0), at(500), Notice::NONE));
        assert!(freshness.is_fresh(other, at(0), at(500), Notice::NONE));
    }

    #[test]
    fn a_store_that_reports_before_it_acknowledges_catches_up_once() {
        let freshness = started();
        freshness.caught_up_to(PART, Duration::MAX, None);
        assert!(freshness.is_fresh(freshness.position(PART), at(0), at(1_000_000), Notice::NONE));
    }

    #[test]
    fn without_a_feed_a_session_is_fresh_for_a_while_after_it_was_read() {
        let freshness = Freshness::new(0);
        let position = freshness.position(PART);
        assert!(freshness.is_fresh(position, at(0), at(100), Notice::NONE));
        assert!(!freshness.is_fresh(position, at(0), at(101), Notice::NONE));
        assert_eq!(freshness.certain_until(position, at(0)), at(0));
    }

    #[test]
    fn a_session_of_an_unknown_part_is_never_fresh() {
        let freshness = started();
        let position = freshness.position(FeedPart(2));
        assert!(!freshness.is_fresh(position, at(0), at(0), Notice::NONE));
        assert_eq!(freshness.certain_until(position, at(0)), at(0));
    }

    #[test]
    fn age_counts_from_the_last_time_the_feed_caught_up_without_a_restart() {
        let freshness = started();
        let position = freshness.position(PART);
        freshness.caught_up_to(PART, at(50), None);
        assert_eq!(freshness.certain_until(position, at(10)), at(50));
        assert_eq!(freshness.certain_until(position, at(60)), at(60));
        freshness.restarted(PART);
        freshness.caught_up_to(PART, at(90), None);
        assert_eq!(freshness.certain_until(position, at(10)), at(10));
    }
}
