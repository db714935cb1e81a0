//! The JSON of a change of a schedule.

use serde::Serialize;
use tickseed_engine::Change;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use tickseed_session::Timestamp;

/// A change of a session's pace, which takes effect at `at`: either a pause, or ticks of another length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Change)]
#[serde(untagged)]
pub(in crate::http) enum ChangeJson {
    /// The session is paused from `at` on.
    Pause {
        /// When it takes effect.
        #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:05:00.000Z")]
        at: Timestamp,
        /// Always true.
        #[schema(example = true)]
        paused: bool,
    },
    /// From `at` on, a tick has this length. The session goes on if it was paused.
    Rate {
        /// When it takes effect.
        #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:06:00.000Z")]
        at: Timestamp,
        /// The length of a tick, in milliseconds.
        #[schema(minimum = 1, maximum = 86_400_000, example = 50)]
        tick_ms: u32,
    },
}

// Only the OpenAPI document uses these types: `plan` reads the fields.
/// A change that a new session has from the start: either a pause, or ticks of another length.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) enum PlannedChange {
    Pause(PlannedPause),
    Rate(PlannedRate),
}

/// The session is paused from `at` on.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) struct PlannedPause {
    /// When it takes effect: an RFC 3339 timestamp without leap seconds.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:05:00.000Z")]
    at: Timestamp,
    /// Always true.
    #[schema(schema_with = always_true)]
    paused: bool,
}

/// From `at` on, a tick has this length. The session goes on if it was paused.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes the body for the OpenAPI document")]
pub(in crate::http) struct PlannedRate {
    /// When it takes effect: an RFC 3339 timestamp without leap seconds, where a tick begins.
    #[schema(value_type = String, format = DateTime, example = "2026-01-31T12:06:00.000Z")]
    at: Timestamp,
    /// The length of a tick, in milliseconds.
    #[schema(minimum = 1, maximum = 86_400_000, example = 50)]
    tick_ms: u32,
}

fn always_true() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .enum_values(Some([true]))
        .description(Some("Always true"))
        .build()
}

impl From<Change> for ChangeJson {
    fn from(change: Change) -> Self {
        // The engine keeps instants in the range of timestamps.
        let at = Timestamp::from_millis(change.at()).unwrap_or(Timestamp::MAX);
        match change.tick_ms() {
            0 => Self::Pause { at, paused: true },
            tick_ms => Self::Rate { at, tick_ms },
        }
    }
}

/// Returns the JSON of these changes.
pub(in crate::http) fn changes_json(changes: impl IntoIterator<Item = Change>) -> Vec<ChangeJson> {
    changes.into_iter().map(ChangeJson::from).collect()
}
