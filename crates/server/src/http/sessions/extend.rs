//! `POST /v1/sessions/{id}/extend`

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::ToSchema;

use super::change::{ChangeRequest, ChangeResponses, IfMatchHeader, respond};
use super::create::read_time_to_live;
use super::{SessionPath, session_id};
use crate::http::access::Caller;
use crate::http::access_error::AccessErrors;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::idempotency::{IdempotencyErrors, IdempotencyKeyHeader};
use crate::http::json_object::JsonObject;
use crate::http::problem::{BodyErrors, Problem, ServerErrors, SessionNotFound};
use crate::http::protection::{CreationLimits, Protection};
use crate::http::stage::Service;
use tickseed_session::{SessionService, TimeToLive};

// Only the OpenAPI document uses this type, as in `create`.
/// How long the session exists.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ExtendSession)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) struct ExtendSession {
    /// How many seconds from now, or from its start if that is later, the session exists. With 0 it never expires.
    #[schema(value_type = u64, minimum = 0, maximum = 4_294_967_295_u32, example = 3600)]
    ttl_seconds: u32,
}

/// Lets a session exist for longer.
///
/// `expires_at` becomes `ttl_seconds` from now, or from the start if that is later. It only ever moves to a later time. No state
/// changes, so the notice of a session does not apply. Event streams tell the new `expires_at` with the event `changed`.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/extend",
    tag = "sessions",
    operation_id = "extendSession",
    params(SessionPath, IfMatchHeader, IdempotencyKeyHeader),
    security((), ("bearer" = [])),
    request_body(content = ExtendSession, description = "At most 64 KiB", example = json!({"ttl_seconds": 3600})),
    responses(
        ChangeResponses,
        BodyErrors,
        AccessErrors,
        SessionNotFound,
        (status = 409, description = "`expiry_not_later`: the session exists for as long already; `expires_at` says until when, unless it \
            never expires", body = Problem, content_type = "application/problem+json"),
        IdempotencyErrors,
        ServerErrors,
    )
)]
pub(in crate::http) async fn handle(
    service: Service,
    caller: Caller,
    protection: web::Data<Protection>,
    id: web::Path<String>,
    request: HttpRequest,
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&id)?;
    let limits = protection.creation();
    let ChangeRequest { value: time_to_live, repeatable, permission } =
        ChangeRequest::read(&service, caller, id, &request, body, |fields| read(fields, limits)).await?;
    let operate = async |service: &SessionService| {
        let extended = service.extend(id, time_to_live, &|session| permission.expects(session)).await;
        permission.outcome(service, id, extended).await
    };
    repeatable.once(&service, operate, |lookup| respond(&service, lookup)).await
}

pub(super) fn read(fields: &mut Fields, limits: CreationLimits) -> Option<TimeToLive> {
    fields.required("ttl_seconds", |value| read_time_to_live(value, limits))
}
