//! The health of writes: why they fail, if they do, and the lines about it in the log.
//!
//! A store reports each write that it refuses, and finds out with a probe when the cause is over. The first failure is logged with
//! its cause and the remedy, further ones are counted and logged once a minute at most, and the end is logged too.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tickseed_session::{StoreError, error_chain};

/// How often a cause is logged at most while writes fail because of it.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// Why writes fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cause {
    /// The cause in words, for the log and for clients.
    pub(crate) phrase: &'static str,
    /// What the operator can do about it.
    pub(crate) remedy: &'static str,
}

/// A write that the store has refused, or a probe.
pub(crate) struct Refusal {
    pub(crate) cause: Cause,
    /// The answer of the store.
    pub(crate) error: Arc<dyn Error + Send + Sync>,
    /// How many writes were refused; 0 for a probe.
    pub(crate) writes: u64,
}

/// Whether the parts of a store can be written. The embedded store and a single Redis have one part, a cluster one for each master.
#[derive(Default)]
pub(crate) struct WriteHealth {
    /// Whether any part fails. Spares the writes of a healthy store the lock.
    fails: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failing: BTreeMap<u16, Failure>,
    /// When each cause was last logged, by its phrase, and how many refused writes have not been logged since.
    lines: BTreeMap<&'static str, (Instant, u64)>,
    /// Whether the log says that writes fail.
    is_logged: bool,
}

struct Failure {
    cause: Cause,
    error: Arc<dyn Error + Send + Sync>,
}

impl WriteHealth {
    /// Notes that writes to a part fail, and returns the error for their callers. `name` is that of the part, for the log.
    pub(crate) fn failed(&self, part: u16, name: &str, refusal: Refusal, now: Instant) -> StoreError {
        let Refusal { cause, error, writes } = refusal;
        let mut state = self.state();
        if let Some(refused) = state.fail(part, cause, Arc::clone(&error), writes, now) {
            let Cause { phrase, remedy } = cause;
            let error = error_chain(&*error);
            tracing::error!(store = name, refused, error, "writes fail: {phrase}; {remedy}");
        }
        self.fails.store(true, Ordering::Relaxed);
        not_writable(cause, error)
    }

    /// Notes that writes to a part work.
    pub(crate) fn works(&self, part: u16) {
        if !self.fails.load(Ordering::Relaxed) {
            return;
        }
        let mut state = self.state();
        if let Some(refused) = state.recover(part) {
            tracing::info!(refused, "writes work again");
        }
        self.fails.store(!state.failing.is_empty(), Ordering::Relaxed);
    }

    /// Returns why writes fail, if they do.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        if !self.fails.load(Ordering::Relaxed) {
            return None;
        }
        let state = self.state();
        let failure = state.failing.values().next()?;
        Some(not_writable(failure.cause, Arc::clone(&failure.error)))
    }

    /// Returns the parts to which writes fail.
    #[cfg(feature = "redis")]
    pub(crate) fn failing(&self) -> Vec<u16> {
        self.state().failing.keys().copied().collect()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_writable(cause: Cause, source: Arc<dyn Error + Send + Sync>) -> StoreError {
    StoreError::NotWritable { reason: cause.phrase, source }
}

impl State {
    /// Notes a failure. Returns the number of refused writes since the last line, if another line is due.
    fn fail(
        &mut self,
        part: u16,
        cause: Cause,
        error: Arc<dyn Error + Send + Sync>,
        writes: u64,
        now: Instant,
    ) -> Option<u64> {
        self.failing.insert(part, Failure { cause, error });
        let line = self.lines.get_mut(cause.phrase);
        let unlogged = line.as_ref().map_or(0, |(_, unlogged)| *unlogged) + writes;
        match line {
            Some((logged_at, counted)) if now.duration_since(*logged_at) < LOG_EVERY => {
                *counted = unlogged;
                None
            }
            _ => {
                self.lines.insert(cause.phrase, (now, 0));
                self.is_logged = true;
                Some(unlogged)
            }
        }
    }

    /// Notes that a part works. Returns the number of refused writes since the last line, if the recovery is to be logged: no other
    /// part fails, and the log says that writes fail. The next failure is then logged at once, whatever its cause.
    fn recover(&mut self, part: u16) -> Option<u64> {
        self.failing.remove(&part)?;
        if !self.failing.is_empty() || !std::mem::take(&mut self.is_logged) {
            return None;
        }
        Some(std::mem::take(&mut self.lines).into_values().map(|(_, unlogged)| unlogged).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Cause = Cause { phrase: "the store is full", remedy: "make room" };
    const READ_ONLY: Cause = Cause { phrase: "the store is read-only", remedy: "make it writable" };

    fn fail(state: &mut State, part: u16, cause: Cause, now: Instant) -> Option<u64> {
        state.fail(part, cause, Arc::from(Box::<dyn Error + Send + Sync>::from("no")), 1, now)
    }

    #[test]
    fn a_cause_is_logged_once_a_minute_with_the_number_of_refused_writes() {
        let (mut state, start) = (State::default(), Instant::now());
        assert_eq!(fail(&mut state, 0, FULL, start), Some(1));
        for second in 1..60 {
            assert_eq!(fail(&mut state, 0, FULL, start + Duration::from_secs(second)), None);
        }
        assert_eq!(fail(&mut state, 0, READ_ONLY, start), Some(1), "another cause is logged at once");
        assert_eq!(fail(&mut state, 0, FULL, start + LOG_EVERY), Some(60));
        assert_eq!(fail(&mut state, 0, FULL, start + LOG_EVERY), None);
        assert_eq!(state.recover(0), Some(1));
        assert_eq!(state.recover(0), None);
    }

    #[test]
    fn a_store_that_fails_again_has_a_line_for_each_time_and_for_its_end() {
        let (mut state, now) = (State::default(), Instant::now());
        for _ in 0..3 {
            assert_eq!(fail(&mut state, 0, FULL, now), Some(1));
            assert_eq!(fail(&mut state, 0, FULL, now), None);
            assert_eq!(state.recover(0), Some(1));
        }
    }

    #[test]
    fn the_store_recovers_with_the_last_of_its_parts() {
        let (health, now) = (WriteHealth::default(), Instant::now());
        let refusal = |cause| {
            let error = Arc::from(Box::<dyn Error + Send + Sync>::from("no"));
            Refusal { cause, error, writes: 1 }
        };
        assert!(health.failure().is_none());
        let error = health.failed(1, "b", refusal(READ_ONLY), now);
        assert_eq!(error.to_string(), READ_ONLY.phrase);
        assert!(error.is_temporary());
        drop(health.failed(0, "a", refusal(FULL), now));
        assert_eq!(health.failure().unwrap().to_string(), FULL.phrase);
        health.works(0);
        assert_eq!(health.failure().unwrap().to_string(), READ_ONLY.phrase);
        health.works(1);
        assert!(health.failure().is_none());
    }
}
