//! `GET /v1/sessions/{id}`

use std::time::Duration;

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse, web};

use super::{SessionJson, SessionPath, insert_age, insert_settled_until, representation, session_id};
use crate::http::bodyless::not_modified;
use crate::http::entity_tag::is_not_modified;
use crate::http::error::ApiError;
use crate::http::problem::{Problem, ServerErrors, SessionNotFound};
use crate::http::protection::Protection;
use crate::http::stage::Service;
use tickseed_session::{Notice, Session, Timestamp};

/// How many seconds a response may be used before a cache must revalidate it, without a long notice. A client that reads through a
/// shared cache can learn of a stop this much later.
const MAX_AGE: i64 = 2;
/// How many more seconds it may be used while a shared cache revalidates it.
const STALE_WHILE_REVALIDATE: i64 = 8;
/// The shortest notice that leaves time for a cache, in milliseconds.
const LONG_NOTICE_MS: i64 = 5_000;
/// The part of a long notice that no cache uses up, in milliseconds: for the way through the network.
const KEPT_OF_NOTICE_MS: i64 = 2_000;
/// The longest time for which a cache may use a response of a session with a long notice, in seconds, and again while it
/// revalidates the response.
const MAX_AGE_OF_NOTICE: i64 = 60;
/// How many more seconds it may be used while no server answers.
const STALE_IF_ERROR: i64 = 300;

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
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let lookup = service.find_or_shed(session_id(&id)?, protection.store_slots()).await?;
    let now = service.clock().now();
    let representation = representation(&lookup.session, now)?;
    let is_known = is_not_modified(&request, &representation.entity_tag);
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, representation.entity_tag.as_str()))
        .insert_header((header::CACHE_CONTROL, cache_control(lookup.session.session(), now, lookup.age)));
    insert_settled_until(&mut response, &lookup);
    insert_age(&mut response, lookup.age);
    if lookup.age.is_some() {
        // nginx ignores `Age`: it would keep this response for `max-age` from its arrival, however old it already is.
        response.insert_header(("X-Accel-Expires", "0"));
    }
    if is_known {
        return Ok(not_modified(response));
    }
    Ok(response.content_type(ContentType::json()).body(representation.body.clone()))
}

/// Returns how many seconds a response may be used, and how many more while a cache revalidates it. If the session has a long
/// notice, a reader behind one shared cache is left with a third of it.
fn usual_seconds(notice: Notice) -> (i64, i64) {
    let notice_ms = i64::from(notice.millis());
    if notice_ms < LONG_NOTICE_MS {
        return (MAX_AGE, STALE_WHILE_REVALIDATE);
    }
    let third = ((notice_ms - KEPT_OF_NOTICE_MS) / 3 / 1_000).min(MAX_AGE_OF_NOTICE);
    (third, third)
}

/// Returns the `Cache-Control` of a response sent at `now`, which must not be used past the next change, the stop or the end of the
/// session. Caches count in whole seconds, and include `Age` in the age of a response, so `max-age` does too.
fn cache_control(session: &Session, now: Timestamp, age: Option<Duration>) -> String {
    let (usual_max_age, usual_revalidate) = usual_seconds(session.notice);
    let changes_at = [session.next_change(now), session.expires_at].into_iter().flatten().min();
    let seconds_unchanged = changes_at.map_or(i64::MAX, |at| (at.millis() - now.millis()) / 1_000 - 1).max(0);
    let max_age = usual_max_age.min(seconds_unchanged);
    let revalidate = usual_revalidate.min(seconds_unchanged - max_age);
    let on_error = STALE_IF_ERROR.min(seconds_unchanged - max_age);
    let max_age = u64::try_from(max_age).unwrap_or(0) + age.unwrap_or_default().as_secs();
    format!("public, max-age={max_age}, stale-while-revalidate={revalidate}, stale-if-error={on_error}")
}

#[cfg(test)]
mod tests {
    use tickseed_engine::{Rules, Schedule, Seed};

    use super::*;
    use tickseed_engine::Change;
    use tickseed_session::{NewSession, SessionId, TimeToLive, plain_schedule};

    fn session(seconds: u32) -> Session {
        let new = NewSession {
            created_at: at(0),
            seed: None,
            schedule: plain_schedule(Schedule::new(0, 1).unwrap()),
            notice: Notice::NONE,
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
    fn no_response_is_used_past_the_stop_or_the_end_of_its_session() {
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

    fn with_notice(millis: u32) -> Session {
        Session { notice: Notice::from_millis(millis).unwrap(), ..session(0) }
    }

    #[test]
    fn a_long_notice_is_shared_between_the_cache_its_revalidation_and_the_reader() {
        for (notice_ms, max_age, revalidate) in [
            (0, 2, 8),
            (1_000, 2, 8),
            (4_999, 2, 8),
            (5_000, 1, 1),
            (7_999, 1, 1),
            (8_000, 2, 2),
            (15_000, 4, 4),
            (181_999, 59, 59),
            (182_000, 60, 60),
            (86_400_000, 60, 60),
        ] {
            let expected =
                format!("public, max-age={max_age}, stale-while-revalidate={revalidate}, stale-if-error=300");
            assert_eq!(cache_control(&with_notice(notice_ms), at(0), None), expected, "{notice_ms}");
        }
    }

    #[test]
    fn no_response_is_used_past_the_next_change_of_its_session() {
        for (notice_ms, max_age, revalidate) in [(0, 2, 8), (15_000, 4, 4)] {
            let changes = [Change::pause(100_000).unwrap(), Change::new(200_000, 1).unwrap()];
            let session = with_notice(notice_ms).rescheduled(&changes).unwrap();
            for (now, left) in [(0, 99), (94_000, 5), (97_500, 1), (98_001, 0), (99_999, 0), (100_000, 99)] {
                let (max_age, rest) = (left.min(max_age), left - left.min(max_age));
                let (revalidate, on_error) = (rest.min(revalidate), rest.min(300));
                let expected = format!(
                    "public, max-age={max_age}, stale-while-revalidate={revalidate}, stale-if-error={on_error}"
                );
                assert_eq!(cache_control(&session, at(now), None), expected, "{notice_ms} at {now}");
            }
            let unchanged = cache_control(&with_notice(notice_ms), at(0), None);
            assert_eq!(cache_control(&session, at(200_000), None), unchanged, "after the last change");
        }
    }

    #[test]
    fn changes_after_the_stop_do_not_count() {
        let session = session(0).rescheduled(&[Change::pause(11_000).unwrap()]).unwrap().stopped(at(10_000));
        let usual = "public, max-age=2, stale-while-revalidate=8, stale-if-error=300";
        assert_eq!(cache_control(&session, at(10_000), None), usual);
    }

    #[test]
    fn an_aged_response_may_be_used_for_the_usual_time_beyond_its_age() {
        let aged = cache_control(&session(0), at(0), Some(Duration::from_millis(3_900)));
        assert_eq!(aged, "public, max-age=5, stale-while-revalidate=8, stale-if-error=300");
    }
}
