//! Handles what every request needs, whatever its route. It is one layer, because each layer costs about as much as a simple handler.

use std::panic::AssertUnwindSafe;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError, web};
use futures_util::FutureExt;
use tokio::task::consume_budget;
use tokio::time::sleep;

use super::cross_origin::{add_headers, preflight_response};
use super::error::ApiError;
use super::failures::{log_failure, log_panic};
use super::observe::{Observed, RequestObserver};
use super::origins::SharedWith;
use super::overload::Overload;
use super::protection::Protection;
use super::request_id::RequestId;
use super::time::{self, ReceivedAt};

/// Wraps the handler of every request:
///
/// - notes when a request for the time arrived,
/// - answers preflight requests, and refuses requests beyond the limits of their client,
/// - delays the refusals of requests that would have to wait for the store, if there are many,
/// - logs failures, and counts and logs the request if the settings say so,
/// - adds the headers that every response carries.
///
/// # Errors
///
/// An error that gives 500 if the handler panics, and the errors of the inner layers.
pub async fn every_request<B: MessageBody + 'static>(
    observer: web::Data<RequestObserver>,
    protection: web::Data<Protection>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let observed = observer.begin(&request);
    if request.match_info().as_str() == time::PATH {
        request.extensions_mut().insert(ReceivedAt::now(observer.clock()));
    }
    // After many requests in a row on one connection, the other connections have their turn.
    consume_budget().await;
    let shared_with = protection.shared_with(&request);
    let is_api = request.match_info().as_str().starts_with("/v1/");
    let answer = preflight_response(&request, &shared_with);
    let answer = answer.or_else(|| Some(protection.admit(&request).err()?.error_response()));
    let mut response = match answer {
        Some(response) => request.into_response(response).map_into_right_body(),
        None => match handled(request, next, &shared_with, observed.as_ref().and_then(Observed::id)).await {
            Ok(response) => {
                if is_refused_by_store(&response) {
                    sleep(protection.delay_of_refusal(observer.clock().uptime())).await;
                }
                response.map_into_left_body()
            }
            Err(error) => {
                observer.end_with_panic(observed);
                return Err(error);
            }
        },
    };
    add_headers(response.headers_mut(), &shared_with, is_api);
    observer.end(observed, &mut response);
    Ok(response)
}

/// Returns whether a request was refused because too many wait for the store.
fn is_refused_by_store<B>(response: &ServiceResponse<B>) -> bool {
    response.status() == StatusCode::SERVICE_UNAVAILABLE
        && matches!(
            response.response().error().and_then(Error::as_error),
            Some(ApiError::Overloaded(Overload::Store))
        )
}

async fn handled<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
    shared_with: &SharedWith,
    id: Option<RequestId>,
) -> Result<ServiceResponse<B>, Error> {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let Ok(response) = AssertUnwindSafe(next.call(request)).catch_unwind().await else {
        log_panic(&method, &uri, id);
        return Err(ApiError::Panicked { shared_with: shared_with.clone() }.into());
    };
    let response = response?;
    log_failure(&response);
    Ok(response)
}
