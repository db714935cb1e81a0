//! What tells two writes apart that bear one revision.

use uuid::Uuid;

/// Names one write of a session that has a notice. Revisions alone do not: a store that has lost a write gives its revision to the
/// next one, and whoever has seen the lost write must not replace that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WriteId(u64);

impl WriteId {
    /// The creation of a session, and every write of one without notice.
    pub const NONE: Self = Self(0);

    /// Takes a number from a record.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Makes a new id.
    pub(crate) fn random() -> Self {
        // Both halves have bits that are always the same.
        let (high, low) = Uuid::new_v4().as_u64_pair();
        Self(high ^ low.rotate_left(32))
    }
}

#[cfg(test)]
mod tests {
    use tickseed_engine::{Change, Rules, Schedule, Seed};

    use crate::{NewSession, Notice, Session, SessionId, TimeToLive, Timestamp, plain_schedule};

    fn session(notice_ms: u32) -> Session {
        let new = NewSession {
            created_at: Timestamp::MAX,
            seed: None,
            schedule: plain_schedule(Schedule::new(0, 1).unwrap()),
            notice: Notice::from_millis(notice_ms).unwrap(),
            rules: Rules::default(),
            metadata: None,
            time_to_live: None,
        };
        let (id, seed) = (SessionId::random(Timestamp::MAX), Seed::new("a").unwrap());
        Session::create(id, seed, new, TimeToLive::from_seconds(0))
    }

    #[test]
    fn a_write_follows_only_the_one_that_it_replaces() {
        let first = session(1);
        let (lost, stored) = (first.stopped(Timestamp::MAX), first.stopped(Timestamp::MAX));
        assert!(lost.follows(&first) && stored.follows(&first));
        let next = stored.rescheduled(&[Change::pause(1).unwrap()]).unwrap();
        assert!(next.follows(&stored));
        assert!(!next.follows(&lost), "it has the same revision, but is another write");
        assert!(!next.follows(&first) && !next.follows(&next));
    }

    #[test]
    fn writes_without_notice_go_by_the_revision_alone() {
        let first = session(0);
        let stopped = first.stopped(Timestamp::MAX);
        assert_eq!(stopped, first.stopped(Timestamp::MAX));
        assert!(stopped.follows(&first) && stopped.stopped(Timestamp::MAX).follows(&stopped));
    }
}
