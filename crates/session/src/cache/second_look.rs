//! Reads a session from the store once more, for callers that may know of a change before memory does.
//!
//! Anybody can claim that, with a token that fits no session. So a second look first waits for a moment, and all callers that want
//! one during that time share it. A session has at most one such read at a time, and only a few sessions have one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, WeakShared};
use tokio::time::sleep;

use super::in_flight::Read;
use super::{Outcome, SessionCache};
use crate::SessionId;

/// How long a second look waits for other callers.
const SHARED_FOR: Duration = Duration::from_millis(50);

/// How many second looks there may be at once. Each waits first, so together they send at most 320 reads a second to the store.
const MOST_AT_ONCE: usize = 16;

type WeakLook = WeakShared<BoxFuture<'static, Outcome>>;

/// The second looks that have not ended.
#[derive(Default)]
pub(super) struct SecondLooks(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// Looks that have yet to begin to read. Callers may join them.
    waiting: HashMap<SessionId, (u64, WeakLook)>,
    /// Looks that are reading. Callers that arrive now may know of a later change, so they cannot join.
    reading: HashMap<SessionId, (u64, WeakLook)>,
    next_number: u64,
    count: usize,
}

impl SecondLooks {
    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionCache {
    /// Reads a session from the store, beginning after this call. Returns `None` if there are too many such reads.
    pub(crate) fn look_again(self: &Arc<Self>, id: SessionId) -> Option<Read> {
        let mut table = self.second_looks.lock();
        if let Some(look) = table.waiting.get(&id).and_then(|(_, look)| look.upgrade()) {
            return Some(look);
        }
        if table.count >= MOST_AT_ONCE {
            return None;
        }
        table.count += 1;
        let number = table.next_number;
        table.next_number += 1;
        let before = table.reading.get(&id).and_then(|(_, look)| look.upgrade());
        let look = look(Place { cache: Arc::clone(self), id, number }, before).boxed().shared();
        if let Some(weak) = look.downgrade() {
            table.waiting.insert(id, (number, weak));
        }
        Some(look)
    }
}

async fn look(place: Place, before: Option<Read>) -> Outcome {
    sleep(SHARED_FOR).await;
    if let Some(before) = before {
        drop(before.await);
    }
    place.begins_to_read();
    place.cache.read_anew(place.id).await
}

/// The place of a second look in the table. Dropped when the look ends, or when all of its callers have gone.
struct Place {
    cache: Arc<SessionCache>,
    id: SessionId,
    number: u64,
}

impl Place {
    /// Stops other callers from joining.
    fn begins_to_read(&self) {
        let mut table = self.cache.second_looks.lock();
        if table.waiting.get(&self.id).is_some_and(|(number, _)| *number == self.number)
            && let Some(look) = table.waiting.remove(&self.id)
        {
            table.reading.insert(self.id, look);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.cache.second_looks.lock();
        table.count = table.count.saturating_sub(1);
        let Table { waiting, reading, .. } = &mut *table;
        for looks in [waiting, reading] {
            if looks.get(&self.id).is_some_and(|(number, _)| *number == self.number) {
                looks.remove(&self.id);
            }
        }
    }
}
