//! Tells the log of requests that have failed by no fault of the client.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use super::error::ApiError;
use tickseed_session::error_chain;

/// Logs a failed request: what was asked, and the error with everything that it came from, which the answer does not tell.
///
/// # Errors
///
/// Those of the layers within.
pub async fn log_failures<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let response = next.call(request).await?;
    if response.status().is_server_error()
        && let Some(cause) = response.response().error().and_then(|error| error.as_error::<ApiError>())
        && let Some(cause) = cause.cause()
    {
        let (method, path) = (response.request().method(), response.request().path());
        let status = response.status().as_u16();
        tracing::error!(%method, path, status, error = error_chain(cause), "a request failed");
    }
    Ok(response)
}
