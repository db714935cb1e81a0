//! Reads the fields of a request into checked values and gathers everything that is wrong, so that one answer names all.

use serde_json::{Map, Value};
use tickseed_engine::Error;

use super::error::ApiError;
use super::problem::{FieldError, MOST_NAMED};
use tickseed_session::Timestamp;

/// How much of a wrong value an error shows, in characters.
const SHOWN_CHARACTERS: usize = 64;

/// The fields of one object. `null` counts as left out.
pub(super) struct Fields {
    object: Map<String, Value>,
    /// What stands before a field's name in errors: empty, or like `rules.`.
    prefix: String,
    /// Every name that was asked for.
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// The fields of a body.
    pub(super) fn new(object: Map<String, Value>) -> Self {
        Self { object, prefix: String::new(), known: Vec::new(), errors: Vec::new() }
    }

    /// The fields of an address, the part behind the question mark. All of them are texts.
    pub(super) fn from_query(query: &str) -> Self {
        let mut fields = Self::new(Map::new());
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let before = fields.object.insert(name.to_string(), Value::from(&*value));
            if before.is_some() && fields.errors.len() < MOST_NAMED {
                fields.errors.push(given_twice(&name));
            }
        }
        fields
    }

    /// A field that may be left out. `read` says what is allowed, in words that follow the field's name.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(name)?;
        match read(&value) {
            Ok(read) => Some(read),
            Err(allowed) => {
                self.fail(name, &format!("{allowed}, got {}", quoted(&value)));
                None
            }
        }
    }

    /// A field that has to be there.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        if self.object.get(name).is_none_or(Value::is_null) {
            self.take(name);
            self.fail(name, "is required");
            return None;
        }
        self.optional(name, read)
    }

    /// A field that holds fields, which may be left out.
    pub(super) fn object<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        let object = self.optional(name, |value| {
            value.as_object().cloned().ok_or_else(|| "must be an object".to_owned())
        })?;
        let mut inner = Self { prefix: format!("{}{name}.", self.prefix), ..Self::new(object) };
        let value = read(&mut inner);
        inner.refuse_unknown();
        self.errors.append(&mut inner.errors);
        value
    }

    /// What the engine made of a value, whose field the engine names.
    pub(super) fn check<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                let field = format!("{}{}", self.prefix, error.field());
                self.errors.push(FieldError { field, message: format!("{}{error}", self.prefix) });
                None
            }
        }
    }

    /// Says that a field is wrong; `what` follows its name.
    pub(super) fn fail(&mut self, name: &str, what: &str) {
        let field = format!("{}{name}", self.prefix);
        self.errors.push(FieldError { message: format!("{field} {what}"), field });
    }

    /// The value made of the fields, unless anything was wrong.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, ApiError> {
        self.refuse_unknown();
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(ApiError::InvalidFields(self.errors)),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.object.remove(name).filter(|value| !value.is_null())
    }

    fn refuse_unknown(&mut self) {
        let allowed = match self.known.as_slice() {
            [] => "takes no fields".to_owned(),
            known => format!("known are {}", known.join(", ")),
        };
        let unknown: Vec<String> = self.object.keys().take(MOST_NAMED).cloned().collect();
        for name in unknown {
            self.fail(&shortened(&name), &format!("is not known here; {allowed}"));
        }
    }
}

/// Reads an instant.
pub(super) fn timestamp(value: &Value) -> Result<Timestamp, String> {
    let text = value.as_str().unwrap_or_default();
    Timestamp::parse(text).map_err(|error| error.to_string())
}

/// Reads a whole number of any size that JSON programs hold.
pub(super) fn whole_number(value: &Value) -> Result<i128, String> {
    let number = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    number.ok_or_else(|| "must be a whole number".to_owned())
}

/// Reads a whole number from the digits in an address.
pub(super) fn digits(value: &Value) -> Result<i128, String> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| "must be a whole number".to_owned())
}

/// Reads a text.
pub(super) fn text(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| "must be a string".to_owned())
}

/// A value as an error shows it: as JSON, the end left out if it is long.
pub(super) fn quoted(value: &Value) -> String {
    shortened(&value.to_string())
}

/// The error of a field that was given twice.
pub(super) fn given_twice(field: &str) -> FieldError {
    let field = shortened(field);
    FieldError { message: format!("{field} is given twice"), field }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
