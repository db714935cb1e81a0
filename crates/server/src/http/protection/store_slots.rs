//! Limits how many requests wait for the store at once. Those beyond the limit fail at once instead of waiting so long that
//! nobody needs their response any more.
//!
//! Requests that are answered from memory need no slot. Neither do requests that change a session: they must go through when
//! everything else is too much.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tickseed_session::Clock;

use super::pace::{Pace, USUAL_LIMIT};
use crate::http::error::ApiError;
use crate::telemetry::metrics::{Refusal, count_refusal};

/// The slots of the requests that wait for the store.
pub(in crate::http) struct StoreSlots {
    /// `None` if there is no limit.
    slots: Option<Arc<Slots>>,
}

/// What a request wants of the store. A store can be quick at one and slow at the other.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) enum Wanted {
    /// A session, or the list.
    Read,
    /// A new session.
    Create,
}

/// A slot that is taken until this is dropped.
pub(in crate::http) struct StoreSlot {
    taken: Option<(Arc<Slots>, Wanted, Duration)>,
}

struct Slots {
    clock: Arc<dyn Clock>,
    max: usize,
    /// How many requests may wait now.
    limit: AtomicUsize,
    waiting: AtomicUsize,
    /// Whether a request was refused since the limit was last changed.
    has_refused: AtomicBool,
    reads: Mutex<Pace>,
    creates: Mutex<Pace>,
}

impl StoreSlots {
    pub(super) fn new(max: Option<NonZeroUsize>, clock: &Arc<dyn Clock>) -> Self {
        let slots = |max: NonZeroUsize| Slots {
            clock: Arc::clone(clock),
            max: max.get(),
            limit: AtomicUsize::new(max.get().min(USUAL_LIMIT)),
            waiting: AtomicUsize::new(0),
            has_refused: AtomicBool::new(false),
            reads: Mutex::default(),
            creates: Mutex::default(),
        };
        Self { slots: max.map(|max| Arc::new(slots(max))) }
    }

    /// Takes a slot.
    pub(in crate::http) fn take(&self, wanted: Wanted) -> Result<StoreSlot, ApiError> {
        let Some(slots) = &self.slots else { return Ok(StoreSlot { taken: None }) };
        let waiting = slots.waiting.fetch_add(1, Ordering::Relaxed);
        // From here on, dropping the slot gives it back.
        let slot = StoreSlot { taken: Some((Arc::clone(slots), wanted, slots.clock.uptime())) };
        if waiting < slots.limit.load(Ordering::Relaxed) {
            return Ok(slot);
        }
        slot.give_back_unused();
        Err(slots.refuse())
    }

    /// Fails if no slot is free. A request that asks before it does any work costs little if it is refused.
    pub(in crate::http) fn expect_free(&self) -> Result<(), ApiError> {
        match &self.slots {
            Some(slots) if slots.is_full() => Err(slots.refuse()),
            _ => Ok(()),
        }
    }
}

impl Slots {
    fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= self.limit.load(Ordering::Relaxed)
    }

    fn refuse(&self) -> ApiError {
        self.has_refused.store(true, Ordering::Relaxed);
        count_refusal(Refusal::Shed);
        ApiError::Overloaded { what: "requests that wait for the store" }
    }

    /// Notes how long a request has waited, and changes the limit when that is due.
    fn ended(&self, wanted: Wanted, since: Duration) {
        let now = self.clock.uptime();
        let pace = match wanted {
            Wanted::Read => &self.reads,
            Wanted::Create => &self.creates,
        };
        let waits = pace.lock().unwrap_or_else(PoisonError::into_inner).note(now.saturating_sub(since), now);
        if let Some(waits) = waits {
            let has_refused = self.has_refused.swap(false, Ordering::Relaxed);
            let limit = self.limit.load(Ordering::Relaxed);
            self.limit.store(waits.next_limit(limit, self.max, has_refused), Ordering::Relaxed);
        }
    }
}

impl StoreSlot {
    /// Gives the slot back without a word about how long it was taken.
    fn give_back_unused(mut self) {
        if let Some((slots, ..)) = self.taken.take() {
            slots.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for StoreSlot {
    fn drop(&mut self) {
        if let Some((slots, wanted, since)) = self.taken.take() {
            slots.waiting.fetch_sub(1, Ordering::Relaxed);
            slots.ended(wanted, since);
        }
    }
}
