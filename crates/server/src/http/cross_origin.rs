//! Lets games on other origins call the API. It has no cookies and no passwords, so there is nothing to steal.
//!
//! Not by actix-cors: that leaves its headers out where a request names no origin, and a shared cache would then hand that
//! answer to browsers, which refuse it. Here every answer carries the same headers, so any cache may keep any of them.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::{DefaultHeaders, Next};
use actix_web::{Error, HttpResponse};

/// For how many seconds a browser may remember that it may ask.
const ALLOWED_FOR: u32 = 24 * 60 * 60;

/// The headers of every answer.
#[must_use]
pub fn headers_of_every_answer() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .add((header::ACCESS_CONTROL_EXPOSE_HEADERS, "age, allow, etag, location, retry-after"))
        // Browsers hide from pages of other origins when a request left and its answer came, unless they are told not to.
        // Who asks for the time needs to know: a busy page measures for itself only when it got round to them.
        .add(("timing-allow-origin", "*"))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
}

/// Answers a browser that asks whether a page of another origin may send a request: yes, whatever it is. What is not allowed
/// is refused by the routes, with an answer that says so.
///
/// # Errors
///
/// Those of the layers within.
pub async fn answer_preflights<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let asked_method = request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD);
    let Some(method) = asked_method.filter(|_| *request.method() == Method::OPTIONS) else {
        return Ok(next.call(request).await?.map_into_left_body());
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, method))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, ALLOWED_FOR))
        .insert_header((header::VARY, "access-control-request-method, access-control-request-headers"));
    if let Some(headers) = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, headers));
    }
    let response = response.finish();
    Ok(request.into_response(response).map_into_right_body())
}
