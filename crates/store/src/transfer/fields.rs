//! The fields of a line, each checked by name. An error names the values that are allowed and the one that was found, but never
//! quotes a text, because it may be a seed.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::record::Name;

/// The longest number that an error shows, in bytes.
const MOST_SHOWN: usize = 40;

/// The only error about the fields of an object before they are looked at.
const TWICE: &str = "no field may be there twice";

/// The fields of a JSON object, in their order.
pub(super) struct Fields<'line>(Vec<(Cow<'line, str>, &'line RawValue)>);

impl<'line> Fields<'line> {
    /// Reads a line. A field that is there twice is an error, because nobody could say which one counts.
    pub(super) fn read(line: &'line [u8]) -> Result<Self, String> {
        if !line.trim_ascii_start().starts_with(b"{") {
            return Err("must be a JSON object, got something else".to_owned());
        }
        serde_json::from_slice(line).map_err(|error| {
            if error.is_data() {
                return TWICE.to_owned();
            }
            // The text of the error may repeat a part of the line.
            format!("must be a JSON object, but is none from column {} on", error.column())
        })
    }

    pub(super) fn get(&self, name: &str) -> Option<&'line RawValue> {
        self.0.iter().find_map(|(other, value)| (other == name).then_some(*value))
    }

    /// Returns every field.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &'line RawValue)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }

    /// Refuses all fields but these.
    pub(super) fn allow(&self, names: &[&str]) -> Result<(), String> {
        match self.0.iter().find(|(name, _)| !names.contains(&&**name)) {
            Some((name, _)) => {
                let name: String = name.chars().take(MOST_SHOWN).flat_map(char::escape_debug).collect();
                Err(format!("{name}: must not be there; the fields are {}", names.join(", ")))
            }
            None => Ok(()),
        }
    }

    /// Reads a field that must be there. `parse` returns `None` if the value is not allowed.
    pub(super) fn required<T>(
        &self,
        name: &str,
        allowed: &str,
        parse: impl FnOnce(&'line RawValue) -> Option<T>,
    ) -> Result<T, String> {
        let value = self.get(name);
        value.and_then(parse).ok_or_else(|| format!("{name}: must be {allowed}, {}", got(value)))
    }

    /// Reads a text.
    pub(super) fn text<T>(
        &self,
        name: &str,
        allowed: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, String> {
        self.required(name, allowed, |value| {
            let text: Cow<'_, str> = serde_json::from_str(value.get()).ok()?;
            parse(&text)
        })
    }

    /// Reads a number.
    pub(super) fn number(
        &self,
        name: &str,
        allowed: &str,
        is_allowed: impl FnOnce(u64) -> bool,
    ) -> Result<u64, String> {
        self.required(name, allowed, |value| value.get().parse().ok().filter(|number| is_allowed(*number)))
    }
}

/// Describes the value that was found, for the end of an error.
fn got(value: Option<&RawValue>) -> String {
    let Some(text) = value.map(RawValue::get) else { return "but is missing".to_owned() };
    match text.as_bytes().first() {
        Some(b'"') => format!("got a text of {} bytes", text.len().saturating_sub(2)),
        Some(b'{') => "got an object".to_owned(),
        Some(b'[') => "got a list".to_owned(),
        _ if text.len() <= MOST_SHOWN => format!("got {text}"),
        _ => format!("got a number of {} digits", text.len()),
    }
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Fields<'de>, A::Error> {
        let (mut fields, mut names) = (Vec::new(), HashSet::new());
        while let Some((Name(name), value)) = entries.next_entry()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(TWICE));
            }
            fields.push((name, value));
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compared with each other, the names of so many fields would take minutes.
    #[test]
    fn a_long_line_of_many_fields_is_read_as_quickly_as_any_other() {
        let fields: Vec<_> = (0..400_000).map(|number| format!("\"{number:x}\":0")).collect();
        let line = format!("{{{}}}", fields.join(","));
        assert!(line.len() > 3 << 20);
        let read = Fields::read(line.as_bytes()).unwrap();
        assert_eq!(read.iter().count(), fields.len());
        let twice = format!("{{{},\"0\":1}}", fields.join(","));
        assert_eq!(Fields::read(twice.as_bytes()).err().as_deref(), Some(TWICE));
    }
}
