//! The refusal of a request that exceeds a limit.
//!
//! Its headers are those of draft-ietf-httpapi-ratelimit-headers-10. Other responses do not carry them: caches would hand the numbers
//! of one client to all others.

use actix_web::HttpResponseBuilder;
use actix_web::http::header;

/// A request that exceeds a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateLimited {
    pub(super) name: &'static str,
    pub(super) burst: u32,
    pub(super) window_seconds: u64,
    pub(super) wait_seconds: u64,
}

impl RateLimited {
    /// Explains the limit to people.
    pub(super) fn detail(&self) -> String {
        let Self { burst, window_seconds, wait_seconds, .. } = self;
        let who = if self.name == "requests-of-key" { "this key" } else { "this address" };
        let what = if self.name == "creates" {
            "requests to create a session or with an Idempotency-Key"
        } else {
            "requests"
        };
        format!(
            "too many requests: {who} may send {burst} {what} in {window_seconds} s; try again in {wait_seconds} s"
        )
    }

    /// Adds the headers that say when to try again.
    pub(super) fn insert_headers(&self, response: &mut HttpResponseBuilder) {
        let Self { name, burst, window_seconds, wait_seconds } = self;
        response
            .insert_header((header::RETRY_AFTER, wait_seconds.to_string()))
            .insert_header(("ratelimit-policy", format!("\"{name}\";q={burst};w={window_seconds}")))
            .insert_header(("ratelimit", format!("\"{name}\";r=0;t={wait_seconds}")));
    }
}
