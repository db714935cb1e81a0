//! The names of the events with a session.

use tickseed_session::Session;

/// Returns the names of the events for `session` on a stream that last sent `known`.
///
/// If both the schedule and the stop have changed, there are two events with the same session, so that nobody who waits for one of
/// them misses it.
pub(super) fn names(known: &Session, session: &Session) -> &'static [&'static str] {
    if session.revision <= known.revision || has_lost_stop(known, session) {
        return &["session"];
    }
    match (session.schedule != known.schedule, session.stopped_at != known.stopped_at) {
        (true, true) => &["changed", "stopped"],
        (false, true) => &["stopped"],
        (_, false) => &["changed"],
    }
}

/// Returns whether the store must have lost the stop, which can only move to an earlier time.
fn has_lost_stop(known: &Session, session: &Session) -> bool {
    known.stopped_at.is_some_and(|known| session.stopped_at.is_none_or(|stopped_at| stopped_at > known))
}

#[cfg(test)]
mod tests {
    use tickseed_engine::{Change, Rules, Schedule, Seed};

    use super::*;
    use tickseed_session::{NewSession, Notice, SessionId, TimeToLive, Timestamp, plain_schedule};

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn session() -> Session {
        let new = NewSession {
            created_at: at(0),
            seed: None,
            schedule: plain_schedule(Schedule::new(0, 100).unwrap()),
            notice: Notice::NONE,
            rules: Rules::default(),
            metadata: None,
            time_to_live: None,
        };
        let (id, seed) = (SessionId::random(at(0)), Seed::new("a").unwrap());
        Session::create(id, seed, new, TimeToLive::from_seconds(0))
    }

    #[test]
    fn an_event_is_named_after_what_has_changed() {
        let plain = session();
        let paused = plain.rescheduled(&[Change::pause(10).unwrap()]).unwrap();
        let stopped = paused.stopped(at(50));
        let withdrawn = stopped.rescheduled(&[]).unwrap();
        for (known, session, expected) in [
            (&plain, &paused, &["changed"][..]),
            (&paused, &stopped, &["stopped"]),
            (&plain, &stopped, &["changed", "stopped"]),
            (&stopped, &withdrawn, &["changed"]),
            (&stopped, &stopped.stopped(at(40)), &["stopped"]),
            // Changed twice, so that nothing remains but the revision.
            (&plain, &paused.rescheduled(&[]).unwrap(), &["changed"]),
        ] {
            assert_eq!(names(known, session), expected, "{known:?} and {session:?}");
        }
    }

    #[test]
    fn a_session_that_has_lost_something_comes_whole() {
        let plain = session();
        let stopped = plain.stopped(at(50));
        let paused = plain.rescheduled(&[Change::pause(10).unwrap()]).unwrap();
        for (known, session) in [
            (&stopped, &plain),
            (&stopped, &paused),
            (&stopped, &paused.rescheduled(&[]).unwrap()),
            (&stopped, &paused.stopped(at(60))),
        ] {
            assert_eq!(names(known, session), ["session"], "{known:?} and {session:?}");
        }
    }
}
