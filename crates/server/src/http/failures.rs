//! Logs requests that fail through no fault of the client.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use super::error::ApiError;
use crate::excerpt::excerpt;
use tickseed_session::error_chain;

/// Logs the method, path and status of a failed request, and the error with all of its causes, which the response
/// omits.
///
/// # Errors
///
/// Passes on the errors of the inner layers.
pub async fn log_failures<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let response = next.call(request).await?;
    if response.status().is_server_error()
        && let Some(error) = response.response().error().and_then(|error| error.as_error::<ApiError>())
        && let Some(cause) = error.cause_to_log()
    {
        let (method, path) = (response.request().method(), excerpt(response.request().path()));
        let status = response.status().as_u16();
        tracing::error!(%method, path, status, error = error_chain(cause), "a request failed");
    }
    Ok(response)
}
