//! Data of the game's own that is stored with a session.

use serde::Serialize;
use serde_json::{Map, Value};

/// A JSON object of at most [`Metadata::MAX_BYTES`]. It is stored and returned unchanged: keys keep their order, and numbers are
/// 64-bit integers or else doubles.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Metadata(Map<String, Value>);

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
    /// The largest size, in bytes of JSON written without spaces.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Takes a JSON object.
    ///
    /// # Errors
    ///
    /// [`MetadataTooLarge`] if it has more than 16 KiB when written without spaces.
    pub fn new(object: Map<String, Value>) -> Result<Self, MetadataTooLarge> {
        let metadata = Self(object);
        let bytes = metadata.bytes();
        if bytes > Self::MAX_BYTES { Err(MetadataTooLarge { bytes }) } else { Ok(metadata) }
    }

    /// Returns how many bytes it has when written without spaces.
    #[must_use]
    pub fn bytes(&self) -> usize {
        serde_json::to_string(self).map_or(usize::MAX, |json| json.len())
    }

    /// Returns the object.
    #[must_use]
    pub const fn object(&self) -> &Map<String, Value> {
        &self.0
    }
}
