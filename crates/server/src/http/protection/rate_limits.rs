//! How many requests a client may send.
//!
//! The headers of a refusal are those of draft-ietf-httpapi-ratelimit-headers-10. Other responses do not carry them: caches would
//! hand the numbers of one client to all others.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponseBuilder};
use governor::Quota;
use sha2::{Digest, Sha256};
use tickseed_session::Clock;

use super::RateLimit;
use super::buckets::{BucketKey, Buckets};
use crate::http::client_address::ClientAddress;
use crate::http::error::ApiError;
use crate::telemetry::metrics::{Refused, count_refused};

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
    refused: Refused,
}

/// A request that exceeds a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) struct RateLimited {
    name: &'static str,
    burst: u32,
    window_seconds: u64,
    wait_seconds: u64,
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
                Policy::new("creates", Quota::per_minute(count), Refused::LimitedByAddress, clock)
            }),
        };
        (limits.rate.is_some() || limits.creates.is_some()).then_some(limits)
    }

    /// Counts a request towards the limits of its client.
    pub(super) fn admit(&self, request: &HttpRequest) -> Result<(), ApiError> {
        // As the routes see it: %73 is an s. The path of the request itself would let a client choose its limit.
        let path = request.match_info().as_str();
        if !path.starts_with("/v1/") {
            return Ok(());
        }
        let Some(address) = ClientAddress::of_request(request) else { return Ok(()) };
        let network = address.network();
        let key = BucketKey { client: network.bits(), group: network.group_bits() };
        if let Some(rate) = &self.rate {
            if path == "/v1/time" {
                return rate.time.take(key);
            }
            rate.by_address.take(key)?;
            if let Some(key) = key_of_credential(request) {
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
    *request.method() == Method::POST && (is_create || request.headers().contains_key("idempotency-key"))
}

impl Rate {
    fn new(RateLimit { per_second, burst }: RateLimit, clock: &Arc<dyn Clock>) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let factor = NonZeroU32::MIN.saturating_add(TIME_FACTOR - 1);
        let times = |number: NonZeroU32| number.saturating_mul(factor);
        let time = Quota::per_second(times(per_second)).allow_burst(times(burst));
        Self {
            by_address: Policy::new("requests", quota, Refused::LimitedByAddress, clock),
            by_key: Policy::new("requests-of-key", quota, Refused::LimitedByKey, clock),
            time: Policy::new("time", time, Refused::LimitedByAddress, clock),
        }
    }
}

impl Policy {
    fn new(name: &'static str, quota: Quota, refused: Refused, clock: &Arc<dyn Clock>) -> Self {
        Self {
            name,
            burst: quota.burst_size().get(),
            window_seconds: whole_seconds(quota.burst_size_replenished_in()),
            buckets: Buckets::new(quota, clock),
            refused,
        }
    }

    fn take(&self, key: BucketKey) -> Result<(), ApiError> {
        self.buckets.take(key).map_err(|wait| {
            count_refused(self.refused);
            ApiError::RateLimited(RateLimited {
                name: self.name,
                burst: self.burst,
                window_seconds: self.window_seconds,
                wait_seconds: whole_seconds(wait),
            })
        })
    }
}

impl RateLimited {
    /// Explains the limit to people.
    pub(in crate::http) fn detail(&self) -> String {
        let Self { burst, window_seconds, wait_seconds, .. } = self;
        let who = if self.name == "requests-of-key" { "this key" } else { "this address" };
        let what = if self.name == "creates" { "requests to create a session" } else { "requests" };
        format!(
            "too many requests: {who} may send {burst} {what} in {window_seconds} s; try again in {wait_seconds} s"
        )
    }

    /// Adds the headers that say when to try again.
    pub(in crate::http) fn insert_headers(&self, response: &mut HttpResponseBuilder) {
        let Self { name, burst, window_seconds, wait_seconds } = self;
        response
            .insert_header((header::RETRY_AFTER, wait_seconds.to_string()))
            .insert_header(("ratelimit-policy", format!("\"{name}\";q={burst};w={window_seconds}")))
            .insert_header(("ratelimit", format!("\"{name}\";r=0;t={wait_seconds}")));
    }
}

/// Returns the number of whole seconds after which a duration is over, at least one.
fn whole_seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

/// Returns the key of the bucket of a request with a credential. The hash hides the credential.
fn key_of_credential(request: &HttpRequest) -> Option<BucketKey> {
    let credential = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credential) = credential.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let hash: [u8; 32] = Sha256::digest(credential.trim()).into();
    let bits = u128::from_be_bytes(*hash.first_chunk()?);
    Some(BucketKey { client: bits, group: bits })
}
