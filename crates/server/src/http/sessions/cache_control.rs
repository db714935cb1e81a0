//! How long a cache may use a session that was read.

use std::time::Duration;

use actix_web::http::header::{HeaderValue, InvalidHeaderValue, TryIntoHeaderValue};

use tickseed_session::{Notice, Session, Timestamp};

/// How many seconds a response may be used before a cache must revalidate it, without a long notice. A client that reads through a
/// shared cache can learn of a stop this much later.
const MAX_AGE: i64 = 2;
/// How many more seconds it may be used while a shared cache revalidates it.
const STALE_WHILE_REVALIDATE: i64 = 8;
/// The shortest notice that leaves time for a cache, in milliseconds.
const LONG_NOTICE_MS: i64 = 5_000;
/// The part of a long notice that no cache uses up, in milliseconds: for the way through the network.
const KEPT_OF_NOTICE_MS: i64 = 2_000;
/// The longest time for which a cache may use a response of a session with a long notice, in seconds, and again while it
/// revalidates the response.
const MAX_AGE_OF_NOTICE: i64 = 60;
/// How many more seconds it may be used while no server answers.
const STALE_IF_ERROR: i64 = 300;

/// The `Cache-Control` of a response, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CacheControl {
    max_age: i64,
    stale_while_revalidate: i64,
    stale_if_error: i64,
}

/// What most responses say.
const USUAL: CacheControl = CacheControl {
    max_age: MAX_AGE,
    stale_while_revalidate: STALE_WHILE_REVALIDATE,
    stale_if_error: STALE_IF_ERROR,
};

/// The header of [`USUAL`], ready to send.
const USUAL_HEADER: HeaderValue =
    HeaderValue::from_static("public, max-age=2, stale-while-revalidate=8, stale-if-error=300");

impl CacheControl {
    /// Returns how long a response sent at `now` may be used: not past the next change, the stop or the end of the session. Caches
    /// count in whole seconds, and include `Age` in the age of a response, so `max-age` does too.
    pub(super) fn new(session: &Session, now: Timestamp, age: Option<Duration>) -> Self {
        let (usual_max_age, usual_revalidate) = usual_seconds(session.notice);
        let changes_at = [session.next_change(now), session.expires_at].into_iter().flatten().min();
        let unchanged = changes_at.map_or(i64::MAX, |at| (at.millis() - now.millis()) / 1_000 - 1).max(0);
        let max_age = usual_max_age.min(unchanged);
        let age = age.map_or(0, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        Self {
            max_age: max_age.saturating_add(age),
            stale_while_revalidate: usual_revalidate.min(unchanged - max_age),
            stale_if_error: STALE_IF_ERROR.min(unchanged - max_age),
        }
    }
}

impl TryIntoHeaderValue for CacheControl {
    type Error = InvalidHeaderValue;

    fn try_into_value(self) -> Result<HeaderValue, InvalidHeaderValue> {
        if self == USUAL {
            return Ok(USUAL_HEADER);
        }
        let Self { max_age, stale_while_revalidate, stale_if_error } = self;
        HeaderValue::try_from(format!(
            "public, max-age={max_age}, stale-while-revalidate={stale_while_revalidate}, stale-if-error={stale_if_error}"
        ))
    }
}

/// Returns how many seconds a response may be used, and how many more while a cache revalidates it. If the session has a long
/// notice, a reader behind one shared cache is left with a third of it.
fn usual_seconds(notice: Notice) -> (i64, i64) {
    let notice_ms = i64::from(notice.millis());
    if notice_ms < LONG_NOTICE_MS {
        return (MAX_AGE, STALE_WHILE_REVALIDATE);
    }
    let third = ((notice_ms - KEPT_OF_NOTICE_MS) / 3 / 1_000).min(MAX_AGE_OF_NOTICE);
    (third, third)
}

#[cfg(test)]
mod tests {
    use tickseed_engine::Change;
    use tickseed_session::acceptance;

    use super::*;

    fn cache_control(session: &Session, now: Timestamp, age: Option<Duration>) -> String {
        let header = CacheControl::new(session, now, age).try_into_value().unwrap();
        header.to_str().unwrap().to_owned()
    }

    fn session(seconds: u32) -> Session {
        let expires_at = (seconds > 0).then(|| at(i64::from(seconds) * 1_000));
        Session { expires_at, ..acceptance::session(0) }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn no_response_is_used_past_the_stop_or_the_end_of_its_session() {
        let usual = "public, max-age=2, stale-while-revalidate=8, stale-if-error=300";
        let cache_control = |session: &Session, now| cache_control(session, now, None);
        assert_eq!(cache_control(&session(0), at(0)), usual);
        assert_eq!(
            cache_control(&session(60), at(54_500)),
            "public, max-age=2, stale-while-revalidate=2, stale-if-error=2"
        );
        let over = "public, max-age=0, stale-while-revalidate=0, stale-if-error=0";
        assert_eq!(cache_control(&session(60), at(60_000)), over);
        let stopped = session(0).stopped(at(10_000));
        assert_eq!(cache_control(&stopped, at(8_001)), over);
        assert_eq!(cache_control(&stopped, at(10_000)), usual);
    }

    fn with_notice(millis: u32) -> Session {
        Session { notice: Notice::from_millis(millis).unwrap(), ..session(0) }
    }

    #[test]
    fn a_long_notice_is_shared_between_the_cache_its_revalidation_and_the_reader() {
        for (notice_ms, max_age, revalidate) in [
            (0, 2, 8),
            (1_000, 2, 8),
            (4_999, 2, 8),
            (5_000, 1, 1),
            (7_999, 1, 1),
            (8_000, 2, 2),
            (15_000, 4, 4),
            (181_999, 59, 59),
            (182_000, 60, 60),
            (86_400_000, 60, 60),
        ] {
            let expected =
                format!("public, max-age={max_age}, stale-while-revalidate={revalidate}, stale-if-error=300");
            assert_eq!(cache_control(&with_notice(notice_ms), at(0), None), expected, "{notice_ms}");
        }
    }

    #[test]
    fn no_response_is_used_past_the_next_change_of_its_session() {
        for (notice_ms, max_age, revalidate) in [(0, 2, 8), (15_000, 4, 4)] {
            let changes = [Change::pause(100_000).unwrap(), Change::new(200_000, 1).unwrap()];
            let session = with_notice(notice_ms).rescheduled(&changes).unwrap();
            for (now, left) in [(0, 99), (94_000, 5), (97_500, 1), (98_001, 0), (99_999, 0), (100_000, 99)] {
                let (max_age, rest) = (left.min(max_age), left - left.min(max_age));
                let (revalidate, on_error) = (rest.min(revalidate), rest.min(300));
                let expected = format!(
                    "public, max-age={max_age}, stale-while-revalidate={revalidate}, stale-if-error={on_error}"
                );
                assert_eq!(cache_control(&session, at(now), None), expected, "{notice_ms} at {now}");
            }
            let unchanged = cache_control(&with_notice(notice_ms), at(0), None);
            assert_eq!(cache_control(&session, at(200_000), None), unchanged, "after the last change");
        }
    }

    #[test]
    fn changes_after_the_stop_do_not_count() {
        let session = session(0).rescheduled(&[Change::pause(11_000).unwrap()]).unwrap().stopped(at(10_000));
        let usual = "public, max-age=2, stale-while-revalidate=8, stale-if-error=300";
        assert_eq!(cache_control(&session, at(10_000), None), usual);
    }

    #[test]
    fn an_aged_response_may_be_used_for_the_usual_time_beyond_its_age() {
        let aged = cache_control(&session(0), at(0), Some(Duration::from_millis(3_900)));
        assert_eq!(aged, "public, max-age=5, stale-while-revalidate=8, stale-if-error=300");
    }
}
