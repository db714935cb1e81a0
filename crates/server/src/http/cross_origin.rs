//! Lets games on other origins call the API, which uses neither cookies nor passwords, so there is nothing to steal.
//!
//! actix-cors does not fit: it omits its headers when a request names no origin. A shared cache would then serve that
//! response to browsers, which reject it. Here all responses carry the same headers, so caches may keep any of them.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::{DefaultHeaders, Next};
use actix_web::{Error, HttpResponse};

/// How many seconds a browser may cache the response to a preflight request.
const PREFLIGHT_MAX_AGE: u32 = 24 * 60 * 60;

/// The headers that pages on other origins may read.
const EXPOSED_HEADERS: &str = "age, allow, etag, location, retry-after, tickseed-settled-until";

/// Returns the headers that every response carries.
#[must_use]
pub fn default_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .add((header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS))
        // Without this header, browsers hide the timing of requests from pages on other origins. A clock needs that
        // timing: a busy page on its own can only measure when it got round to handling the response.
        .add(("timing-allow-origin", "*"))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

/// Allows every preflight request. If the actual request is invalid, its route responds with an error that says why.
///
/// # Errors
///
/// Passes on the errors of the inner layers.
pub async fn handle_preflight<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let requested_method = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD);
    let Some(method) = requested_method.filter(|_| *request.method() == Method::OPTIONS) else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, method))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_MAX_AGE))
        .insert_header((header::VARY, "access-control-request-method, access-control-request-headers"));
    if let Some(headers) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, headers));
    }
    let response = response.finish();
    Ok(request.into_response(response).map_into_right_body())
}
