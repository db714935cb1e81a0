//! A JSON object, kept as text.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Error, Map, Value};

/// The text of a JSON object, without spaces between its tokens.
///
/// The values of `serde_json` take up to sixty times as much memory as this text, and nobody here looks inside. [`RawValue`] is text
/// that is known to be JSON, and `serde_json` writes it as it is. Clones share the text.
#[derive(Clone)]
pub(super) struct JsonObject(Arc<RawValue>);

impl JsonObject {
    /// Writes an object.
    pub(super) fn new(object: &Map<String, Value>) -> Self {
        // Every key is a string, so the default is never used.
        Self(to_raw_value(object).unwrap_or_default().into())
    }

    /// Takes an object from a record. Its spelling stays: servers of different versions must hand out the same bytes.
    pub(super) fn from_record(text: &RawValue) -> Result<Self, Error> {
        if text.get().starts_with('{') && is_compact(text.get()) {
            return Ok(Self(text.to_owned().into()));
        }
        Ok(Self::new(&serde_json::from_str(text.get())?))
    }

    /// Returns the text.
    pub(super) fn text(&self) -> &RawValue {
        &self.0
    }

    /// Returns how many bytes the text has.
    pub(super) fn bytes(&self) -> usize {
        self.0.get().len()
    }
}

impl PartialEq for JsonObject {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.get() == other.0.get()
    }
}

impl Eq for JsonObject {}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get())
    }
}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// Returns whether this JSON has no spaces between its tokens.
fn is_compact(json: &str) -> bool {
    let has = |space: u8| json.as_bytes().contains(&space);
    // A string contains no line break and no tab, except as an escape.
    !has(b'\n') && !has(b'\r') && !has(b'\t') && (!has(b' ') || has_spaces_only_in_strings(json))
}

fn has_spaces_only_in_strings(json: &str) -> bool {
    let (mut is_in_string, mut is_escaped) = (false, false);
    json.bytes().all(|byte| match byte {
        _ if is_escaped => {
            is_escaped = false;
            true
        }
        b'\\' => {
            is_escaped = true;
            true
        }
        b'"' => {
            is_in_string = !is_in_string;
            true
        }
        b' ' => is_in_string,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_record(text: &str) -> Result<String, String> {
        let text: &RawValue = serde_json::from_str(text).unwrap();
        let object = JsonObject::from_record(text).map_err(|error| error.to_string())?;
        Ok(object.text().get().to_owned())
    }

    #[test]
    fn an_object_from_a_record_keeps_its_spelling() {
        for text in
            ["{}", r#"{"z":1e16,"a":[10000000000000000.0,1E2,-0]}"#, r#"{"a b":"\" , \\","c":"\u00e9 \t\n"}"#]
        {
            assert_eq!(from_record(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn an_object_from_a_record_loses_its_spaces() {
        for (text, expected) in [
            ("{ }", "{}"),
            ("{\"a\":1,\n\t\"b\":\"\\\\\" }", r#"{"a":1,"b":"\\"}"#),
            (r#"{"a b":"\" ", "c":2}"#, r#"{"a b":"\" ","c":2}"#),
        ] {
            assert_eq!(from_record(text).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn anything_else_is_an_error() {
        for text in ["[]", "1", "null", r#""{}""#] {
            let error = from_record(text).unwrap_err();
            assert!(error.starts_with("invalid type: "), "{error}");
        }
    }

    #[test]
    fn an_object_is_written_without_spaces_and_in_its_order() {
        let object: Map<String, Value> =
            serde_json::from_str(r#" { "z" : [ 0.10 , -0 ], "a" : "é / \u000a" } "#).unwrap();
        assert_eq!(JsonObject::new(&object).text().get(), r#"{"z":[0.1,-0.0],"a":"é / \n"}"#);
    }
}
