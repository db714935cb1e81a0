//! `POST /v1/sessions`

use actix_web::http::header::{self, ContentType};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};
use tickseed_engine::{BreakInterval, Rules, Schedule, Seed};
use utoipa::ToSchema;

use super::change_json::PlannedChange;
use super::plan::{check_changes, read_changes};
use super::{SessionJson, insert_new_version};
use crate::access::NewSecret;
use crate::http::access::Caller;
use crate::http::access_error::AccessErrors;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, integer, string, timestamp};
use crate::http::idempotency::{IdempotencyErrors, IdempotencyKeyHeader, Repeatable};
use crate::http::json_object::UnparsedBody;
use crate::http::problem::{BodyErrors, Problem, ServerErrors};
use crate::http::protection::{CreationLimits, Protection, check_depth};
use crate::http::stage::Service;
use tickseed_session::{
    ControlHash, Creator, InvalidNotice, Lookup, Metadata, NewSession, Notice, Session, SessionSchedule,
    SessionService, TimeToLive, Timestamp,
};

// Only the OpenAPI document uses this type: `read` reads the fields one by one, so that one response can list every
// mistake. A test checks that both have the same fields.
/// The fields of a new session. Only `tick_ms` is required.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateSession)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) struct CreateSession {
    /// The length of a tick, in milliseconds: 1 to 86 400 000 (a day).
    #[schema(minimum = 1, maximum = 86_400_000, example = 100)]
    tick_ms: u32,
    /// When step 0 begins: an RFC 3339 timestamp in the years 1970 to 9999, without leap seconds. Digits beyond
    /// milliseconds are cut off. Default: three seconds from now.
    #[schema(value_type = Option<String>, format = DateTime)]
    start_at: Option<Timestamp>,
    /// The changes that are known from the start, in order, each after `start_at`. The notice does not apply to them. Default: none.
    #[schema(max_items = 256)]
    schedule: Option<Vec<PlannedChange>>,
    /// How far ahead later changes and stops are dated, in milliseconds: 0 to 86 400 000 (a day). Never changes. With 0, which is
    /// the default, they take effect at once, and responses promise nothing.
    #[schema(minimum = 0, maximum = 86_400_000, example = 0)]
    notice_ms: Option<u32>,
    /// The string that determines every break and every draw: 1 to 128 bytes of UTF-8. Default: a random UUID.
    #[schema(min_length = 1, max_length = 128)]
    seed: Option<String>,
    /// The rules, which determine how long rounds last.
    #[schema(inline)]
    rules: Option<CreateRules>,
    /// The game's own data: at most 16 KiB when written without spaces.
    #[schema(value_type = Option<Object>, example = json!({"game_type": "counter"}))]
    metadata: Option<Map<String, Value>>,
    /// How many seconds the session exists after it is created or starts, whichever is later: 0 (forever) to
    /// 4 294 967 295. Default: the server's setting. A server with a maximum takes 0 and everything longer as that maximum.
    #[schema(value_type = Option<u64>, minimum = 0, maximum = 4_294_967_295_u32, example = 3600)]
    ttl_seconds: Option<u32>,
}

/// The rules, which determine how long rounds last. Rules left out take their defaults.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
struct CreateRules {
    /// The number of ticks that a round counts before it breaks. Default: 100 to 300.
    #[schema(inline)]
    break_interval: Option<CreateBreakInterval>,
    /// The number of rounds in an epoch: an even number from 2 to 256. Default: 64.
    #[schema(minimum = 2, maximum = 256, multiple_of = 2, example = 64)]
    rounds_per_epoch: Option<u32>,
}

/// The number of ticks that a round counts before it breaks: uniform from `min` to `max`.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
struct CreateBreakInterval {
    /// The shortest interval, in ticks.
    #[schema(minimum = 1, maximum = 1_000_000, example = 100)]
    min: u32,
    /// The longest interval, in ticks: at least `min`.
    #[schema(minimum = 1, maximum = 1_000_000, example = 300)]
    max: u32,
}

/// A new session.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the response for the OpenAPI document")]
pub(in crate::http) struct CreatedSession {
    #[serde(flatten)]
    session: SessionJson,
    /// The control token, which is shown only here: anyone with it may change the session. Left out with `--access open`.
    #[schema(value_type = Option<String>, pattern = "^tst_[0-9a-f]{32}$")]
    control_token: Option<String>,
}

/// Creates a session.
///
/// With `--access keys`, this takes an API key with the right `create`.
///
/// Unknown and duplicate fields are errors. `null` counts as left out.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    tag = "sessions",
    operation_id = "createSession",
    params(IdempotencyKeyHeader),
    security((), ("bearer" = [])),
    request_body(content = CreateSession, description = "At most 64 KiB", example = json!({"tick_ms": 100})),
    responses(
        (status = 201, description = "The session was created and stored. It survives even if the server is killed at \
            once", body = CreatedSession, headers(
                ("Location" = String, description = "The path of the session"),
                ("ETag" = String, description = "The entity tag of the session, as `GET /v1/sessions/{id}` sends it"),
                ("Tickseed-Settled-Until" = Option<String>, description = "As for `GET /v1/sessions/{id}`"),
            )),
        BodyErrors,
        AccessErrors,
        (status = 409, description = "`request_in_progress` or `outcome_unknown`, of the request with this `Idempotency-Key`", body = Problem, content_type = "application/problem+json"),
        IdempotencyErrors,
        ServerErrors,
    )
)]
pub(in crate::http) async fn handle(
    service: Service,
    caller: Caller,
    protection: web::Data<Protection>,
    request: HttpRequest,
    body: Result<UnparsedBody, ApiError>,
) -> Result<HttpResponse, ApiError> {
    // Before the mistakes in a body of somebody who may not create anything.
    caller.require_create()?;
    let body = body?;
    protection.store_slots().expect_free()?;
    let body = body.parse()?;
    let repeatable = Repeatable::read(&request, &body.0, &caller);
    let mut fields = Fields::new(body.0);
    fields.refuse_query(request.query_string());
    let repeatable = Repeatable::or_fail(repeatable, &mut fields);
    let new = read(fields, service.clock().now(), protection.creation())?;
    // A mistake in the key is among the errors of the fields.
    let repeatable = repeatable.unwrap_or_default();
    let _slot = protection.store_slots().take()?;
    let operate = async |service: &SessionService, token: Option<&NewSecret>| {
        let control = token.map(|token| ControlHash::new(token.sha256()));
        let creator = Creator { control, key: caller.key_name().cloned() };
        Ok(service.create_for(creator, new).await?)
    };
    let respond = |lookup: &Lookup| created(lookup, service.clock().now());
    repeatable.once_with_token(&service, &caller, operate, respond, with_token).await
}

fn created(lookup: &Lookup, now: Timestamp) -> Result<HttpResponse, ApiError> {
    let mut response = HttpResponse::Created();
    let representation = insert_new_version(&mut response, lookup, now)?;
    let id = lookup.session.session().id;
    response.insert_header((header::LOCATION, format!("/v1/sessions/{id}")));
    Ok(response.content_type(ContentType::json()).body(representation.body.clone()))
}

/// Adds the control token to an object, whose spelling stays as it is everywhere else.
pub(super) fn with_token(session: &[u8], token: &NewSecret) -> Bytes {
    let open_object = session.strip_suffix(b"}").unwrap_or(session);
    [open_object, br#","control_token":""#, token.reveal().as_bytes(), br#""}"#].concat().into()
}

pub(super) fn read(
    mut fields: Fields,
    created_at: Timestamp,
    limits: CreationLimits,
) -> Result<NewSession, ApiError> {
    let schedule = read_schedule(&mut fields, created_at, limits);
    let notice = fields.optional("notice_ms", read_notice).unwrap_or_default();
    let seed = fields.optional("seed", string).and_then(|seed| fields.check(Seed::new(&seed)));
    let rules = fields.object("rules", read_rules).unwrap_or_default();
    let metadata = fields.optional("metadata", read_metadata);
    let time_to_live = fields.optional("ttl_seconds", |value| read_time_to_live(value, limits));
    fields.finish(schedule.map(|schedule| NewSession {
        created_at,
        seed,
        schedule,
        notice,
        rules,
        metadata,
        time_to_live,
    }))
}

fn read_schedule(
    fields: &mut Fields,
    created_at: Timestamp,
    limits: CreationLimits,
) -> Option<SessionSchedule> {
    let tick_ms = fields.required("tick_ms", integer);
    let has_start = fields.has("start_at");
    let start_at = fields.optional("start_at", |value| limits.check_start(timestamp(value)?, created_at));
    let start_at = if has_start { start_at } else { Some(Session::default_start(created_at)) };
    let changes = read_changes(fields);
    // Checked with any start, so that an invalid start does not hide an error here.
    let schedule = tick_ms
        .and_then(|tick_ms| fields.check(Schedule::new(start_at.unwrap_or(created_at).millis(), tick_ms)));
    check_changes(fields, start_at.and(schedule.as_ref())?, &changes?)
}

fn read_notice(value: &Value) -> Result<Notice, String> {
    let notice = integer(value).ok().map(Notice::from_millis);
    notice.and_then(Result::ok).ok_or_else(|| InvalidNotice.to_string())
}

fn read_rules(fields: &mut Fields) -> Option<Rules> {
    let ends = fields.object("break_interval", |interval| {
        Some((interval.required("min", integer), interval.required("max", integer)))
    });
    let interval = match ends {
        Some((min, max)) => check_interval(fields, min, max),
        None => Some(BreakInterval::default()),
    };
    let default = Rules::default().rounds_per_epoch().into();
    let rounds_per_epoch = fields.optional("rounds_per_epoch", integer).unwrap_or(default);
    // Checked with any interval, so that an invalid interval does not hide an error here.
    let rules = fields.check(Rules::new(interval.unwrap_or_default(), rounds_per_epoch));
    interval.and(rules)
}

/// Checks both ends of an interval, so that an error of one does not hide an error of the other.
fn check_interval(fields: &mut Fields, min: Option<i128>, max: Option<i128>) -> Option<BreakInterval> {
    if let (Some(min), Some(max)) = (min, max)
        && BreakInterval::new(min, BreakInterval::MAX_TICKS).is_ok()
    {
        return fields.check(BreakInterval::new(min, max));
    }
    if let Some(min) = min {
        fields.check(BreakInterval::new(min, BreakInterval::MAX_TICKS));
    }
    if let Some(max) = max {
        fields.check(BreakInterval::new(1, max));
    }
    None
}

fn read_metadata(value: &Value) -> Result<Metadata, String> {
    let object = value.as_object().ok_or_else(|| "must be a JSON object".to_owned())?;
    check_depth(value)?;
    Metadata::new(object).map_err(|error| error.to_string())
}

pub(super) fn read_time_to_live(value: &Value, limits: CreationLimits) -> Result<TimeToLive, String> {
    let seconds = integer(value).ok().and_then(|seconds| u32::try_from(seconds).ok());
    seconds
        .map(|seconds| limits.time_to_live(seconds))
        .ok_or_else(|| format!("must be an integer from 0 to {}", u32::MAX))
}
