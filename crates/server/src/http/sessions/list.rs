//! `GET /v1/sessions`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{SessionJson, StatusJson, cursor};
use crate::http::access::Caller;
use crate::http::access_error::AccessErrors;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, integer_in_query, string};
use crate::http::problem::{Problem, ServerErrors};
use crate::http::protection::Protection;
use crate::http::stage::Service;
use tickseed_session::{KeyName, ListFilter, ListRequest, SessionList, Status};

/// How many sessions a response has at most, unless the request says otherwise.
const DEFAULT_LIMIT: usize = 50;
/// How many sessions a response has at most.
const MAX_LIMIT: usize = 100;

/// A part of the list of sessions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionList)]
pub(in crate::http) struct SessionListJson {
    /// The sessions, the newest first, as `GET /v1/sessions/{id}` shows them.
    #[schema(max_items = 100)]
    sessions: Vec<SessionJson>,
    /// What to send as `cursor` to get the next part. `null` at the end of the list. A part can be shorter than `limit`, or even
    /// empty, although the list goes on.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

/// Lists sessions.
///
/// The newest come first. Sessions that have expired or have been deleted are not in the list, and neither are those that only a
/// later version of the server understands.
///
/// A walk through the list, from `next_cursor` to `next_cursor`, visits every session exactly once that existed when it began and
/// still exists when it ends, whatever is created and deleted meanwhile. Sessions that are created meanwhile may be visited or not.
///
/// One request looks at 500 sessions at most. So with a filter, a part of the list can be short or empty although `next_cursor`
/// says that it goes on.
#[utoipa::path(
    get,
    path = "/v1/sessions",
    tag = "sessions",
    operation_id = "listSessions",
    security((), ("bearer" = [])),
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many sessions to return at most. Default: 50"),
        ("cursor" = Option<String>, Query, pattern = "^[0-9a-f]{48}$",
            description = "The `next_cursor` of the response before, with the same `status` and `key`. Default: the beginning of the list"),
        ("status" = Option<StatusJson>, Query, description = "Only the sessions that have this status now"),
        ("key" = Option<String>, Query, pattern = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
            description = "Only the sessions that the API key of this name has created"),
    ),
    responses(
        (status = 200, description = "A part of the list", body = SessionListJson),
        (status = 400, description = "`invalid_fields`", body = Problem, content_type = "application/problem+json"),
        AccessErrors,
        ServerErrors,
    )
)]
pub(in crate::http) async fn handle(
    service: Service,
    caller: Caller,
    protection: web::Data<Protection>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    caller.require_list()?;
    let request = read(Fields::from_query(request.query_string()))?;
    let _slot = protection.store_slots().take()?;
    let list = service.list(&request).await?;
    let list = SessionListJson::new(&list, &request.filter)?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(list))
}

impl SessionListJson {
    fn new(list: &SessionList, filter: &ListFilter) -> Result<Self, ApiError> {
        let sessions =
            list.sessions.iter().map(|session| SessionJson::new(session, session.status_at(list.now)));
        Ok(Self {
            sessions: sessions.collect::<Result<_, _>>()?,
            next_cursor: list.next.map(|next| cursor::write(next, filter)),
        })
    }
}

pub(super) fn read(mut fields: Fields) -> Result<ListRequest, ApiError> {
    let has_filter = ["status", "key"].map(|name| fields.has(name));
    let limit = fields.optional("limit", read_limit).unwrap_or(DEFAULT_LIMIT);
    let status = fields.optional("status", read_status);
    let key = read_key(&mut fields);
    // The filters are part of the cursor. If one of them is invalid, there is nothing to say about the cursor.
    let is_valid = has_filter == [status.is_some(), key.is_some()];
    let filter = ListFilter { status, key };
    let after = fields.optional("cursor", |value| {
        let after = value.as_str().and_then(|text| cursor::read(text, &filter));
        if after.is_none() && is_valid { Err(INVALID_CURSOR.to_owned()) } else { Ok(after) }
    });
    fields.finish(Some(ListRequest { after: after.flatten(), limit, filter }))
}

/// What a cursor has to be.
const INVALID_CURSOR: &str =
    "must be the next_cursor of an earlier response, with the same status and key as in that request";

fn read_limit(value: &Value) -> Result<usize, String> {
    let limit = integer_in_query(value).ok().and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| format!("must be an integer from 1 to {MAX_LIMIT}"))
}

fn read_status(value: &Value) -> Result<Status, String> {
    match value.as_str() {
        Some("running") => Ok(Status::Running),
        Some("paused") => Ok(Status::Paused),
        Some("stopped") => Ok(Status::Stopped),
        _ => Err("must be running, paused or stopped".to_owned()),
    }
}

/// Reads the name of an API key. The error does not repeat the value, which may be the key itself in the wrong place.
fn read_key(fields: &mut Fields) -> Option<KeyName> {
    let name = fields.optional("key", string)?;
    match KeyName::new(&name) {
        Ok(name) => Some(name),
        Err(error) => {
            fields.fail("key", &format!("is the name of an API key; it {error}"));
            None
        }
    }
}
