//! Lets games on other origins call the API, which uses neither cookies nor passwords, so there is nothing to steal.
//!
//! actix-cors does not fit: it omits its headers when a request names no origin. A shared cache would then serve that
//! response to browsers, which reject it. Here all responses carry the same headers, so caches may keep any of them.

use actix_web::HttpResponse;
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// How many seconds a browser may cache the response to a preflight request.
const PREFLIGHT_MAX_AGE: u32 = 24 * 60 * 60;

/// The headers that every response carries.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    // The headers that pages on other origins may read.
    (
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "age, allow, etag, location, retry-after, tickseed-settled-until, x-request-id",
        ),
    ),
    // Without this header, browsers hide the timing of requests from pages on other origins. A clock needs that
    // timing: a busy page on its own can only measure when it got round to handling the response.
    (HeaderName::from_static("timing-allow-origin"), HeaderValue::from_static("*")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
];

/// Adds the headers that every response carries.
pub(super) fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
}

/// Returns the response to a preflight request: every one is allowed. If the actual request is invalid, its route responds with
/// an error that says why.
pub(super) fn preflight_response(request: &ServiceRequest) -> Option<HttpResponse> {
    if *request.method() != Method::OPTIONS {
        return None;
    }
    let method = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, method))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE))
        .insert_header((header::VARY, "access-control-request-method, access-control-request-headers"));
    if let Some(headers) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, headers));
    }
    Some(response.finish())
}
