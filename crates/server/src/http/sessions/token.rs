//! `POST /v1/sessions/{id}/token`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::change::{ChangeRequest, IfMatchHeader};
use super::{SessionPath, insert_settled_until, representation, session_id};
use crate::http::access::Caller;
use crate::http::access_error::{AccessError, AccessErrors};
use crate::http::error::ApiError;
use crate::http::json_object::JsonObject;
use crate::http::problem::{BodyErrors, Problem, ServerErrors, SessionNotFound};
use crate::http::stage::Service;
use tickseed_session::{ControlHash, SessionId};

/// The new control token of a session.
#[derive(Serialize, ToSchema)]
pub(in crate::http) struct ControlToken<'token> {
    /// The id of the session.
    #[schema(value_type = String, example = "sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21")]
    id: SessionId,
    /// The control token, which is shown only here.
    #[schema(pattern = "^tst_[0-9a-f]{32}$")]
    control_token: &'token str,
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
    params(SessionPath, IfMatchHeader),
    security((), ("bearer" = [])),
    request_body(content = Option<Object>, description = "No fields; may be left out or `null`", example = json!({})),
    responses(
        (status = 200, description = "The new token, which is stored", body = ControlToken, headers(
            ("ETag" = String, description = "The entity tag of the session, as `GET /v1/sessions/{id}` sends it"),
            ("Tickseed-Settled-Until" = Option<String>, description = "As for `GET /v1/sessions/{id}`"),
        )),
        BodyErrors,
        AccessErrors,
        SessionNotFound,
        (status = 409, description = "`tokens_unused`: the server asks nobody for a token", body = Problem,
            content_type = "application/problem+json"),
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
    body: JsonObject,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&id)?;
    let token = caller.new_token()?;
    let request = ChangeRequest::read(&service, caller, id, &request, body, |_| Some(())).await?;
    let Some(token) = token else {
        service.find(id).await?;
        return Err(AccessError::TokensUnused.into());
    };
    let control = ControlHash::new(token.sha256());
    let replaced = service.replace_control(id, control, &|session| request.expects(session)).await;
    let lookup = request.outcome(&service, id, replaced).await?;
    let representation = representation(&lookup.session, service.clock().now())?;
    let mut response = HttpResponse::Ok();
    insert_settled_until(&mut response, &lookup);
    Ok(response
        .insert_header((header::ETAG, representation.entity_tag.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(ControlToken { id, control_token: token.reveal() }))
}
