//! `GET /v1/sessions/{id}/state`

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use tickseed_engine::Step;
use utoipa::ToSchema;

use super::{SessionPath, StatusAnswer, mark_age, session_id};
use crate::http::error::ApiError;
use crate::http::fields::{Fields, digits, timestamp};
use crate::http::problem::{Failures, NoSession, Problem};
use tickseed_session::{Moment, SessionService, StateAnswer, Timestamp};

/// What everybody sees at an instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = State)]
pub(in crate::http) struct StateBody {
    /// The number of the tick, from 0. Below 2^53.
    #[schema(example = 42)]
    step: u64,
    /// The counter: 1 on the first tick, one more with every tick, 0 on a break.
    #[schema(example = 43)]
    value: u32,
    /// The number of the round, from 0. Below 2^53.
    #[schema(example = 0)]
    round: u64,
    /// Whether the counter breaks on this tick.
    broken: bool,
    /// The instant that the answer is for: now, `at`, or the beginning of `step`.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:07.200Z")]
    computed_at: Timestamp,
    /// Whether the session runs at that instant.
    status: StatusAnswer,
}

impl From<StateAnswer> for StateBody {
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

/// What everybody sees now, at another instant, or at the beginning of a step. From the stop of a session on, this is
/// the state at the stop.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/state",
    tag = "sessions",
    operation_id = "getSessionState",
    params(
        SessionPath,
        ("at" = Option<String>, Query, format = DateTime, pattern = r"^(19[7-9]|[2-9][0-9]{2})[0-9]-",
            description = "The instant to compute: RFC 3339, of the years 1970 to 9999. Now if left out"),
        ("step" = Option<u64>, Query, maximum = 253_402_300_799_999_u64,
            description = "The step to compute, at most the last that begins in the year 9999. Excludes `at`"),
    ),
    responses(
        (status = 200, description = "The state", body = StateBody, headers(("Age" = Option<u32>,
            description = "Only while the store cannot be asked: how many seconds ago the session was certain to be so"))),
        (status = 400, description = "`invalid_fields`", body = Problem, content_type = "application/problem+json"),
        NoSession,
        Failures,
    )
)]
pub(in crate::http) async fn handle(
    service: web::Data<SessionService>,
    id: web::Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let id = session_id(&id)?;
    let question = read(Fields::from_query(request.query_string()))?;
    let (state, age) = service.state(id, question).await?;
    let mut response = HttpResponse::Ok();
    mark_age(&mut response, age);
    Ok(response.insert_header((header::CACHE_CONTROL, "no-store")).json(StateBody::from(state)))
}

fn read(mut fields: Fields) -> Result<Moment, ApiError> {
    let at = fields.optional("at", timestamp);
    let step = fields.optional("step", digits).and_then(|step| fields.check(Step::new(step)));
    let question = match (at, step) {
        (Some(_), Some(_)) => {
            fields.fail("step", "cannot be asked for together with at");
            None
        }
        (Some(at), None) => Some(Moment::At(at)),
        (None, Some(step)) => Some(Moment::Step(step)),
        (None, None) => Some(Moment::Now),
    };
    fields.finish(question)
}
