//! Reads the schedule of a new session: the changes that are known from the start.

use serde_json::Value;
use tickseed_engine::{Change, ChangeRule, Error, Schedule};

use crate::http::fields::{Fields, integer, timestamp};
use tickseed_session::{SessionSchedule, TickMs, Timestamp, scheduled};

/// Reads the field `schedule`. Returns `None` if a change is invalid by itself.
pub(super) fn read_changes(fields: &mut Fields) -> Option<Vec<Change>> {
    fields.list("schedule", Schedule::MAX_CHANGES.into(), read_change)
}

fn read_change(fields: &mut Fields) -> Option<Change> {
    let is_pause = fields.has("paused");
    let is_rate = fields.has("tick_ms");
    let at = fields.required("at", timestamp);
    let paused = fields.optional("paused", read_paused);
    let tick_ms = fields.optional("tick_ms", integer).and_then(|tick_ms| fields.check(TickMs::new(tick_ms)));
    if is_pause == is_rate {
        fields.fail_as_a_whole("must have either paused or tick_ms");
        return None;
    }
    let tick_ms = if is_pause { paused } else { tick_ms.map(TickMs::millis) };
    fields.check(Change::new(at?.millis(), tick_ms?))
}

/// Reads `true` as the tick of a pause.
fn read_paused(value: &Value) -> Result<u32, String> {
    if *value == Value::Bool(true) { Ok(0) } else { Err("must be true".to_owned()) }
}

/// Checks that each change can follow the ones before it, and names the first that cannot.
pub(super) fn check_changes(
    fields: &mut Fields,
    schedule: &Schedule,
    changes: &[Change],
) -> Option<SessionSchedule> {
    match scheduled(schedule, changes) {
        Ok(schedule) => Some(schedule),
        Err(Error::InvalidChange { index, rule }) => {
            let (name, message) = broken_rule(rule);
            fields.fail(&format!("schedule[{index}]{name}"), &message);
            None
        }
        error => fields.check(error),
    }
}

/// Returns the end of the name of the field that breaks a rule, and the words that follow it.
fn broken_rule(rule: ChangeRule) -> (&'static str, String) {
    match rule {
        // In RFC 3339, where the engine counts milliseconds.
        ChangeRule::NotLater { previous, at } => {
            (".at", format!("must be after {}, got {}", instant(previous), instant(at)))
        }
        rule => {
            let text = rule.to_string();
            let (name, message) = text.split_once(' ').unwrap_or_default();
            let name = [".at", ".tick_ms"].into_iter().find(|field| *field == name).unwrap_or_default();
            (name, message.to_owned())
        }
    }
}

fn instant(millis: i64) -> String {
    Timestamp::from_millis(millis).map_or_else(|_| millis.to_string(), |instant| instant.to_string())
}
