//! Data of the game's own that is stored with a session.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Error, Map, Value};

use crate::json_object::JsonObject;

/// A JSON object of the game's own. It is kept as text, and stored and returned unchanged: keys keep their order, and numbers are
/// 64-bit integers or else doubles.
///
/// It serializes as this object with `serde_json`, and with no other format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Metadata(JsonObject);

/// Metadata that is larger than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a JSON object of at most {} bytes when written without spaces, got {bytes} bytes",
    Metadata::MAX_BYTES
)]
pub struct MetadataTooLarge {
    /// How many bytes it has.
    pub bytes: usize,
}

impl Metadata {
    /// The largest size of new metadata, in bytes of JSON written without spaces.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Takes the metadata of a new session.
    ///
    /// # Errors
    ///
    /// [`MetadataTooLarge`] if it has more than 16 KiB when written without spaces.
    pub fn new(object: &Map<String, Value>) -> Result<Self, MetadataTooLarge> {
        let metadata = Self(JsonObject::new(object));
        let bytes = metadata.bytes();
        if bytes > Self::MAX_BYTES { Err(MetadataTooLarge { bytes }) } else { Ok(metadata) }
    }

    /// Takes the metadata of a stored session, as it is spelled in the record. The limit on the size does not apply: another
    /// version, which may have had another limit or another spelling, has accepted it.
    ///
    /// # Errors
    ///
    /// [`Error`] if it is not a JSON object.
    pub fn from_record(text: &RawValue) -> Result<Self, Error> {
        JsonObject::from_record(text).map(Self)
    }

    /// Returns how many bytes its text has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.bytes()
    }

    /// Returns the object as text without spaces.
    #[must_use]
    pub fn text(&self) -> &RawValue {
        self.0.text()
    }
}
