//! Finds out how many requests may wait for the store so that each is served in good time.
//!
//! More waiting requests help a store that writes many at once, and then only make each of them wait longer. So what counts is
//! how long requests wait while others are refused: if that is longer than it should be, the limit falls, and if it is shorter,
//! the limit rises.

use std::time::Duration;

/// How many requests may wait before anything is known, and for a short burst.
pub(super) const USUAL_LIMIT: usize = 256;

/// How many requests may always wait, so that the store never idles.
const LEAST_LIMIT: usize = 64;

/// How long a request may wait for any store.
const GOOD_TIME: Duration = Duration::from_millis(15);

/// How many times as long as the fastest request it may wait for a slow store.
const TIMES_FASTEST: u32 = 5;

/// How often the limit is changed.
const WINDOW: Duration = Duration::from_millis(100);

/// In each window, the fastest request is forgotten by this part, because a disk can become slower for good.
const FORGET: u32 = 10_000;

/// What was measured of the requests of one kind since the last change of the limit.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The uptime at which the window began.
    since: Duration,
    /// How long the requests of the window have waited, all together.
    waited: Duration,
    ended: u32,
    /// The shortest wait, also of earlier windows.
    fastest: Option<Duration>,
}

impl Pace {
    /// Notes that a request has ended after it waited this long. At the end of a window, returns how long its requests have waited.
    pub(super) fn note(&mut self, waited: Duration, now: Duration) -> Option<Waits> {
        self.waited += waited;
        self.ended += 1;
        self.fastest = Some(self.fastest.map_or(waited, |fastest| fastest.min(waited)));
        if now.saturating_sub(self.since) < WINDOW {
            return None;
        }
        let fastest = self.fastest.unwrap_or_default();
        let waits = Waits { allowed: GOOD_TIME.max(fastest * TIMES_FASTEST), mean: self.waited / self.ended };
        *self = Self { since: now, fastest: Some(fastest + fastest / FORGET), ..Self::default() };
        Some(waits)
    }
}

/// How long requests have waited on average, and how long they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waits {
    allowed: Duration,
    mean: Duration,
}

impl Waits {
    /// Returns the limit that follows. `has_refused` says whether the limit was too low for somebody.
    pub(super) fn next_limit(self, limit: usize, max: usize, has_refused: bool) -> usize {
        let next = if !has_refused {
            // Nobody was refused, so nothing is to be gained: back to what a burst needs.
            limit + USUAL_LIMIT.saturating_sub(limit).div_ceil(8) - limit.saturating_sub(USUAL_LIMIT) / 8
        } else if self.mean > self.allowed {
            // By a third at most, because one slow write says little.
            let fitting = limit as u128 * self.allowed.as_micros() / self.mean.as_micros().max(1);
            usize::try_from(fitting).unwrap_or(limit).max(limit - limit / 3)
        } else if self.mean < self.allowed * 4 / 5 {
            limit + limit / 8 + 1
        } else {
            limit
        };
        next.clamp(LEAST_LIMIT.min(max), max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 1_024;

    /// A store that writes everything that waits at once: each write takes `sync_us`, and `each_us` for each request. The store
    /// has more to do than it can for five seconds. Returns the limit at the end, and how many requests are done a second.
    fn overload(sync_us: u64, each_us: u64) -> (usize, usize) {
        let (mut pace, mut limit, mut now) = (Pace::default(), USUAL_LIMIT, Duration::ZERO);
        let (mut done, mut queued) = (0, vec![now]);
        while now < Duration::from_secs(5) {
            let batch = std::mem::take(&mut queued);
            let began = now;
            now += Duration::from_micros(sync_us + each_us * batch.len() as u64);
            // Meanwhile as many requests come as may wait beside those.
            let room = limit.saturating_sub(batch.len()).max(1);
            let step = now.saturating_sub(began) / u32::try_from(room).unwrap();
            queued.extend((0..u32::try_from(room).unwrap()).map(|number| began + step * number));
            done += batch.len();
            for came in batch {
                if let Some(waits) = pace.note(now.saturating_sub(came), now) {
                    limit = waits.next_limit(limit, MAX, true);
                }
            }
        }
        (limit, done / 5)
    }

    #[test]
    fn a_fast_store_has_few_requests_waiting() {
        let (limit, done) = overload(1_000, 60);
        assert!((128..400).contains(&limit), "{limit}");
        assert!(done > 12_000, "{done} of 16,667 a second");
    }

    #[test]
    fn a_slow_disk_writes_many_at_once() {
        let (limit, done) = overload(30_000, 60);
        assert!(limit > 800, "{limit}");
        assert!(done > 7_000, "{done}");
    }

    #[test]
    fn a_slow_processor_has_the_fewest_requests_waiting() {
        let (limit, _) = overload(1_000, 1_000);
        assert_eq!(limit, LEAST_LIMIT);
    }

    #[test]
    fn afterwards_the_limit_is_as_before() {
        let waits = Waits { allowed: GOOD_TIME, mean: Duration::from_millis(1) };
        for start in [LEAST_LIMIT, MAX] {
            let limit = (0..100).fold(start, |limit, _| waits.next_limit(limit, MAX, false));
            assert!((USUAL_LIMIT..USUAL_LIMIT + 8).contains(&limit), "{limit}");
        }
    }

    #[test]
    fn the_limit_never_exceeds_the_maximum() {
        let waits = Waits { allowed: GOOD_TIME, mean: Duration::from_millis(1) };
        let slow = Waits { allowed: GOOD_TIME, mean: Duration::from_secs(1) };
        assert_eq!((waits.next_limit(2, 2, true), slow.next_limit(2, 2, true)), (2, 2));
    }
}
