//! `POST /v1/sessions/{id}/token`

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::change::{ChangeRequest, IfMatchHeader};
use super::create::with_token;
use super::{SessionPath, insert_new_version, session_id};
use crate::access::NewSecret;
use crate::http::access::Caller;
use crate::http::access_error::{AccessError, AccessErrors};
use crate::http::error::ApiError;
use crate::http::idempotency::{IdempotencyErrors, IdempotencyKeyHeader};
use crate::http::json_object::JsonObject;
use crate::http::problem::{BodyErrors, Problem, ServerErrors, SessionNotFound};
use crate::http::stage::Service;
use tickseed_session::{ControlHash, Lookup, SessionId, SessionService, Timestamp};

/// A request without fields.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
struct NoFields {}

/// The new control token of a session.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the response for the OpenAPI document")]
pub(in crate::http) struct ControlToken {
    /// The id of the session.
    #[schema(value_type = String, example = "sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21")]
    id: SessionId,
    /// The control token, which is shown only here.
    #[schema(pattern = "^tst_[0-9a-f]{32}$")]
    control_token: String,
}

/// The answer without the token, which [`with_token`] adds.
#[derive(Serialize)]
struct WithoutToken {
    id: SessionId,
}

/// Replaces the control token of a session.
///
/// From then on, the former token gives no right. This takes the current token, or an API key with the right `control`, which can also
/// give a token to a session that has none. The session gets the next revision, and stays as it is otherwise.
///
/// After a 503 because the store did not answer, the token may have been replaced by one that nobody knows: then an API key with the
/// right `control` can replace it.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/token",
    tag = "sessions",
    operation_id = "replaceControlToken",
    params(SessionPath, IfMatchHeader, IdempotencyKeyHeader),
    security((), ("bearer" = [])),
    request_body(content = Option<NoFields>, description = "May be left out or `null`", example = json!({})),
    responses(
        (status = 200, description = "The new token, which is stored", body = ControlToken, headers(
            ("ETag" = String, description = "The entity tag of the session, as `GET /v1/sessions/{id}` sends it"),
            ("Tickseed-Settled-Until" = Option<String>, description = "As for `GET /v1/sessions/{id}`"),
        )),
        BodyErrors,
        AccessErrors,
        SessionNotFound,
        (status = 409, description = "`tokens_unused`: the server does not use control tokens", body = Problem, content_type = "application/problem+json"),
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
    let asks_for_tokens = caller.asks_for_rights();
    let ChangeRequest { repeatable, permission, .. } =
        ChangeRequest::read(&service, caller, id, &request, body, |_| Some(())).await?;
    if !asks_for_tokens {
        service.find(id).await?;
        return Err(AccessError::TokensUnused.into());
    }
    let operate = async |service: &SessionService, token: Option<&NewSecret>| {
        let control = ControlHash::new(token.map(NewSecret::sha256).unwrap_or_default());
        let replaced = service.replace_control(id, control, &|session| permission.expects(session)).await;
        permission.outcome(service, id, replaced).await
    };
    let respond = |lookup: &Lookup| replaced(lookup, service.clock().now());
    repeatable.once_with_token(&service, permission.caller(), operate, respond, with_token).await
}

fn replaced(lookup: &Lookup, now: Timestamp) -> Result<HttpResponse, ApiError> {
    let mut response = HttpResponse::Ok();
    insert_new_version(&mut response, lookup, now)?;
    Ok(response.json(WithoutToken { id: lookup.session.session().id }))
}
