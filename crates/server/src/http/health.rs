//! `GET /healthz` and `GET /readyz`: whether the process is alive, and whether it can serve sessions.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::problem::Problem;
use super::stage::Stage;

/// The body of a healthy response.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Checks that the process is alive.
///
/// Never asks the store.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "health",
    operation_id = "getHealth",
    responses(
        (status = 200, description = "The process is alive", body = Health),
        (status = 503, description = "`overloaded`: the server has as many connections as it may", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn alive() -> HttpResponse {
    ok()
}

/// Checks that sessions can be read and written.
///
/// Asks the store, and responds with 503 if it is unavailable, or if it has refused writes and still does, or if the clocks of the
/// server and its store differ by more than 125 ms, or if the server is starting or about to end. With `--ready-from-memory on`, only
/// the last three count.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    operation_id = "getReadiness",
    responses(
        (status = 200, description = "Sessions can be read and written", body = Health),
        (status = 503, description = "Sessions cannot be read: `store_unavailable`, or `opening` at the start. Or they can be \
            read, but not written: `store_not_writable`; `detail` says why. Or the clock of the server is too far from that of its \
            store: `clock_unsure`; `detail` says how far. Or the server is about to end: `draining`. Or it has as many connections as \
            it may: `overloaded`", body = Problem,
            content_type = "application/problem+json"),
        (status = 500, description = "`internal`: the store has a fault that does not pass", body = Problem,
            content_type = "application/problem+json"),
    )
)]
pub(super) async fn ready(stage: web::Data<Stage>) -> Result<HttpResponse, ApiError> {
    if stage.is_draining() {
        return Err(ApiError::Draining);
    }
    let service = stage.service()?;
    if let Err(error) = service.check().await
        && !(error.is_temporary() && stage.is_ready_from_memory())
    {
        return Err(error.into());
    }
    // Memory does not help against a wrong clock: the server would show other steps than the others.
    service.check_clock()?;
    Ok(ok())
}

fn ok() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { status: "ok" })
}
