//! `POST /v1/sessions/{id}/stop`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::change::{ChangeRequest, IfMatchHeader};
use super::{SessionPath, StatusJson, insert_settled_until, session_id};
use crate::http::access::Caller;
use crate::http::access_error::AccessErrors;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, timestamp};
use crate::http::idempotency::{IdempotencyErrors, IdempotencyKeyHeader};
use crate::http::json_object::JsonObject;
use crate::http::problem::{BodyErrors, Problem, ServerErrors, SessionNotFound};
use crate::http::stage::Service;
use tickseed_session::{Lookup, SessionId, SessionService, Timestamp};

// Only the OpenAPI document uses this type, as in `create`.
/// When to stop the session.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StopSession)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) struct StopSession {
    /// When to stop: an RFC 3339 timestamp, not in the past, not within the notice, and without leap seconds. Default: as soon as
    /// possible.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// The stop of a session.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Stop {
    /// The id of the session.
    #[schema(value_type = String, example = "sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21")]
    id: SessionId,
    /// Whether the session has stopped, or is still running or paused because the stop lies in the future.
    status: StatusJson,
    /// When the state freezes or froze.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:05:00.000Z")]
    stopped_at: Timestamp,
}

/// Stops a session.
///
/// From the stop onwards, every client sees the same frozen state. A future stop can be replaced by an earlier one
/// until half a second before it takes effect, or until it lies within the session's notice and its guard. From then on it is final.
/// Changes at or after the stop have no effect.
///
/// Without a notice, the store begins to write a stop at most 250 ms after the stop takes effect, or never; with a notice, it does so
/// before the notice would be too short. (If the disk hangs during the write itself, the stop is visible once the disk answers.) If
/// the store is too slow for that, a stop without `at` is tried again with a new time; after a few attempts the response is 503, and
/// nothing has changed. After a 503 because the store did not answer, the stop may have been written, or may still be, until then.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/stop",
    tag = "sessions",
    operation_id = "stopSession",
    params(SessionPath, IfMatchHeader, IdempotencyKeyHeader),
    security((), ("bearer" = [])),
    request_body(content = Option<StopSession>, description = "May be left out or `null`. At most 64 KiB",
        example = json!({})),
    responses(
        (status = 200, description = "The stop was set and stored. It survives even if the server is killed at once",
            body = Stop, headers(("Tickseed-Settled-Until" = Option<String>,
                description = "As for `GET /v1/sessions/{id}`"))),
        BodyErrors,
        AccessErrors,
        SessionNotFound,
        (status = 409, description = "`session_stopped` or `stop_not_earlier`, with `stopped_at`; or `too_soon`, with `earliest`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`changed_meanwhile`: the session is none of the versions that `If-Match` names",
            body = Problem, content_type = "application/problem+json"),
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
    let ChangeRequest { value: at, repeatable, permission } =
        ChangeRequest::read(&service, caller, id, &request, body, |fields| Some(read(fields))).await?;
    let operate = async |service: &SessionService| {
        let stopped = service.stop(id, at, &|session| permission.expects(session)).await;
        permission.outcome(service, id, stopped).await
    };
    repeatable.once(&service, operate, |lookup| Ok(stopped(lookup, service.clock().now()))).await
}

pub(super) fn read(fields: &mut Fields) -> Option<Timestamp> {
    fields.optional("at", timestamp)
}

fn stopped(lookup: &Lookup, now: Timestamp) -> HttpResponse {
    let session = lookup.session.session();
    let stop = Stop {
        id: session.id,
        status: session.status_at(now).into(),
        stopped_at: session.stopped_at.unwrap_or(now),
    };
    let mut response = HttpResponse::Ok();
    insert_settled_until(&mut response, lookup);
    response.insert_header((header::CACHE_CONTROL, "no-store")).json(stop)
}
