//! `GET /v1/sessions/{id}/state`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use tickseed_engine::Step;
use utoipa::ToSchema;

use super::{SessionPath, StatusJson, insert_age, insert_settled_until, session_id};
use crate::http::error::ApiError;
use crate::http::fields::{Fields, integer_in_query, timestamp};
use crate::http::problem::{Problem, ServerErrors, SessionNotFound};
use crate::http::protection::Protection;
use crate::http::stage::Service;
use tickseed_session::{Moment, StateAnswer, Timestamp};

/// The state of a session at an instant, the same for every client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = State)]
pub(in crate::http) struct StateJson {
    /// The number of the tick, from 0. Below 2^53.
    #[schema(example = 42)]
    step: u64,
    /// The counter: 1 on the first tick, one more on each tick, 0 on a break.
    #[schema(example = 43)]
    value: u32,
    /// The number of the round, from 0. Below 2^53.
    #[schema(example = 0)]
    round: u64,
    /// Whether the counter breaks on this tick.
    broken: bool,
    /// The instant of this state: now, `at`, or the beginning of `step`.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:07.200Z")]
    computed_at: Timestamp,
    /// Whether the session is running, paused or stopped at that instant.
    status: StatusJson,
}

impl From<StateAnswer> for StateJson {
    fn from(answer: StateAnswer) -> Self {
        Self {
            step: answer.state.step.get(),
            value: answer.state.value,
            round: answer.state.round,
            broken: answer.state.broken,
            computed_at: answer.computed_at,
            status: answer.status.into(),
        }
    }
}

/// Returns the state of a session.
///
/// Computes the state now, at the instant `at`, or at the beginning of `step`. From the stop onwards, the state stays
/// what it was at the stop.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/state",
    tag = "sessions",
    operation_id = "getSessionState",
    params(
        SessionPath,
        ("at" = Option<String>, Query, format = DateTime,
            description = "The instant to compute: an RFC 3339 timestamp in the years 1970 to 9999, without leap \
                seconds. A + is written as %2B. Default: now"),
        ("step" = Option<u64>, Query, maximum = 253_402_300_799_999_u64,
            description = "The step to compute. It must begin in the year 9999 or earlier. Not allowed with `at`"),
    ),
    responses(
        (status = 200, description = "The state", body = StateJson, headers(
            ("Tickseed-Settled-Until" = Option<String>, description = "As for `GET /v1/sessions/{id}`"),
            ("Age" = Option<u32>,
                description = "Only while the store cannot be reached: the number of seconds since the session was \
                    certain to be current"),
        )),
        (status = 400, description = "`invalid_fields`", body = Problem, content_type = "application/problem+json"),
        SessionNotFound,
        (status = 409, description = "`step_not_scheduled`: the step never begins, because the session is paused for good before",
            body = Problem, content_type = "application/problem+json"),
        ServerErrors,
    )
)]
pub(in crate::http) async fn handle(
    service: Service,
    protection: web::Data<Protection>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&id)?;
    let moment = read(Fields::from_query(request.query_string()))?;
    let lookup = service.find_or_shed(id, protection.store_slots()).await?;
    let state = service.state_of(&lookup, moment)?;
    let mut response = HttpResponse::Ok();
    insert_age(&mut response, lookup.age);
    insert_settled_until(&mut response, &lookup);
    Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).json(StateJson::from(state)))
}

pub(super) fn read(mut fields: Fields) -> Result<Moment, ApiError> {
    let at = fields.optional("at", timestamp);
    let step = fields.optional("step", integer_in_query).and_then(|step| fields.check(Step::new(step)));
    let moment = match (at, step) {
        (Some(_), Some(_)) => {
            fields.fail("step", "cannot be combined with at");
            None
        }
        (Some(at), None) => Some(Moment::At(at)),
        (None, Some(step)) => Some(Moment::Step(step)),
        (None, None) => Some(Moment::Now),
    };
    fields.finish(moment)
}
