//! How many requests a client may send.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::Method;
use governor::Quota;
use tickseed_session::Clock;

use super::RateLimit;
use super::buckets::{BucketKey, Buckets};
use crate::access::{Access, AccessMode, sha256};
use crate::http::access::bearer;
use crate::http::client_address::ClientAddress;
use crate::http::error::ApiError;
use crate::http::idempotency;
use crate::http::rate_limited::RateLimited;
use crate::http::time;
use crate::telemetry::metrics::{Refusal, count_refusal};

/// How many times as large the limit for `/v1/time` is: a classroom sits behind one address, and each clock asks often.
const TIME_FACTOR: u32 = 10;

/// The limits of all clients.
pub(super) struct RateLimits {
    rate: Option<Rate>,
    creates: Option<Policy>,
}

/// The limits of requests of all kinds.
struct Rate {
    by_address: Policy,
    by_key: Policy,
    time: Policy,
}

/// A limit with a name, and the buckets of the clients.
struct Policy {
    name: &'static str,
    /// How many requests a full bucket admits.
    burst: u32,
    /// How many seconds it takes to fill an empty bucket.
    window_seconds: u64,
    buckets: Buckets,
    /// How its refusals are counted.
    refusal: Refusal,
}

impl RateLimits {
    /// Returns `None` if there is no limit.
    pub(super) fn new(
        rate: Option<RateLimit>,
        creates_per_minute: Option<NonZeroU32>,
        clock: &Arc<dyn Clock>,
    ) -> Option<Self> {
        let limits = Self {
            rate: rate.map(|rate| Rate::new(rate, clock)),
            creates: creates_per_minute.map(|count| {
                Policy::new("creates", Quota::per_minute(count), Refusal::LimitedByAddress, clock)
            }),
        };
        (limits.rate.is_some() || limits.creates.is_some()).then_some(limits)
    }

    /// Counts a request towards the limits of its client.
    pub(super) fn admit(&self, request: &HttpRequest, client: Option<ClientAddress>) -> Result<(), ApiError> {
        // As the routes see it: %73 is an s. The path of the request itself would let a client choose its limit.
        let path = request.match_info().as_str();
        if !path.starts_with("/v1/") {
            return Ok(());
        }
        let Some(network) = client.map(ClientAddress::network) else { return Ok(()) };
        let key = BucketKey { client: network.bits(), group: network.group_bits() };
        if let Some(rate) = &self.rate {
            if path == time::PATH {
                return rate.time.take(key);
            }
            rate.by_address.take(key)?;
            if let Some(key) = known_key(request) {
                rate.by_key.take(key)?;
            }
        }
        match &self.creates {
            Some(creates) if takes_room(request, path) => creates.take(key),
            _ => Ok(()),
        }
    }

    pub(super) fn forget_idle_clients(&self) {
        let of_rate = self.rate.iter().flat_map(|rate| [&rate.by_address, &rate.by_key, &rate.time]);
        for policy in of_rate.chain(&self.creates) {
            policy.buckets.shrink();
        }
    }
}

/// Returns whether a request makes the store keep something: a session, or an answer for its idempotency key.
fn takes_room(request: &HttpRequest, path: &str) -> bool {
    let is_create = path == "/v1/sessions";
    *request.method() == Method::POST && (is_create || request.headers().contains_key(idempotency::HEADER))
}

impl Rate {
    fn new(RateLimit { per_second, burst }: RateLimit, clock: &Arc<dyn Clock>) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let factor = NonZeroU32::MIN.saturating_add(TIME_FACTOR - 1);
        let times = |number: NonZeroU32| number.saturating_mul(factor);
        let time_quota = Quota::per_second(times(per_second)).allow_burst(times(burst));
        Self {
            by_address: Policy::new("requests", quota, Refusal::LimitedByAddress, clock),
            by_key: Policy::new("requests-of-key", quota, Refusal::LimitedByKey, clock),
            time: Policy::new("time", time_quota, Refusal::LimitedByAddress, clock),
        }
    }
}

impl Policy {
    fn new(name: &'static str, quota: Quota, refusal: Refusal, clock: &Arc<dyn Clock>) -> Self {
        Self {
            name,
            burst: quota.burst_size().get(),
            window_seconds: whole_seconds(quota.burst_size_replenished_in()),
            buckets: Buckets::new(quota, clock),
            refusal,
        }
    }

    fn take(&self, key: BucketKey) -> Result<(), ApiError> {
        self.buckets.take(key).map_err(|wait| {
            count_refusal(self.refusal);
            ApiError::RateLimited(RateLimited {
                name: self.name,
                burst: self.burst,
                window_seconds: self.window_seconds,
                wait_seconds: whole_seconds(wait),
            })
        })
    }
}

/// Returns the number of whole seconds after which a duration is over, at least one.
fn whole_seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

/// Returns the key of the bucket of a request with an API key that the server knows. Anything else may be invented, and counts only
/// for its address.
fn known_key(request: &HttpRequest) -> Option<BucketKey> {
    let access = request.app_data::<Access>().filter(|access| access.mode() != AccessMode::Open)?;
    let key = access.find(&sha256(bearer(request.headers()).ok().flatten()?))?;
    let bits = u128::from_be_bytes(*key.sha256().first_chunk()?);
    Some(BucketKey { client: bits, group: bits })
}
