//! `POST /v1/sessions/{id}/withdraw`

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::ToSchema;

use super::change::{ChangeResponses, IfMatchHeader, change};
use super::{SessionPath, session_id};
use crate::http::access::Caller;
use crate::http::access_error::AccessErrors;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, timestamp};
use crate::http::idempotency::{IdempotencyErrors, IdempotencyKeyHeader};
use crate::http::json_object::JsonObject;
use crate::http::problem::{BodyErrors, Problem, ServerErrors, SessionNotFound};
use crate::http::stage::Service;
use tickseed_session::{ScheduleRequest, Timestamp};

// Only the OpenAPI document uses this type, as in `create`.
/// Which changes to take back.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WithdrawChanges)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) struct WithdrawChanges {
    /// Take back all changes at or after this RFC 3339 timestamp. Default: all that are not final.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
}

/// Takes back changes that have yet to take effect.
///
/// A change is final half a second before it takes effect. If the session has a notice, it is final as soon as it lies within the
/// notice and its guard.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/withdraw",
    tag = "sessions",
    operation_id = "withdrawSessionChanges",
    params(SessionPath, IfMatchHeader, IdempotencyKeyHeader),
    security((), ("bearer" = [])),
    request_body(content = Option<WithdrawChanges>, description = "May be left out or `null`. At most 64 KiB",
        example = json!({})),
    responses(
        ChangeResponses,
        BodyErrors,
        AccessErrors,
        SessionNotFound,
        (status = 409, description = "In this order: `session_stopped`, `later_changes`, `change_final`, \
            `nothing_to_withdraw`", body = Problem, content_type = "application/problem+json"),
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
    ScheduleRequest::Withdraw(fields.optional("from", timestamp))
}
