//! `GET /v1/sessions/{id}`

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use super::{SessionAnswer, SessionPath, session_id};
use crate::http::error::ApiError;
use crate::http::problem::{Failures, NoSession, Problem};
use crate::session::SessionService;

/// A session: all that a client needs to compute the state of any instant.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}",
    tag = "sessions",
    operation_id = "getSession",
    params(SessionPath),
    responses(
        (status = 200, description = "The session", body = SessionAnswer),
        (status = 400, description = "`invalid_fields`: `id` is no id of a session", body = Problem,
            content_type = "application/problem+json"),
        NoSession,
        Failures,
    )
)]
pub(in crate::http) async fn handle(
    service: web::Data<SessionService>,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let session = service.find(session_id(&id)?).await?;
    let answer = SessionAnswer::new(&session, service.clock().now())?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-cache")).json(answer))
}
