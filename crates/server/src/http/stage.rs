//! How far the server has got: opening its store, serving sessions, or draining before it ends.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use super::error::ApiError;
use super::protection::{StoreSlot, StoreSlots};
use tickseed_session::{Lookup, SessionId, SessionService};

/// The stage that the server is in. All requests share it.
#[derive(Default)]
pub struct Stage {
    /// Set when the store is open.
    service: OnceLock<web::Data<SessionService>>,
    is_draining: AtomicBool,
    /// Whether the server counts as ready while only sessions in memory can be served.
    is_ready_from_memory: bool,
}

impl Stage {
    /// Begins without a store. `is_ready_from_memory` says whether the server is ready although its store cannot be asked.
    #[must_use]
    pub fn new(is_ready_from_memory: bool) -> Self {
        Self { is_ready_from_memory, ..Self::default() }
    }

    /// Returns whether the server is ready while only sessions in memory can be served.
    pub(super) const fn is_ready_from_memory(&self) -> bool {
        self.is_ready_from_memory
    }

    /// Begins to serve sessions. Until then, the endpoints of sessions respond with 503 `opening`.
    pub fn serve(&self, service: SessionService) {
        // Only the first call has an effect, and there is only one.
        self.service.get_or_init(|| web::Data::new(service));
    }

    /// Begins to drain: `/readyz` responds with 503 `draining`, and new event streams end at once.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Returns whether the server is about to end.
    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Returns the service if the store is open.
    pub(super) fn service(&self) -> Result<&web::Data<SessionService>, ApiError> {
        self.service.get().ok_or(ApiError::Opening)
    }
}

/// The service, as an argument of a handler.
#[derive(Clone)]
pub(super) struct Service(web::Data<SessionService>);

impl Service {
    /// Finds a session. While too many requests wait for the store, only those in memory are found.
    pub(super) async fn find_or_shed(&self, id: SessionId, slots: &StoreSlots) -> Result<Lookup, ApiError> {
        if let Some(found) = self.find_in_memory(id) {
            return Ok(found?);
        }
        let _slot = slots.take()?;
        Ok(self.find(id).await?)
    }

    /// Takes a slot of the store, unless the session can be found in memory.
    pub(super) fn slot_to_find(
        &self,
        id: SessionId,
        slots: &StoreSlots,
    ) -> Result<Option<StoreSlot>, ApiError> {
        if self.find_in_memory(id).is_some() { Ok(None) } else { slots.take().map(Some) }
    }
}

impl Deref for Service {
    type Target = SessionService;

    fn deref(&self) -> &SessionService {
        &self.0
    }
}

impl FromRequest for Service {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let service = match request.app_data::<web::Data<Stage>>() {
            Some(stage) => stage.service().cloned().map(Self),
            None => Err(ApiError::Internal("the app has no stage".into())),
        };
        ready(service)
    }
}
