//! What the routes that change a session share.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::{IntoParams, IntoResponses};

use super::{SessionJson, entity_tags, insert_new_version};
use crate::http::access::Caller;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, boolean, timestamp};
use crate::http::idempotency::Repeatable;
use crate::http::if_match::IfMatch;
use crate::http::json_object::JsonObject;
use crate::http::problem::Problem;
use crate::http::protection::Protection;
use crate::http::stage::Service;
use tickseed_session::{
    Lookup, ReadySession, ScheduleRequest, ServiceError, SessionId, SessionService, When,
};

/// The condition of every request that changes a session.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header for the OpenAPI document")]
pub(super) struct IfMatchHeader {
    /// Entity tags of the session, or `*`. If the session is none of these versions, the response is 412
    #[param(
        rename = "If-Match",
        pattern = r#"^[ \t,]*(\*|(W/)?"[^" \t]*"([ \t]*,[ \t,]*(W/)?"[^" \t]*")*)[ \t,]*$"#
    )]
    if_match: Option<String>,
}

/// A request to change a session.
pub(super) struct ChangeRequest<T> {
    pub(super) value: T,
    pub(super) repeatable: Repeatable,
    pub(super) permission: Permission,
}

impl<T> ChangeRequest<T> {
    /// Checks that the caller may change the session, and reads the fields of the body and `If-Match`. If one is invalid, an unknown
    /// session is the first thing to say.
    pub(super) async fn read(
        service: &Service,
        caller: Caller,
        id: SessionId,
        request: &HttpRequest,
        body: JsonObject,
        read: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Result<Self, ApiError> {
        check_control(service, &caller, id, request).await?;
        let repeatable = Repeatable::read(request, &body.0, &caller);
        let mut fields = Fields::new(body.0);
        let value = read(&mut fields);
        let condition = IfMatch::read(request, &mut fields);
        let repeatable = Repeatable::or_fail(repeatable, &mut fields);
        fields.refuse_query(request.query_string());
        let all = value.zip(condition).zip(repeatable);
        let all = all.map(|((value, condition), repeatable)| Self {
            value,
            repeatable,
            permission: Permission { caller, condition },
        });
        match fields.finish(all) {
            Ok(request) => Ok(request),
            Err(error) => {
                service.find(id).await?;
                Err(error)
            }
        }
    }
}

/// Checks that a session exists and that the caller may change it. Unless the caller may change any session, this takes a slot of the
/// store while it reads: a busy store must not get busier for callers that may have no right.
async fn check_control(
    service: &Service,
    caller: &Caller,
    id: SessionId,
    request: &HttpRequest,
) -> Result<(), ApiError> {
    let protection = request.app_data::<web::Data<Protection>>();
    let slots =
        protection.filter(|_| !caller.controls_everything()).map(|protection| protection.store_slots());
    let _slot = slots.map(|slots| service.slot_to_find(id, slots)).transpose()?;
    caller.check_control(service, id).await
}

/// Who may change a session, and as what the caller knows it.
pub(super) struct Permission {
    caller: Caller,
    condition: IfMatch,
}

impl Permission {
    /// Returns who calls.
    pub(super) const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Returns whether the session is one that the caller may change and knows.
    pub(super) fn expects(&self, session: &ReadySession) -> bool {
        self.caller.require_control(session.session()).is_ok() && self.condition.allows(entity_tags(session))
    }

    /// Returns the outcome of a change. If the session was not as expected because the caller has lost its right meanwhile, the error
    /// says so.
    pub(super) async fn outcome<Done>(
        &self,
        service: &SessionService,
        id: SessionId,
        changed: Result<Done, ServiceError>,
    ) -> Result<Done, ApiError> {
        if matches!(changed, Err(ServiceError::ChangedMeanwhile)) {
            self.caller.check_control(service, id).await?;
        }
        Ok(changed?)
    }
}

/// Reads `at` and `replace_later`.
pub(super) fn read_when(fields: &mut Fields) -> When {
    let at = fields.optional("at", timestamp);
    let replace_later = fields.optional("replace_later", boolean).unwrap_or_default();
    When { at, replace_later }
}

/// Changes the schedule of a session, and responds with the session.
pub(super) async fn change(
    service: Service,
    caller: Caller,
    id: SessionId,
    request: HttpRequest,
    body: JsonObject,
    read: impl FnOnce(&mut Fields) -> Option<ScheduleRequest>,
) -> Result<HttpResponse, ApiError> {
    let ChangeRequest { value, repeatable, permission } =
        ChangeRequest::read(&service, caller, id, &request, body, read).await?;
    let operate = async |service: &SessionService| {
        let changed = service.change(id, value, &|session| permission.expects(session)).await;
        permission.outcome(service, id, changed).await
    };
    repeatable.once(&service, operate, |lookup| respond(&service, lookup)).await
}

/// Responds with a session that has been changed.
pub(super) fn respond(service: &Service, lookup: &Lookup) -> Result<HttpResponse, ApiError> {
    let mut response = HttpResponse::Ok();
    let representation = insert_new_version(&mut response, lookup, service.clock().now())?;
    Ok(response.content_type(ContentType::json()).body(representation.body.clone()))
}

/// The answers that all routes that change a schedule share.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes responses for the OpenAPI document")]
pub(super) enum ChangeResponses {
    /// The session after the change, which is stored. It survives even if the server is killed at once
    #[response(status = 200, headers(
        ("ETag" = String, description = "The entity tag of the session, as `GET /v1/sessions/{id}` sends it"),
        ("Tickseed-Settled-Until" = Option<String>, description = "As for `GET /v1/sessions/{id}`"),
    ))]
    Changed(SessionJson),
    /// `changed_meanwhile`: the session is none of the versions that `If-Match` names
    #[response(status = 412, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Precondition Failed", "status": 412, "code": "changed_meanwhile",
            "detail": "the session is none of the versions that If-Match names"}))]
    ChangedMeanwhile(Problem),
}
