//! Limits how many requests wait for the store at once. Those beyond the limit are refused without asking the store, instead of
//! waiting so long that nobody needs their response any more. If there are many refusals, [`super::refusals`] delays them.
//!
//! Requests that are answered from memory need no slot. Neither do requests that change a session, if the caller may change any
//! session: they must go through when everything else is too much.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::error::ApiError;
use crate::http::overload::Overload;
use crate::telemetry::metrics::{Refusal, count_refusal};

/// The slots of the requests that wait for the store.
pub(in crate::http) struct StoreSlots {
    /// `None` if there is no limit.
    slots: Option<Arc<Semaphore>>,
}

/// A slot that is taken until this is dropped.
pub(in crate::http) struct StoreSlot {
    _permit: Option<OwnedSemaphorePermit>,
}

impl StoreSlots {
    pub(super) fn new(max: Option<NonZeroUsize>) -> Self {
        let slots = max.map(|max| Arc::new(Semaphore::new(max.get().min(Semaphore::MAX_PERMITS))));
        Self { slots }
    }

    /// Takes a slot.
    pub(in crate::http) fn take(&self) -> Result<StoreSlot, ApiError> {
        let permit = self.slots.as_ref().map(|slots| Arc::clone(slots).try_acquire_owned()).transpose();
        permit.map(|permit| StoreSlot { _permit: permit }).map_err(|_| overloaded())
    }

    /// Fails if no slot is free. A request that asks before it does any work costs little if it is refused.
    pub(in crate::http) fn expect_free(&self) -> Result<(), ApiError> {
        let is_full = self.slots.as_ref().is_some_and(|slots| slots.available_permits() == 0);
        if is_full { Err(overloaded()) } else { Ok(()) }
    }
}

fn overloaded() -> ApiError {
    count_refusal(Refusal::Shed);
    ApiError::Overloaded(Overload::Store)
}
