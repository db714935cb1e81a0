//! `GET /healthz` and `GET /readyz`: whether the process lives, and whether it can serve.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::problem::Problem;
use tickseed_session::SessionService;

/// All is well.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process lives. Asks nobody else.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "health",
    operation_id = "getHealth",
    responses((status = 200, description = "The process lives", body = Health))
)]
pub(super) async fn alive() -> HttpResponse {
    ok()
}

/// Whether requests can be served: asks the store.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "health",
    operation_id = "getReadiness",
    responses(
        (status = 200, description = "Sessions can be read", body = Health),
        (status = 503, description = "Sessions cannot be read: `store_unavailable`", body = Problem,
            content_type = "application/problem+json", headers(("Retry-After" = u32, description = "Seconds"))),
    )
)]
pub(super) async fn ready(service: web::Data<SessionService>) -> Result<HttpResponse, ApiError> {
    service.check().await?;
    Ok(ok())
}

fn ok() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(Health { status: "ok" })
}
