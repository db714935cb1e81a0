//! `DELETE /v1/sessions/{id}`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Map;

use super::change::{ChangeRequest, IfMatchHeader};
use super::{SessionPath, session_id};
use crate::http::access::Caller;
use crate::http::access_error::AccessErrors;
use crate::http::error::ApiError;
use crate::http::json_object::JsonObject;
use crate::http::problem::{Problem, ServerErrors, SessionNotFound};
use crate::http::stage::Service;

/// Deletes a session.
///
/// It is gone at once and for good, on every server. Event streams of the session end with the event `deleted`. A session with a
/// notice can be deleted without one: that changes no state, and what was settled stays true for clients that have the session.
///
/// After a 503, the session may have been deleted, or may still be within 250 ms, unless `detail` says that nothing has changed.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}",
    tag = "sessions",
    operation_id = "deleteSession",
    params(SessionPath, IfMatchHeader),
    security((), ("bearer" = [])),
    responses(
        (status = 204, description = "The session was deleted"),
        (status = 400, description = "`invalid_fields`: `id` is not a session id, `If-Match` is malformed, or the URL has a query",
            body = Problem, content_type = "application/problem+json"),
        AccessErrors,
        SessionNotFound,
        (status = 412, description = "`changed_meanwhile`: the session is none of the versions that `If-Match` names",
            body = Problem, content_type = "application/problem+json"),
        ServerErrors,
    )
)]
pub(in crate::http) async fn handle(
    service: Service,
    caller: Caller,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&id)?;
    let body = JsonObject(Map::new());
    let ChangeRequest { permission, .. } =
        ChangeRequest::read(&service, caller, id, &request, body, |_| Some(())).await?;
    let deleted = service.delete(id, &|session| permission.expects(session)).await;
    permission.outcome(&service, id, deleted).await?;
    Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "no-store")).finish())
}
