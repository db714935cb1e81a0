//! What protects the server from too much: limits for each client, for each kind of connection, and for the store.
//!
//! Whatever is not limited costs a request no more than a look at an `Option`.

mod buckets;
mod connections;
mod creation;
mod places;
mod rate_limits;
mod refusals;
mod store_slots;

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServiceRequest;
use actix_web::rt::net::TcpStream;
use actix_web::{HttpRequest, web};
use tickseed_session::Clock;

use super::client_address::{ClientAddress, TrustedProxies};
use super::connection::Refused;
use super::error::ApiError;
use super::origins::{AllowedOrigins, SharedWith};
use super::overload::Overload;
use crate::telemetry::metrics::{Refusal, count_refusal};
use connections::Connections;
use places::{Full, Places};
use rate_limits::RateLimits;
use refusals::Refusals;

pub use connections::OpenConnection;
pub use creation::CreationLimits;
pub(super) use creation::check_depth;
pub(super) use places::Place;
pub(super) use store_slots::{StoreSlot, StoreSlots};

/// How many requests may wait for the store at once by default. A store that answers 10,000 requests a second works these off in
/// a tenth of a second.
pub const DEFAULT_MAX_IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(1_024).expect("it is not zero");

/// Limits that protect the server. By default nothing is limited, except that at most [`DEFAULT_MAX_IN_FLIGHT`] requests wait for the
/// store at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectionOptions {
    /// Whose word counts for the address of a client.
    pub trusted_proxies: TrustedProxies,
    /// How many requests a client may send.
    pub rate: Option<RateLimit>,
    /// How many sessions a client may create in a minute.
    pub creates_per_minute: Option<NonZeroU32>,
    /// The limits of a new session.
    pub creation: CreationLimits,
    /// How many connections there may be.
    pub connections: Option<NonZeroUsize>,
    /// How many connections a client may have.
    pub connections_per_address: Option<NonZeroUsize>,
    /// How many event streams there may be.
    pub streams: Option<NonZeroUsize>,
    /// How many event streams a client may have.
    pub streams_per_address: Option<NonZeroUsize>,
    /// How many requests may wait for the store at once.
    pub in_flight: Option<NonZeroUsize>,
    /// Which pages may use the API.
    pub origins: AllowedOrigins,
}

impl Default for ProtectionOptions {
    fn default() -> Self {
        Self {
            trusted_proxies: TrustedProxies::default(),
            rate: None,
            creates_per_minute: None,
            creation: CreationLimits::default(),
            connections: None,
            connections_per_address: None,
            streams: None,
            streams_per_address: None,
            in_flight: Some(DEFAULT_MAX_IN_FLIGHT),
            origins: AllowedOrigins::default(),
        }
    }
}

/// How many requests of `/v1` a client may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// How many requests a second it may send in the long run.
    pub per_second: NonZeroU32,
    /// How many requests it may send at once after a pause.
    pub burst: NonZeroU32,
}

/// The limits, and what counts towards them. All workers share it.
pub struct Protection {
    trusted_proxies: TrustedProxies,
    rate_limits: Option<RateLimits>,
    creation: CreationLimits,
    connections: Option<Connections>,
    streams: Places,
    store_slots: StoreSlots,
    refusals: Refusals,
    origins: AllowedOrigins,
}

impl Protection {
    /// Takes the limits. Time comes from the uptime of `clock`.
    #[must_use]
    pub fn new(options: ProtectionOptions, clock: &Arc<dyn Clock>) -> Self {
        let ProtectionOptions { connections, connections_per_address, trusted_proxies, origins, .. } =
            &options;
        Self {
            connections: Connections::new(*connections, *connections_per_address, trusted_proxies, origins),
            rate_limits: RateLimits::new(options.rate, options.creates_per_minute, clock),
            trusted_proxies: options.trusted_proxies,
            creation: options.creation,
            streams: Places::new(options.streams, options.streams_per_address),
            store_slots: StoreSlots::new(options.in_flight),
            refusals: Refusals::default(),
            origins: options.origins,
        }
    }

    /// Returns the limits of a new session.
    pub(super) const fn creation(&self) -> CreationLimits {
        self.creation
    }

    /// Returns the limit of the requests that wait for the store.
    pub(super) const fn store_slots(&self) -> &StoreSlots {
        &self.store_slots
    }

    /// Counts a request that was refused because too many wait for the store, and returns how long its answer has to wait.
    pub(super) fn delay_of_refusal(&self, uptime: Duration) -> Duration {
        self.refusals.delay(uptime)
    }

    /// Returns which origins may share a response.
    pub(super) fn shared_with(&self, request: &ServiceRequest) -> SharedWith {
        self.origins.shared_with(request)
    }

    /// Counts a connection that has been opened, and closes it at once if there are too many.
    #[must_use]
    pub fn connected(&self, stream: &TcpStream) -> OpenConnection {
        self.connections.as_ref().map(|connections| connections.opened(stream)).unwrap_or_default()
    }

    /// Counts a request towards the limits of its client.
    pub(super) fn admit(&self, request: &ServiceRequest) -> Result<(), ApiError> {
        if self.connections.is_some() && request.conn_data::<Refused>().is_some() {
            count_refusal(Refusal::Shed);
            return Err(ApiError::Overloaded(Overload::Connections));
        }
        match &self.rate_limits {
            Some(limits) => limits.admit(request.request(), client_of(request.request())),
            None => Ok(()),
        }
    }

    /// Takes the place of an event stream until the place is dropped.
    pub(super) fn stream(&self, request: &HttpRequest) -> Result<Place, ApiError> {
        let network = || client_of(request).map(ClientAddress::network);
        self.streams.take(network).map_err(|full| match full {
            Full::All => {
                count_refusal(Refusal::Shed);
                ApiError::Overloaded(Overload::EventStreams)
            }
            Full::OfNetwork(limit) => {
                count_refusal(Refusal::LimitedByAddress);
                ApiError::TooManyStreams { limit }
            }
        })
    }

    /// Forgets the clients whose limits are as if they had never been here. Call this again and again.
    pub fn forget_idle_clients(&self) {
        if let Some(limits) = &self.rate_limits {
            limits.forget_idle_clients();
        }
    }
}

/// Returns the address of the client that sent a request. Returns `None` only if the connection has no address.
pub(super) fn client_of(request: &HttpRequest) -> Option<ClientAddress> {
    let peer = request.peer_addr()?.ip();
    Some(match request.app_data::<web::Data<Protection>>() {
        Some(protection) => ClientAddress::read(peer, request.headers(), &protection.trusted_proxies),
        None => ClientAddress::of_peer(peer),
    })
}
