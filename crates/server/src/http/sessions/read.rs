//! `GET /v1/sessions/{id}`

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::cache_control::CacheControl;
use super::{SessionJson, SessionPath, insert_age, insert_settled_until, representation, session_id};
use crate::http::bodyless::not_modified;
use crate::http::entity_tag::is_not_modified;
use crate::http::error::ApiError;
use crate::http::problem::{Problem, ServerErrors, SessionNotFound};
use crate::http::protection::Protection;
use crate::http::stage::Service;

/// The path that precedes the id.
pub(in crate::http) const PREFIX: &str = "/v1/sessions";

/// The media type of a session, ready to send.
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Returns a session.
///
/// A session is everything a client needs to compute the state at any instant.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}",
    tag = "sessions",
    operation_id = "getSession",
    params(
        SessionPath,
        ("If-None-Match" = Option<String>, Header,
            description = "An `ETag` from an earlier response. If it is still current, the response is 304"),
    ),
    responses(
        (status = 200, description = "The session", body = SessionJson, headers(
            ("ETag" = String, description = "Changes whenever any byte of the response changes"),
            ("Cache-Control" = String, description = "How long caches, including shared ones, may use the response"),
            ("Tickseed-Settled-Until" = Option<String>,
                description = "Only for sessions with a notice, and only while the server can promise it: an RFC 3339 timestamp. \
                    No change and no stop that is not in this response takes effect before then, and none in it that takes \
                    effect before then is withdrawn"),
            ("Age" = Option<u32>,
                description = "Only while the store cannot be reached: the number of seconds since the session was \
                    certain to be current"),
            ("X-Accel-Expires" = Option<String>, description = "`0`, together with `Age`, which nginx ignores"),
        )),
        (status = 304, description = "`If-None-Match` names the current version", headers(
            ("ETag" = String, description = "As for 200"),
            ("Cache-Control" = String, description = "As for 200"),
            ("Tickseed-Settled-Until" = Option<String>, description = "As for 200"),
            ("Age" = Option<u32>, description = "As for 200"),
            ("X-Accel-Expires" = Option<String>, description = "As for 200"),
        )),
        (status = 400, description = "`invalid_fields`: `id` is not a session id", body = Problem,
            content_type = "application/problem+json"),
        SessionNotFound,
        ServerErrors,
    )
)]
pub(in crate::http) async fn handle(
    service: Service,
    protection: web::Data<Protection>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let lookup = service.find_or_shed(session_id(id_text(&request))?, protection.store_slots()).await?;
    let now = service.clock().now();
    let representation = representation(&lookup.session, now)?;
    let is_known = is_not_modified(&request, &representation.entity_tag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, representation.entity_tag.as_str()))
        .insert_header((header::CACHE_CONTROL, CacheControl::new(lookup.session.session(), now, lookup.age)));
    insert_settled_until(&mut response, &lookup);
    insert_age(&mut response, lookup.age);
    if lookup.age.is_some() {
        // nginx ignores `Age`: it would keep this response for `max-age` from its arrival, however old it already is.
        response.insert_header(("X-Accel-Expires", "0"));
    }
    if is_known {
        return Ok(not_modified(response));
    }
    Ok(response.insert_header((header::CONTENT_TYPE, JSON)).body(representation.body.clone()))
}

/// Returns the text in the place of the id, in a request to read a session.
fn id_text(request: &HttpRequest) -> &str {
    id_in(request.match_info().as_str()).unwrap_or_default()
}

/// Returns the text in the place of the id, if a path has one and nothing behind it.
pub(in crate::http) fn id_in(path: &str) -> Option<&str> {
    let id = path.strip_prefix(PREFIX)?.strip_prefix('/')?;
    Some(id).filter(|id| !id.is_empty() && !id.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_path_with_one_more_segment_has_an_id() {
        assert_eq!(id_in("/v1/sessions/sess_1"), Some("sess_1"));
        for path in
            ["/v1/sessions", "/v1/sessions/", "/v1/sessions/a/state", "/v1/sessionsa", "/v1/session/a", "/"]
        {
            assert_eq!(id_in(path), None, "{path}");
        }
    }
}
