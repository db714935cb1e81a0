//! `POST /v1/sessions/{id}/resume`

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::ToSchema;

use super::change::{ChangeResponses, IfMatchHeader, change, read_when};
use super::{SessionPath, session_id};
use crate::http::access::Caller;
use crate::http::access_error::AccessErrors;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, integer};
use crate::http::idempotency::{IdempotencyErrors, IdempotencyKeyHeader};
use crate::http::json_object::JsonObject;
use crate::http::problem::{BodyErrors, Problem, ServerErrors, SessionNotFound};
use crate::http::stage::Service;
use tickseed_session::{ScheduleRequest, TickMs, Timestamp};

// Only the OpenAPI document uses this type, as in `create`.
/// When to resume the session, and how long its ticks are from then on.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ResumeSession)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) struct ResumeSession {
    /// When to resume: an RFC 3339 timestamp, not in the past, not within the notice, and without leap seconds. Default: as soon
    /// as possible.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// The length of a tick, in milliseconds. Default: as before the pause.
    #[schema(minimum = 1, maximum = 86_400_000, example = 100)]
    tick_ms: Option<u32>,
    /// Whether to take back the changes at or after `at`. Default: false.
    replace_later: Option<bool>,
}

/// Resumes a session that is paused.
///
/// The tick that the pause interrupted goes on where it was. With another `tick_ms`, that tick still ends with the length with which
/// it began; the schedule then gets two changes.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/resume",
    tag = "sessions",
    operation_id = "resumeSession",
    params(SessionPath, IfMatchHeader, IdempotencyKeyHeader),
    security((), ("bearer" = [])),
    request_body(content = Option<ResumeSession>, description = "May be left out or `null`. At most 64 KiB",
        example = json!({})),
    responses(
        ChangeResponses,
        BodyErrors,
        AccessErrors,
        SessionNotFound,
        (status = 409, description = "In this order: `session_stopped`, `not_started`, `too_soon`, `later_changes`, \
            `change_final`, `not_paused`, `schedule_full`", body = Problem, content_type = "application/problem+json"),
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
    change(service, caller, id, request, body, |fields| Some(read(fields))).await
}

pub(super) fn read(fields: &mut Fields) -> ScheduleRequest {
    let when = read_when(fields);
    let tick_ms = fields.optional("tick_ms", integer);
    let tick_ms = tick_ms.and_then(|tick_ms| fields.check(TickMs::new(tick_ms)));
    ScheduleRequest::Resume(when, tick_ms)
}
