//! `POST /v1/sessions/{id}/pause`

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::ToSchema;

use super::change::{ChangeResponses, IfMatchHeader, change, read_when};
use super::{SessionPath, session_id};
use crate::http::access::Caller;
use crate::http::access_error::AccessErrors;
use crate::http::error::ApiError;
use crate::http::idempotency::{IdempotencyErrors, IdempotencyKeyHeader};
use crate::http::json_object::JsonObject;
use crate::http::problem::{BodyErrors, Problem, ServerErrors, SessionNotFound};
use crate::http::stage::Service;
use tickseed_session::{ScheduleRequest, Timestamp};

// Only the OpenAPI document uses this type, as in `create`.
/// When to pause the session.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PauseSession)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) struct PauseSession {
    /// When to pause: an RFC 3339 timestamp, not in the past, not within the notice, and without leap seconds. Default: as soon
    /// as possible.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Whether to take back the changes at or after `at`. Default: false.
    replace_later: Option<bool>,
}

/// Pauses a session.
///
/// From then on, the step stays as it is, until the session is resumed. A pause may come in the middle of a tick, which goes on
/// where it was.
///
/// Without `at`, the pause takes effect as soon as possible: now, or after the notice and its guard if the session has a notice.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/pause",
    tag = "sessions",
    operation_id = "pauseSession",
    params(SessionPath, IfMatchHeader, IdempotencyKeyHeader),
    security((), ("bearer" = [])),
    request_body(content = Option<PauseSession>, description = "May be left out or `null`. At most 64 KiB",
        example = json!({})),
    responses(
        ChangeResponses,
        BodyErrors,
        AccessErrors,
        SessionNotFound,
        (status = 409, description = "In this order: `session_stopped`, `not_started`, `too_soon`, `later_changes`, \
            `change_final`, `already_paused`, `schedule_full`", body = Problem, content_type = "application/problem+json"),
        IdempotencyErrors,
        ServerErrors,
    )
)]
pub(in crate::http) async fn handle(
    service: Service,
    caller: Caller,
    id: web::Path<String>,
    request: HttpRequest,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&id)?;
    change(service, caller, id, request, body, |fields| Some(ScheduleRequest::Pause(read_when(fields)))).await
}
