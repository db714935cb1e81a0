//! One transaction at a time for each session and each request: those of one server that compete would only hold each other up.
//!
//! A transaction whose caller has given up goes on in Cassandra, and keeps its turn until Cassandra has answered. So callers that try
//! again do not pile up there.

use std::sync::Arc;

use tickseed_session::StoreError;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{Instant, timeout_at};

/// How many transactions there can be at the same time, at most. Some share a turn by chance.
const TURNS: usize = 1_024;

/// Whose turn it is.
pub(super) struct Turns(Vec<Arc<Mutex<()>>>);

/// A turn, which ends with its last clone.
#[derive(Clone)]
pub(super) struct Turn {
    _guard: Arc<OwnedMutexGuard<()>>,
    /// Whether somebody else had the turn before, and may have changed something.
    pub(super) has_waited: bool,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self((0..TURNS).map(|_| Arc::default()).collect())
    }

    /// Waits for a turn, as long as there is time. Every key ends with random bits.
    pub(super) async fn wait(&self, key: &[u8], until: Instant) -> Result<Turn, StoreError> {
        let turn = &self.0[turn_of(key)];
        if let Ok(guard) = Arc::clone(turn).try_lock_owned() {
            return Ok(Turn { _guard: Arc::new(guard), has_waited: false });
        }
        let guard = timeout_at(until, Arc::clone(turn).lock_owned()).await;
        let guard = guard
            .map_err(|_| StoreError::unavailable("Cassandra has not finished an earlier transaction yet"))?;
        Ok(Turn { _guard: Arc::new(guard), has_waited: true })
    }
}

fn turn_of(key: &[u8]) -> usize {
    key.iter().rev().take(2).fold(0, |number, byte| number << 8 | usize::from(*byte)) % TURNS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_transactions_come_one_after_the_other() {
        let turns = Turns::new();
        let first = turns.wait(b"ab", Instant::now()).await.unwrap();
        assert!(!first.has_waited);
        let goes_on = first.clone();
        drop(first);
        assert!(turns.wait(b"cab", Instant::now()).await.is_err(), "it ends in the same way");
        assert!(turns.wait(b"ac", Instant::now()).await.is_ok());
        drop(goes_on);
        assert!(turns.wait(b"ab", Instant::now()).await.is_ok());
    }
}
