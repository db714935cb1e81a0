//! The fields of a record's JSON: those that this version knows, and all others.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tickseed_session::UnknownFields;

/// The fields that this version knows. Instants are milliseconds since the Unix epoch.
#[derive(Serialize, Deserialize)]
pub(super) struct Record<'json> {
    #[serde(borrow)]
    pub(super) seed: Cow<'json, str>,
    pub(super) start_at: i64,
    pub(super) tick_ms: u32,
    pub(super) break_min: u32,
    pub(super) break_max: u32,
    pub(super) rounds_per_epoch: u32,
    pub(super) engine_version: u32,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<&'json RawValue>,
    pub(super) created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stopped_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<i64>,
    /// From form 3 on; left out if there is no notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notice_ms: Option<u32>,
    /// From form 3 on: the instant of each change, and the length of a tick from then on, or 0 for a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) schedule: Option<Vec<(i64, u32)>>,
    /// From form 2 on: the SHA-256 of the control token, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) control: Option<Cow<'json, str>>,
    /// From form 2 on: the name of the API key that created the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Cow<'json, str>>,
    /// Only in form 1, and there always last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<u64>,
}

/// The names of a [`Record`]'s fields.
const KNOWN: [&str; 16] = [
    "seed",
    "start_at",
    "tick_ms",
    "break_min",
    "break_max",
    "rounds_per_epoch",
    "engine_version",
    "metadata",
    "created_at",
    "stopped_at",
    "expires_at",
    "notice_ms",
    "schedule",
    "control",
    "key",
    "revision",
];

/// Reads the JSON of a record. A field that is there twice is an error, because nobody could say which one counts.
pub(super) fn read(json: &[u8]) -> Result<(Record<'_>, UnknownFields), serde_json::Error> {
    let Fields { record, unknown } = serde_json::from_slice(json)?;
    Ok((record, UnknownFields::from_record(&unknown)?))
}

struct Fields<'json> {
    record: Record<'json>,
    unknown: Vec<(Cow<'json, str>, &'json RawValue)>,
}

impl<'json> Deserialize<'json> for Fields<'json> {
    fn deserialize<D: Deserializer<'json>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'json> Visitor<'json> for FieldsVisitor {
    type Value = Fields<'json>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'json>>(self, entries: A) -> Result<Fields<'json>, A::Error> {
        let (mut unknown, mut names) = (Vec::new(), HashSet::new());
        let known = KnownFields { entries, unknown: &mut unknown, names: &mut names };
        let record = Record::deserialize(MapAccessDeserializer::new(known))?;
        Ok(Fields { record, unknown })
    }
}

/// The fields that this version knows. Sets all others aside.
struct KnownFields<'fields, 'json, A> {
    entries: A,
    unknown: &'fields mut Vec<(Cow<'json, str>, &'json RawValue)>,
    /// The names of the unknown fields so far.
    names: &'fields mut HashSet<Cow<'json, str>>,
}

/// The name of a field, which is copied only if it contains an escape.
#[derive(Deserialize)]
pub(crate) struct Name<'json>(#[serde(borrow)] pub(crate) Cow<'json, str>);

impl<'json, A: MapAccess<'json>> MapAccess<'json> for KnownFields<'_, 'json, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'json>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Name(name)) = self.entries.next_key()? {
            if KNOWN.contains(&&*name) {
                return seed.deserialize(name.into_deserializer()).map(Some);
            }
            let value = self.entries.next_value()?;
            if !self.names.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            self.unknown.push((name, value));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'json>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.entries.next_value_seed(seed)
    }
}
