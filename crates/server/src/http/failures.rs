//! Logs requests that fail through no fault of the client.

use std::panic::AssertUnwindSafe;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use futures_util::FutureExt;

use super::error::ApiError;
use crate::excerpt::excerpt;
use tickseed_session::error_chain;

/// Logs the method, path and status of a failed request, and the error with all of its causes, which the response
/// omits. A request whose handler panics gets 500.
///
/// # Errors
///
/// Passes on the errors of the inner layers.
pub async fn log_failures<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let Ok(response) = AssertUnwindSafe(next.call(request)).catch_unwind().await else {
        // The hook for panics has logged the cause.
        tracing::error!(%method, path = excerpt(uri.path()), status = 500, "a request failed: its handler panicked");
        return Err(ApiError::Panicked.into());
    };
    let response = response?;
    if response.status().is_server_error()
        && let Some(error) = response.response().error().and_then(|error| error.as_error::<ApiError>())
        && let Some(cause) = error.cause_to_log()
    {
        let status = response.status().as_u16();
        tracing::error!(%method, path = excerpt(uri.path()), status, error = error_chain(cause), "a request failed");
    }
    Ok(response)
}
