//! The endpoints of sessions, and the JSON they share.

mod cache_control;
mod change;
pub(super) mod change_json;
pub(super) mod create;
mod cursor;
pub(super) mod delete;
pub(super) mod events;
pub(super) mod extend;
#[cfg(test)]
mod fuzz;
pub(super) mod list;
pub(super) mod pause;
mod plan;
pub(super) mod rate;
pub(super) mod read;
pub(super) mod resume;
pub(super) mod state;
pub(super) mod stop;
pub(super) mod token;
pub(super) mod withdraw;

use std::time::Duration;

use actix_web::HttpResponseBuilder;
use actix_web::http::header::{self, HeaderName};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};

use super::entity_tag::entity_tag;
use super::error::ApiError;
use super::fields::quoted;
use change_json::{ChangeJson, changes_json};
use tickseed_session::{
    Lookup, Metadata, ReadySession, Representation, Session, SessionId, Status, Timestamp,
};

/// The header that says until when a session is settled.
const SETTLED_UNTIL: HeaderName = HeaderName::from_static("tickseed-settled-until");

/// A session: everything a client needs to compute the state at any instant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionJson {
    /// The id of the session: `sess_` and a UUID.
    #[schema(value_type = String, example = "sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21")]
    id: SessionId,
    /// The string that determines every break and every draw: 1 to 128 bytes of UTF-8.
    #[schema(example = "550e8400-e29b-41d4-a716-446655440000")]
    seed: String,
    /// When step 0 begins.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:03.000Z")]
    start_at: Timestamp,
    /// The length of a tick at the start, in milliseconds.
    #[schema(minimum = 1, maximum = 86_400_000, example = 100)]
    tick_ms: u32,
    /// Every change of the session's pace, past and future, in order: pauses, and ticks of another length.
    #[schema(max_items = 256)]
    schedule: Vec<ChangeJson>,
    /// How far ahead changes and stops are dated, in milliseconds, beside a guard of one second or more. 0 for sessions whose
    /// changes take effect at once.
    #[schema(minimum = 0, maximum = 86_400_000, example = 0)]
    notice_ms: u32,
    /// The rules, which determine how long rounds last.
    rules: RulesJson,
    /// The engine version that the session needs.
    #[schema(minimum = 1, example = 1)]
    engine_version: u32,
    /// The names of what a reader must understand to compute the state. A client that does not know one of them must refuse the
    /// session. `schedule` is there as soon as there is a change.
    #[schema(example = json!([]))]
    requires: Vec<&'static str>,
    /// The game's own data.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    metadata: Option<Metadata>,
    /// Whether the session is running, paused or stopped.
    status: StatusJson,
    /// When the session was created.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:00:00.000Z")]
    created_at: Timestamp,
    /// When the state freezes or froze. In the future while the status is not yet `stopped`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    stopped_at: Option<Timestamp>,
    /// When the session expires. Left out if it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// 1 at first, and one more after every change.
    #[schema(minimum = 1, maximum = 9_007_199_254_740_991_u64, example = 1)]
    revision: u64,
}

/// The rules, which determine how long rounds last.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rules)]
struct RulesJson {
    /// The number of ticks that a round counts before it breaks.
    break_interval: BreakIntervalJson,
    /// The number of rounds in an epoch. Even.
    #[schema(minimum = 2, maximum = 256, multiple_of = 2, example = 64)]
    rounds_per_epoch: u32,
}

/// The number of ticks that a round counts before it breaks: uniform from `min` to `max`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakInterval)]
struct BreakIntervalJson {
    /// The shortest interval, in ticks.
    #[schema(minimum = 1, maximum = 1_000_000, example = 100)]
    min: u32,
    /// The longest interval, in ticks: at least `min`.
    #[schema(minimum = 1, maximum = 1_000_000, example = 300)]
    max: u32,
}

/// Whether a session is running.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Status)]
#[serde(rename_all = "lowercase")]
enum StatusJson {
    /// The counter is running, or has yet to start.
    Running,
    /// The step stays as it is until the session is resumed.
    Paused,
    /// The state is frozen forever.
    Stopped,
}

impl From<Status> for StatusJson {
    fn from(status: Status) -> Self {
        match status {
            Status::Running => Self::Running,
            Status::Paused => Self::Paused,
            Status::Stopped => Self::Stopped,
        }
    }
}

impl SessionJson {
    /// Converts a session that has `status`.
    fn new(session: &Session, status: Status) -> Result<Self, ApiError> {
        let interval = session.rules.break_interval();
        let start_at = Timestamp::from_millis(session.schedule.start_at());
        Ok(Self {
            id: session.id,
            seed: session.seed.as_str().to_owned(),
            start_at: start_at.map_err(|error| ApiError::Internal(error.into()))?,
            tick_ms: session.schedule.tick_ms(),
            schedule: changes_json(session.schedule.changes()),
            notice_ms: session.notice.millis(),
            rules: RulesJson {
                break_interval: BreakIntervalJson { min: interval.min(), max: interval.max() },
                rounds_per_epoch: session.rules.rounds_per_epoch(),
            },
            engine_version: session.engine_version,
            requires: session.requires().collect(),
            metadata: session.metadata.clone(),
            status: status.into(),
            created_at: session.created_at,
            stopped_at: session.stopped_at,
            expires_at: session.expires_at,
            revision: session.revision.get(),
        })
    }
}

/// Returns the bytes of the [`SessionJson`] at `now`, and their entity tag.
fn representation(session: &ReadySession, now: Timestamp) -> Result<&Representation, ApiError> {
    representation_with(session, session.session().status_at(now))
}

/// As [`representation`], at a time when the session has `status`.
fn representation_with(session: &ReadySession, status: Status) -> Result<&Representation, ApiError> {
    session.representation(status, |session| {
        let body = serde_json::to_vec(&SessionJson::new(session, status)?);
        let body = body.map_err(|error| ApiError::Internal(error.into()))?;
        let entity_tag = entity_tag(&Sha256::digest(&body).into());
        // Without the room that it has left to grow.
        let body = body.into_boxed_slice().into();
        Ok(Representation { body, entity_tag })
    })
}

/// Returns the entity tags of a session, one for each status that it can have. All of them stand for the same session.
fn entity_tags(session: &ReadySession) -> impl Iterator<Item = &str> {
    let representations = session.session().statuses().map(|status| representation_with(session, status));
    representations.flatten().map(|representation| representation.entity_tag.as_str())
}

/// Adds `Tickseed-Settled-Until` to a response about a session with a notice, if this server can promise anything.
fn insert_settled_until(response: &mut HttpResponseBuilder, lookup: &Lookup) {
    if let Some(settled_until) = lookup.settled_until() {
        response.insert_header((SETTLED_UNTIL, settled_until.to_string()));
    }
}

/// Adds what every answer to a change says of the session: its entity tag, until when it is settled, and that no cache may keep the
/// answer. Returns the session's representation.
fn insert_new_version<'lookup>(
    response: &mut HttpResponseBuilder,
    lookup: &'lookup Lookup,
    now: Timestamp,
) -> Result<&'lookup Representation, ApiError> {
    let representation = representation(&lookup.session, now)?;
    insert_settled_until(response, lookup);
    response
        .insert_header((header::ETAG, representation.entity_tag.as_str()))
        .insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(representation)
}

/// Adds `Age` to a response that comes from memory because the store cannot be reached.
fn insert_age(response: &mut HttpResponseBuilder, age: Option<Duration>) {
    if let Some(age) = age {
        response.insert_header((header::AGE, age.as_secs()));
    }
}

/// The session id in the path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes the path for the OpenAPI document")]
struct SessionPath {
    /// The id of the session: `sess_` and a UUID
    #[param(pattern = r"^sess_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    id: String,
}

/// Reads a session id from the path.
fn session_id(text: &str) -> Result<SessionId, ApiError> {
    text.parse()
        .map_err(|error| ApiError::invalid_field("id", format!("id {error}, got {}", quoted(&text.into()))))
}
