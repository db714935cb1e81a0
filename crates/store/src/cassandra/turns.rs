//! One change of a session at a time: transactions of one server that compete for a session would only hold each other up.

use tickseed_session::{SessionId, StoreError};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};

/// How many sessions can be changed at the same time, at most. Some share a turn by chance.
const TURNS: usize = 1_024;

/// Whose turn it is.
pub(super) struct Turns(Vec<Mutex<()>>);

impl Turns {
    pub(super) fn new() -> Self {
        Self((0..TURNS).map(|_| Mutex::default()).collect())
    }

    /// Waits for the turn of a change, as long as there is time.
    pub(super) async fn wait(&self, id: SessionId, until: Instant) -> Result<MutexGuard<'_, ()>, StoreError> {
        let turn = timeout_at(until, self.0[turn_of(id)].lock()).await;
        turn.map_err(|_| StoreError::unavailable("earlier changes of the session took all the time"))
    }
}

/// Ids end with random bits.
fn turn_of(id: SessionId) -> usize {
    let [.., high, low] = *id.as_bytes();
    usize::from(u16::from_be_bytes([high, low])) % TURNS
}

#[cfg(test)]
mod tests {
    use tickseed_session::acceptance::now;

    use super::*;

    #[tokio::test]
    async fn two_changes_of_a_session_come_one_after_the_other() {
        let (turns, id) = (Turns::new(), SessionId::random(now()));
        let first = turns.wait(id, Instant::now()).await.unwrap();
        assert!(turns.wait(id, Instant::now()).await.is_err());
        drop(first);
        assert!(turns.wait(id, Instant::now()).await.is_ok());
    }
}
