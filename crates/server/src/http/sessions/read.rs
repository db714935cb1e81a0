//! `GET /v1/sessions/{id}`

use std::time::Duration;

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};

use super::{SessionAnswer, SessionPath, mark_age, representation, session_id};
use crate::http::entity_tag::is_known;
use crate::http::error::ApiError;
use crate::http::problem::{Failures, NoSession, Problem};
use tickseed_session::{Session, SessionService, Timestamp};

/// For how many seconds an answer may be used without asking again: what a stop takes to reach those who read by way of a
/// shared cache.
const MAX_AGE: i64 = 2;
/// For how many seconds more it may be used while a shared cache asks again.
const STALE_WHILE_REVALIDATE: i64 = 8;
/// For how many seconds more it may be used while no server answers.
const STALE_IF_ERROR: i64 = 300;

/// A session: all that a client needs to compute the state of any instant.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}",
    tag = "sessions",
    operation_id = "getSession",
    params(
        SessionPath,
        ("If-None-Match" = Option<String>, Header, description = "An `ETag` that is known; if it still holds the answer is 304"),
    ),
    responses(
        (status = 200, description = "The session", body = SessionAnswer, headers(
            ("ETag" = String, description = "Changes with every byte of the answer"),
            ("Cache-Control" = String, description = "For how long it may be used without asking again, shared caches included"),
            ("Age" = Option<u32>,
                description = "Only while the store cannot be asked: how many seconds ago the session was certain to be so"),
        )),
        (status = 304, description = "The session is what `If-None-Match` says; `ETag`, `Cache-Control` and `Age` as with 200"),
        (status = 400, description = "`invalid_fields`: `id` is no id of a session", body = Problem,
            content_type = "application/problem+json"),
        NoSession,
        Failures,
    )
)]
pub(in crate::http) async fn handle(
    service: web::Data<SessionService>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let found = service.find(session_id(&id)?).await?;
    let now = service.clock().now();
    let representation = representation(&found.session, now)?;
    let is_known = is_known(&request, &representation.entity_tag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, representation.entity_tag.as_str()))
        .insert_header((header::CACHE_CONTROL, cache_control(found.session.session(), now, found.age)));
    mark_age(&mut response, found.age);
    if found.age.is_some() {
        // nginx counts from when an answer comes, whatever its age: it would keep this one for as long again.
        response.insert_header(("X-Accel-Expires", "0"));
    }
    if is_known {
        return Ok(response.finish());
    }
    Ok(response.content_type(ContentType::json()).body(representation.body.clone()))
}

/// For how long an answer given at `now` may be used: not past the instant at which time itself changes it. Caches count from
/// `Age` on, in whole seconds.
fn cache_control(session: &Session, now: Timestamp, age: Option<Duration>) -> String {
    let changes_at =
        [session.stopped_at.filter(|at| *at > now), session.expires_at].into_iter().flatten().min();
    let unchanged = changes_at.map_or(i64::MAX, |at| (at.millis() - now.millis()) / 1_000 - 1).max(0);
    let max_age = MAX_AGE.min(unchanged);
    let revalidate = STALE_WHILE_REVALIDATE.min(unchanged - max_age);
    let on_error = STALE_IF_ERROR.min(unchanged - max_age);
    let max_age = u64::try_from(max_age).unwrap_or(0) + age.unwrap_or_default().as_secs();
    format!("public, max-age={max_age}, stale-while-revalidate={revalidate}, stale-if-error={on_error}")
}

#[cfg(test)]
mod tests {
    use tickseed_engine::{Rules, Schedule, Seed};

    use super::*;
    use tickseed_session::{NewSession, SessionId, TimeToLive};

    fn session(seconds: u32) -> Session {
        let new = NewSession {
            created_at: at(0),
            seed: None,
            schedule: Schedule::new(0, 1).unwrap(),
            rules: Rules::default(),
            metadata: None,
            time_to_live: None,
        };
        Session::create(
            SessionId::random(Timestamp::MAX),
            Seed::new("a").unwrap(),
            new,
            TimeToLive::from_seconds(seconds),
        )
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    #[test]
    fn an_answer_is_never_used_past_the_stop_or_the_end_of_its_session() {
        let usual = "public, max-age=2, stale-while-revalidate=8, stale-if-error=300";
        let cache_control = |session: &Session, now| cache_control(session, now, None);
        assert_eq!(cache_control(&session(0), at(0)), usual);
        assert_eq!(
            cache_control(&session(60), at(54_500)),
            "public, max-age=2, stale-while-revalidate=2, stale-if-error=2"
        );
        let over = "public, max-age=0, stale-while-revalidate=0, stale-if-error=0";
        assert_eq!(cache_control(&session(60), at(60_000)), over);
        let stopped = session(0).stopped(at(10_000));
        assert_eq!(cache_control(&stopped, at(8_001)), over);
        assert_eq!(cache_control(&stopped, at(10_000)), usual);
    }

    #[test]
    fn what_is_served_from_memory_is_as_fresh_as_usual_from_its_age_on() {
        let control = cache_control(&session(0), at(0), Some(Duration::from_millis(3_900)));
        assert_eq!(control, "public, max-age=5, stale-while-revalidate=8, stale-if-error=300");
    }
}
