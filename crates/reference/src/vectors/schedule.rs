//! The types of `vectors/schedule-v1.json`: test cases of schedules with changes.

use serde::{Deserialize, Serialize};

use super::decimal;
use super::text::{cases_by_line, compact, fields_by_line, object_member};

/// A file of schedules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleVectors {
    /// The file's description of itself.
    pub about: ScheduleAbout,
    /// The version of the engine that these cases define: 1.
    pub engine_version: u32,
    /// Valid lists of changes, with instants and steps.
    pub schedules: Vec<ScheduleCase>,
    /// Invalid lists of changes.
    pub refused: Vec<RefusedCase>,
}

/// The file's description of itself, for readers who have only the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleAbout {
    /// The purpose of the file.
    pub what: String,
    /// The rules for changes.
    pub stability: String,
    /// The command that writes the file.
    pub regenerate: String,
    /// The notation of numbers.
    pub notation: String,
    /// The inputs of both kinds of cases.
    pub inputs: String,
    /// The cases in `schedules`.
    pub schedules: String,
    /// The cases in `refused`.
    pub refused: String,
}

/// A change of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeForm {
    /// When it takes effect, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub at: i64,
    /// The length of a tick from then on, in milliseconds, or 0 for a pause.
    pub tick_ms: u32,
}

/// A valid list of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScheduleCase {
    /// The reason for the case.
    pub why: String,
    /// Start of step 0, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub start_at: i64,
    /// Length of a tick at the start, in milliseconds.
    pub tick_ms: u32,
    /// The changes.
    pub changes: Vec<ChangeForm>,
    /// Instants in question.
    pub instants: Vec<InstantAnswer>,
    /// Steps in question.
    pub steps: Vec<StepAnswer>,
}

/// What is true at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstantAnswer {
    /// The instant, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub now: i64,
    /// The step; there is none before the start.
    #[serde(with = "decimal::optional", default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// Whether the session is paused.
    pub paused: bool,
}

/// When a step begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepAnswer {
    /// The step.
    #[serde(with = "decimal")]
    pub step: u64,
    /// When it begins, if it does.
    #[serde(with = "decimal::optional", default, skip_serializing_if = "Option::is_none")]
    pub time: Option<i64>,
    /// Why it does not begin: `paused` for good, or `year_9999`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never: Option<String>,
    /// The last step that does begin, if this one does not.
    #[serde(with = "decimal::optional", default, skip_serializing_if = "Option::is_none")]
    pub last: Option<u64>,
}

/// An invalid list of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusedCase {
    /// The reason for the case.
    pub why: String,
    /// Start of step 0, in milliseconds since the Unix epoch.
    #[serde(with = "decimal")]
    pub start_at: i64,
    /// Length of a tick at the start, in milliseconds.
    pub tick_ms: u32,
    /// The changes.
    pub changes: Vec<ChangeForm>,
    /// The error.
    pub error: Refusal,
}

/// Why a list is invalid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Refusal {
    /// A number outside its range.
    OutOfRange {
        /// The change, counted from 0; none if the list is too long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<u16>,
        /// The name of the number.
        field: String,
        /// The least value allowed.
        #[serde(with = "decimal")]
        min: i64,
        /// The greatest value allowed.
        #[serde(with = "decimal")]
        max: i64,
        /// The invalid value.
        #[serde(with = "decimal")]
        value: i64,
    },
    /// A change that is not after the one before.
    NotLater {
        /// The change, counted from 0.
        index: u16,
        /// The instant of the one before, or of the start.
        #[serde(with = "decimal")]
        previous: i64,
        /// Its own instant.
        #[serde(with = "decimal")]
        at: i64,
    },
    /// A change that changes nothing.
    NoChange {
        /// The change, counted from 0.
        index: u16,
        /// The length of a tick, in milliseconds, or 0 for a pause.
        tick_ms: u32,
    },
    /// A new length of ticks in the middle of a tick.
    WithinTick {
        /// The change, counted from 0.
        index: u16,
        /// How much of the tick has passed, in milliseconds.
        phase: u32,
        /// The length of that tick, in milliseconds.
        rate: u32,
    },
}

impl ScheduleVectors {
    /// Returns the number of cases of each kind, in the order of the file.
    #[must_use]
    pub fn counts(&self) -> [(&'static str, usize); 4] {
        let sum = |answers: fn(&ScheduleCase) -> usize| self.schedules.iter().map(answers).sum();
        [
            ("schedules", self.schedules.len()),
            ("instants", sum(|case| case.instants.len())),
            ("steps", sum(|case| case.steps.len())),
            ("refused", self.refused.len()),
        ]
    }

    /// Returns the text of the file, with a newline at the end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let members = [
            object_member("about", &fields_by_line(&self.about)),
            object_member("engine_version", &compact(&self.engine_version)),
            object_member("schedules", &cases_by_line(&self.schedules)),
            object_member("refused", &cases_by_line(&self.refused)),
        ];
        format!("{{\n{}\n}}\n", members.join(",\n"))
    }
}
