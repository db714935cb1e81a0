//! The id of a session.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use uuid::fmt::Hyphenated;
use uuid::{NoContext, Uuid};

use super::Timestamp;

const PREFIX: &str = "sess_";

/// `sess_` and a UUID in its usual spelling: lower case, with hyphens. Each id has exactly one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Uuid);

/// A text that is not a session id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be sess_ followed by a UUID in lower case with hyphens")]
pub struct InvalidSessionId;

impl SessionId {
    /// Makes a new id that nobody can guess: a UUID of version 7, which is an instant and 74 random bits. Ids that begin with
    /// the time are neighbours in a sorted store, which then writes few pages for many new sessions.
    #[must_use]
    pub fn random(created_at: Timestamp) -> Self {
        let millis = u64::try_from(created_at.millis()).unwrap_or_default();
        let nanos = u32::try_from(millis % 1_000 * 1_000_000).unwrap_or_default();
        Self(Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, millis / 1_000, nanos)))
    }

    /// Returns when the id was made, by the clock of the server that made it. `None` for an id that does not say so.
    #[must_use]
    pub fn made_at(&self) -> Option<Timestamp> {
        const VERSION_7: usize = 7;
        if self.0.get_version_num() != VERSION_7 {
            return None;
        }
        let millis = self.0.as_bytes().iter().take(6).fold(0, |millis, byte| millis << 8 | i64::from(*byte));
        Timestamp::from_millis(millis).ok()
    }

    /// Returns the UUID's 16 bytes, for stores that want a short key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// Returns the instant that the id begins with, in milliseconds since the Unix epoch. Ids that another program made may have none.
    #[must_use]
    pub fn created_ms(&self) -> Option<i64> {
        let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
        i64::try_from(seconds.checked_mul(1_000)? + u64::from(nanos / 1_000_000)).ok()
    }

    /// Returns the id whose UUID has these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uuid =
            text.strip_prefix(PREFIX).filter(|uuid| has_usual_spelling(uuid)).ok_or(InvalidSessionId)?;
        Uuid::try_parse(uuid).map(Self).map_err(|_| InvalidSessionId)
    }
}

/// Returns whether a UUID is spelled as ids are. [`Uuid`] reads other spellings too, each with a length of its own.
fn has_usual_spelling(uuid: &str) -> bool {
    uuid.len() == Hyphenated::LENGTH && !uuid.bytes().any(|byte| byte.is_ascii_uppercase())
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_their_creation_and_say_when_it_was() {
        let ids = [0, 1, 1_700_000_000_123, 253_402_300_799_999].map(|millis| {
            let made_at = Timestamp::from_millis(millis).unwrap();
            let id = SessionId::random(made_at);
            assert_eq!(id.made_at(), Some(made_at));
            id
        });
        assert!(ids.is_sorted());
        let old: SessionId = "sess_550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        assert_eq!(old.made_at(), None);
    }

    #[test]
    fn an_id_has_one_spelling() {
        let text = "sess_550e8400-e29b-41d4-a716-446655440000";
        let id: SessionId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(SessionId::from_bytes(*id.as_bytes()), id);
        for other in [
            "",
            "sess_",
            "550e8400-e29b-41d4-a716-446655440000",
            "sess_550E8400-E29B-41D4-A716-446655440000",
            "sess_550e8400e29b41d4a716446655440000",
            "sess_{550e8400-e29b-41d4-a716-446655440000}",
            "sess_urn:uuid:550e8400-e29b-41d4-a716-446655440000",
            "sess_550e8400-e29b-41d4-a716-44665544000",
            "sess_550e8400-e29b-41d4-a716-4466554400000",
            "sess_550e8400e-29b-41d4-a716-446655440000",
            "sess_550e8400-e29b-41d4-a716-44665544000\u{e9}",
        ] {
            assert_eq!(other.parse::<SessionId>(), Err(InvalidSessionId), "{other:?}");
        }
    }
}
