//! The limits of a new session: how long it exists, how far ahead it starts, and how deep its metadata is.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::Value;
use tickseed_session::{TimeToLive, Timestamp};

/// How deep metadata may be nested. The object itself is the first level.
const MAX_METADATA_DEPTH: usize = 32;

/// The limits of a new session. By default a session may exist forever and start at any time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CreationLimits {
    /// How many seconds a session may exist after it is created or starts, whichever is later. The service's own time to live, which
    /// applies to sessions without one, must not be longer.
    pub max_ttl_seconds: Option<NonZeroU32>,
    /// How many seconds ahead a session may start.
    pub max_start_ahead_seconds: Option<NonZeroU32>,
}

impl CreationLimits {
    /// Returns how long a session exists if a client asks for this many seconds, where 0 means forever.
    pub(in crate::http) fn time_to_live(self, seconds: u32) -> TimeToLive {
        let limit = self.max_ttl_seconds.map(NonZeroU32::get);
        TimeToLive::from_seconds(match (seconds, limit) {
            (seconds, None) => seconds,
            (0, Some(limit)) => limit,
            (seconds, Some(limit)) => seconds.min(limit),
        })
    }

    /// Checks the start of a session that is created at `created_at`. The error follows the field's name.
    pub(in crate::http) fn check_start(
        self,
        start_at: Timestamp,
        created_at: Timestamp,
    ) -> Result<Timestamp, String> {
        let seconds = self.max_start_ahead_seconds.map(NonZeroU32::get);
        let latest = seconds
            .and_then(|seconds| created_at.after(Duration::from_secs(seconds.into())).zip(Some(seconds)));
        match latest {
            Some((latest, seconds)) if start_at > latest => {
                Err(format!("must be at most {seconds} seconds ahead, which is {latest}"))
            }
            _ => Ok(start_at),
        }
    }
}

/// Checks how deep metadata is nested. The error follows the field's name.
pub(in crate::http) fn check_depth(metadata: &Value) -> Result<(), String> {
    if is_deeper_than(metadata, MAX_METADATA_DEPTH) {
        return Err(format!("must be nested at most {MAX_METADATA_DEPTH} levels deep"));
    }
    Ok(())
}

/// Looks no deeper than `levels`, so that the stack does not depend on the client.
fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let is_deeper = |inner: &Value| is_deeper_than(inner, levels.saturating_sub(1));
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(is_deeper),
        Value::Object(fields) => levels == 0 || fields.values().any(is_deeper),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_objects_and_lists() {
        let nested = |levels: usize| {
            let text = format!("{}{}", r#"{"a":["#.repeat(levels / 2), "]}".repeat(levels / 2));
            serde_json::from_str::<Value>(&text).unwrap()
        };
        assert!(check_depth(&nested(32)).is_ok());
        assert!(check_depth(&nested(34)).unwrap_err().contains("at most 32 levels"));
        let wide = Value::from(vec![Value::from(vec![0; 100]); 100]);
        assert!(check_depth(&wide).is_ok());
    }
}
