//! `POST /v1/sessions/{id}/rate`

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
/// The new length of a tick, and from when on.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SetSessionRate)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) struct SetSessionRate {
    /// The length of a tick, in milliseconds: 1 to 86 400 000 (a day).
    #[schema(minimum = 1, maximum = 86_400_000, example = 50)]
    tick_ms: u32,
    /// When to begin: an RFC 3339 timestamp, not in the past, not within the notice, and without leap seconds. It is moved up to
    /// where a tick begins. Default: as soon as possible.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Whether to take back the changes at or after `at`. Default: false.
    replace_later: Option<bool>,
}

/// Changes the length of a session's ticks.
///
/// The new length begins where a tick begins: at `at`, or else with the next tick. `schedule` in the response says when that is.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/rate",
    tag = "sessions",
    operation_id = "setSessionRate",
    params(SessionPath, IfMatchHeader, IdempotencyKeyHeader),
    security((), ("bearer" = [])),
    request_body(content = SetSessionRate, description = "At most 64 KiB", example = json!({"tick_ms": 50})),
    responses(
        ChangeResponses,
        BodyErrors,
        AccessErrors,
        SessionNotFound,
        (status = 409, description = "In this order: `session_stopped`, `not_started`, `too_soon`, `later_changes`, \
            `change_final`, `already_paused`, `same_rate`, `schedule_full`", body = Problem, content_type = "application/problem+json"),
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
    change(service, caller, id, request, body, read).await
}

pub(super) fn read(fields: &mut Fields) -> Option<ScheduleRequest> {
    let tick_ms = fields.required("tick_ms", integer);
    let tick_ms = tick_ms.and_then(|tick_ms| fields.check(TickMs::new(tick_ms)));
    let when = read_when(fields);
    Some(ScheduleRequest::Rate(when, tick_ms?))
}
