//! Logs requests that fail through no fault of the client.

use actix_web::HttpMessage;
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, Uri};

use super::error::ApiError;
use super::request_id::RequestId;
use crate::excerpt::excerpt;
use tickseed_session::error_chain;
use tracing::field::display;

/// Logs the method, path and status of a failed request, and the error with all of its causes, which the response omits.
pub(super) fn log_failure<B>(response: &ServiceResponse<B>) {
    if response.status().is_server_error()
        && let Some(error) = response.response().error().and_then(|error| error.as_error::<ApiError>())
        && let Some(cause) = error.cause_to_log()
    {
        let request = response.request();
        let (method, path) = (request.method(), excerpt(request.path()));
        let (status, error) = (response.status().as_u16(), error_chain(cause));
        let request_id = request.extensions().get::<RequestId>().copied().map(display);
        tracing::error!(%method, path, status, error, request_id, "a request failed");
    }
}

/// Logs a request whose handler panicked. The hook for panics has logged the cause.
pub(super) fn log_panic(method: &Method, uri: &Uri, id: Option<RequestId>) {
    let (path, request_id) = (excerpt(uri.path()), id.map(display));
    tracing::error!(%method, path, status = 500, request_id, "a request failed: its handler panicked");
}
