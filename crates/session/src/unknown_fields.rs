//! Fields that a later version has added to a stored session.

use std::borrow::Cow;

use serde::Serializer;
use serde_json::Error;
use serde_json::value::RawValue;

use crate::json_object::JsonObject;

/// The fields of a stored session that this version does not know. They change neither state nor promise, and survive when
/// this version writes the session again. They are kept as the text of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnknownFields(Option<JsonObject>);

impl UnknownFields {
    /// Takes the fields of a record, in their order and as they are spelled there.
    ///
    /// # Errors
    ///
    /// [`Error`] if a field is spelled with spaces and cannot be read, for instance because it contains a number that is too large.
    pub fn from_record(fields: &[(Cow<'_, str>, &RawValue)]) -> Result<Self, Error> {
        if fields.is_empty() {
            return Ok(Self::default());
        }
        let mut text = Vec::new();
        let fields = fields.iter().map(|(name, value)| (name, value));
        serde_json::Serializer::new(&mut text).collect_map(fields)?;
        let text: &RawValue = serde_json::from_slice(&text)?;
        Ok(Self(Some(JsonObject::from_record(text)?)))
    }

    /// Whether there are none, as in almost every session.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the fields as the text of an object without spaces, or `None` if there are none.
    #[must_use]
    pub fn text(&self) -> Option<&RawValue> {
        self.0.as_ref().map(JsonObject::text)
    }

    /// Returns how many bytes the text has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, JsonObject::bytes)
    }
}
