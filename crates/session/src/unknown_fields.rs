//! Fields that a later version has added to a stored session.

use serde_json::{Map, Value};

/// The fields of a stored session that this version does not know. They change neither state nor promise, and survive when
/// this version writes the session again.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnknownFields(Option<Box<Map<String, Value>>>);

impl UnknownFields {
    /// Takes the fields, in their order.
    #[must_use]
    pub fn new(fields: Map<String, Value>) -> Self {
        Self((!fields.is_empty()).then(|| Box::new(fields)))
    }

    /// Whether there are none, as in almost every session.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the fields.
    #[must_use]
    pub fn to_map(&self) -> Map<String, Value> {
        self.0.as_deref().cloned().unwrap_or_default()
    }

    /// Returns how many bytes the fields have when written as JSON without spaces.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.as_deref().map_or(0, |fields| serde_json::to_string(fields).map_or(0, |json| json.len()))
    }
}
