//! When an event stream says until when its session is settled (docs/schedule.md, section 3).

use std::future::pending;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use tickseed_session::{Lookup, Notice, SessionId, SessionService, Timestamp};

/// The times of the events `settled` of one stream.
#[derive(Debug)]
pub(super) struct SettledTimes {
    /// The shortest time between two of them, and between two attempts.
    every: Duration,
    sent_at: Option<Instant>,
    /// The last attempt since the client got its session, if there was one.
    tried_at: Option<Instant>,
    /// What the client has been told about its session.
    told: Option<Timestamp>,
}

impl SettledTimes {
    pub(super) const fn new(every: Duration) -> Self {
        Self { every, sent_at: None, tried_at: None, told: None }
    }

    /// Notes that the client now has another session. It knows nothing about that one.
    pub(super) const fn has_new_session(&mut self) {
        self.tried_at = None;
        self.told = None;
    }

    /// Returns when to look a session with this notice up, or `None` for never. It may be in the past.
    pub(super) fn due_at(&self, notice: Notice, now: Instant) -> Option<Instant> {
        if notice.is_none() {
            return None;
        }
        let after_last = self.sent_at.map(|at| at + self.every.max(notice.duration() / 3));
        let after_attempt = self.tried_at.map(|at| at + self.every);
        Some(after_last.into_iter().chain(after_attempt).max().unwrap_or(now))
    }

    /// Takes the result of an attempt, and returns what to tell the client, if that is new to it.
    pub(super) fn tried(&mut self, settled_until: Option<Timestamp>, now: Instant) -> Option<Timestamp> {
        self.tried_at = Some(now);
        let new = settled_until.filter(|new| self.told.is_none_or(|told| *new > told))?;
        self.sent_at = Some(now);
        self.told = Some(new);
        Some(new)
    }
}

/// Looks a session up at an instant. Without one it never completes.
pub(super) async fn look_up_at(
    at: Option<Instant>,
    service: &SessionService,
    id: SessionId,
) -> Option<Lookup> {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
    // A session that cannot be found now is tried again later.
    service.find(id).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn notice(millis: u32) -> Notice {
        Notice::from_millis(millis).unwrap()
    }

    fn at(seconds: i64) -> Option<Timestamp> {
        Timestamp::from_millis(seconds * 1_000).ok()
    }

    #[test]
    fn a_session_without_notice_is_never_looked_up() {
        assert_eq!(SettledTimes::new(SECOND).due_at(Notice::NONE, Instant::now()), None);
    }

    #[test]
    fn the_first_event_is_due_at_once_and_the_next_after_a_third_of_the_notice() {
        let start = Instant::now();
        for (millis, after) in [(1, SECOND), (3_000, SECOND), (15_000, 5 * SECOND)] {
            let mut times = SettledTimes::new(SECOND);
            assert_eq!(times.due_at(notice(millis), start), Some(start));
            assert_eq!(times.tried(at(1), start), at(1));
            assert_eq!(times.due_at(notice(millis), start), Some(start + after));
        }
    }

    #[test]
    fn an_attempt_without_a_new_promise_is_repeated_soon() {
        let (start, mut times) = (Instant::now(), SettledTimes::new(SECOND));
        assert_eq!(times.tried(None, start), None);
        assert_eq!(times.due_at(notice(15_000), start), Some(start + SECOND));
        assert_eq!(times.tried(at(9), start + SECOND), at(9));
        for earlier in [8, 9] {
            assert_eq!(times.tried(at(earlier), start + 6 * SECOND), None, "the client knows that");
        }
        assert_eq!(times.due_at(notice(15_000), start), Some(start + 7 * SECOND));
        assert_eq!(times.tried(at(10), start + 7 * SECOND), at(10));
    }

    #[test]
    fn a_new_session_is_settled_anew_but_not_sooner_than_usual() {
        let (start, mut times) = (Instant::now(), SettledTimes::new(SECOND));
        assert_eq!(times.tried(at(9), start), at(9));
        assert_eq!(times.tried(None, start + 5 * SECOND), None);
        times.has_new_session();
        assert_eq!(times.due_at(notice(15_000), start), Some(start + 5 * SECOND));
        assert_eq!(times.tried(at(9), start + 5 * SECOND), at(9), "it is about another session");
    }
}
