//! Lets games on other origins call the API, which uses no cookies: a browser sends no credential by itself, so a page can only use
//! those that it was given.
//!
//! actix-cors does not fit: it omits its headers when a request names no origin. A shared cache would then serve that
//! response to browsers, which reject it. Here all responses carry the same headers, so caches may keep any of them.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::bodyless::BLANK;
use super::origins::SharedWith;

/// How many seconds a browser may cache the response to a preflight request.
const PREFLIGHT_MAX_AGE: u32 = 24 * 60 * 60;

/// The headers of other responses that pages on other origins may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "age, allow, etag, location, ratelimit, ratelimit-policy, retry-after, tickseed-settled-until, x-request-id",
);

/// Without this header, browsers hide the timing of requests from pages on other origins. A clock needs that timing: a busy page on
/// its own can only measure when it got round to handling the response.
const TIMING_ALLOW_ORIGIN: HeaderName = HeaderName::from_static("timing-allow-origin");

/// Adds the headers that every response carries.
pub(super) fn add_headers(headers: &mut HeaderMap, shared_with: &SharedWith, is_api: bool) {
    if let Some(origin) = shared_with.header() {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        headers.insert(TIMING_ALLOW_ORIGIN, origin);
    }
    if *shared_with != SharedWith::Everyone {
        // A cache must not hand the response for one origin to another.
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_api {
        // Lets pages that isolate themselves from other origins use the API.
        headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
}

/// Returns the response to a preflight request: every one is allowed, except from origins that are not on the list. If the actual
/// request is invalid, its route responds with an error that says why.
pub(super) fn preflight_response(request: &ServiceRequest, shared_with: &SharedWith) -> Option<HttpResponse> {
    if *request.method() != Method::OPTIONS {
        return None;
    }
    let method = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let mut response = HttpResponse::Ok();
    if *shared_with == SharedWith::Nobody {
        return Some(response.body(BLANK));
    }
    response
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, method))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE))
        .insert_header((header::VARY, "access-control-request-method, access-control-request-headers"));
    if let Some(headers) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, headers));
    }
    Some(response.body(BLANK))
}
