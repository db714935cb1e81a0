//! For how long Cassandra keeps a session, and what is written about it elsewhere.

use std::time::Duration;

use tickseed_session::Timestamp;

/// How much longer than its session a row stays in Cassandra. The clocks of the servers and of the nodes may differ, and no server
/// must miss a session that has not expired by its own clock.
const TTL_MARGIN: Duration = Duration::from_mins(1);

/// Cassandra takes no longer time to live: 20 years of 365 days.
const LONGEST_SECONDS: i64 = 20 * 365 * 86_400;

/// Up to Cassandra 4.1, and later with its default `storage_compatibility_mode`, nothing may expire after 19 January 2038. This is the
/// beginning of that year.
const LAST_EXPIRY_MS: i64 = 2_145_916_800_000;

/// What Cassandra takes for ever.
const FOREVER: i32 = 0;

/// Returns for how many seconds Cassandra has to keep a session that expires then; 0 is for ever. The time that is left does not
/// depend on what the clocks of the nodes show.
pub(super) fn seconds_to_live(expires_at: Option<Timestamp>, now: Timestamp) -> i32 {
    let Some(expires_at) = expires_at else { return FOREVER };
    let left_ms =
        expires_at.millis() - now.millis() + i64::try_from(TTL_MARGIN.as_millis()).unwrap_or(i64::MAX);
    let seconds = left_ms.max(1).saturating_add(999) / 1_000;
    if seconds > LONGEST_SECONDS || now.millis() + left_ms > LAST_EXPIRY_MS {
        return FOREVER;
    }
    i32::try_from(seconds).unwrap_or(FOREVER)
}

/// Returns the longer of two times.
pub(super) fn longer(one: i32, other: i32) -> i32 {
    if one == FOREVER || other == FOREVER { FOREVER } else { one.max(other) }
}

/// Returns the end of a session as a number: the later, the larger.
pub(super) fn rank(expires_at: Option<Timestamp>) -> i64 {
    expires_at.unwrap_or(Timestamp::MAX).millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn a_row_outlives_its_session_by_a_minute_and_never_is_gone_before() {
        let now = at(1_800_000_000_000);
        let seconds = |left_ms| seconds_to_live(Some(at(now.millis() + left_ms)), now);
        assert_eq!((seconds(0), seconds(1), seconds(1_000), seconds(-59_999)), (60, 61, 61, 1));
        assert_eq!((seconds(-60_000), seconds(-3_600_000)), (1, 1));
        assert_eq!(seconds_to_live(None, now), FOREVER);
        assert_eq!(seconds_to_live(Some(Timestamp::MAX), now), FOREVER);
    }

    #[test]
    fn cassandra_keeps_for_ever_what_it_cannot_count() {
        let now = at(1_800_000_000_000);
        assert!(seconds_to_live(Some(at(2_145_916_700_000)), now) > 300_000_000);
        assert_eq!(seconds_to_live(Some(at(2_145_916_800_000)), now), FOREVER);
        assert_eq!(seconds_to_live(Some(at(700_000_000_000)), at(0)), FOREVER, "more than twenty years");
    }

    #[test]
    fn for_ever_is_longer_than_anything() {
        assert_eq!((longer(3, 7), longer(FOREVER, 7), longer(3, FOREVER)), (7, FOREVER, FOREVER));
        assert!(rank(None) > rank(Some(at(5))) && rank(Some(at(5))) > rank(Some(at(4))));
    }
}
