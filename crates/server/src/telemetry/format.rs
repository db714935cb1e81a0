//! The two formats of the log.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use tracing::Level;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text for each event.
    #[default]
    Text,
    /// One JSON object a line for each event, with the same fields.
    Json,
}

/// A field of a line: its name and its value.
pub(super) type Field = (&'static str, Value);

impl LogFormat {
    /// Returns a line of the log, in the format of the other lines.
    pub(super) fn line(self, level: Level, target: &str, message: &str, fields: &[Field]) -> String {
        let mut time = String::new();
        // Neither the clock nor a string fails.
        let _ = SystemTime.format_time(&mut Writer::new(&mut time));
        match self {
            Self::Text => text_line(&time, level, target, message, fields),
            Self::Json => json_line(&time, level, target, message, fields),
        }
    }
}

fn text_line(time: &str, level: Level, target: &str, message: &str, fields: &[Field]) -> String {
    let mut line = format!("{time} {level:>5} {target}: {message}");
    for (name, value) in fields {
        let _ = match value {
            Value::String(text) => write!(line, " {name}={text}"),
            other => write!(line, " {name}={other}"),
        };
    }
    line.push('\n');
    line
}

fn json_line(time: &str, level: Level, target: &str, message: &str, fields: &[Field]) -> String {
    let first = [("timestamp", time), ("level", level.as_str()), ("message", message)];
    let mut object: Map<_, _> =
        first.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
    object.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    object.insert("target".to_owned(), Value::from(target));
    format!("{}\n", Value::Object(object))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_have_the_same_fields() {
        let fields = [("status", Value::from(503)), ("node", Value::from("a \"b\"\n"))];
        let text = LogFormat::Text.line(Level::WARN, "t", "it fails", &fields);
        assert_eq!(text.split_once("  ").unwrap().1, "WARN t: it fails status=503 node=a \"b\"\n\n");
        let json = LogFormat::Json.line(Level::WARN, "t", "it fails", &fields);
        let mut object: Value = serde_json::from_str(&json).unwrap();
        let time = object["timestamp"].take();
        assert!(time.as_str().unwrap().ends_with('Z'));
        object["timestamp"] = Value::from("now");
        let expected = serde_json::json!({
            "timestamp": "now", "level": "WARN", "message": "it fails", "status": 503, "node": "a \"b\"\n", "target": "t"
        });
        assert_eq!(object, expected);
        assert_eq!(json.lines().count(), 1);
    }
}
