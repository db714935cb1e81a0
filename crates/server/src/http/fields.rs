//! Reads the fields of a request into checked values, and collects every mistake for a single response.

use serde_json::{Map, Value};
use tickseed_engine::Error;

use super::error::ApiError;
use super::problem::{FieldError, MAX_LISTED_FIELDS};
use crate::excerpt::excerpt;
use tickseed_session::Timestamp;

/// The end of the message for a value of a query string that contains an unescaped plus sign.
const PLUS_IS_A_SPACE: &str = "; in a URL, + means a space: write it as %2B";

/// The doubles that count as integers: 64 bits and a sign.
const INTEGERS: std::ops::RangeInclusive<f64> = -18_446_744_073_709_551_616.0..=18_446_744_073_709_551_616.0;

/// The fields of one object. `null` counts as left out.
pub(super) struct Fields {
    object: Map<String, Value>,
    /// What precedes the names of these fields in errors: empty, or a path such as `rules.`.
    prefix: String,
    /// The names of all fields read so far. Any other field is unknown.
    known_names: Vec<&'static str>,
    /// The names of the fields with a `+` in a query string, where it means a space.
    with_plus: Vec<String>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Takes the fields of a body.
    pub(super) fn new(object: Map<String, Value>) -> Self {
        Self {
            object,
            prefix: String::new(),
            known_names: Vec::new(),
            with_plus: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Takes the fields of a query string. Their values are all strings.
    pub(super) fn from_query(query: &str) -> Self {
        let mut fields = Self::new(Map::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = form_urlencoded::parse(pair.as_bytes()).next() else { continue };
            if pair.contains('+') {
                fields.with_plus.push(name.to_string());
            }
            let earlier = fields.object.insert(name.to_string(), Value::from(&*value));
            if earlier.is_some() && fields.errors.len() < MAX_LISTED_FIELDS {
                fields.errors.push(duplicate_field(&name));
            }
        }
        fields
    }

    /// Reports the fields of a query string, where the route takes fields only from its body.
    pub(super) fn refuse_query(&mut self, query: &str) {
        for (name, _) in form_urlencoded::parse(query.as_bytes()) {
            if self.errors.len() < MAX_LISTED_FIELDS {
                let field = excerpt(&name);
                let message = format!("{field} must be in the body, not in the URL");
                self.errors.push(FieldError { field, message });
            }
        }
    }

    /// Reads an optional field. If the value is invalid, `read` returns what is allowed, in words that follow the
    /// field's name.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.take(name)?;
        match read(&value) {
            Ok(value) => Some(value),
            Err(allowed) => {
                let hint =
                    if self.with_plus.iter().any(|other| other == name) { PLUS_IS_A_SPACE } else { "" };
                self.fail(name, &format!("{allowed}, got {}{hint}", quoted(&value)));
                None
            }
        }
    }

    /// Reads a required field. `read` works as for [`optional`](Self::optional).
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> Option<T> {
        if !self.has(name) {
            self.take(name);
            self.fail(name, "is required");
            return None;
        }
        self.optional(name, read)
    }

    /// Reads an optional field that is itself an object. `read` reads its fields.
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
        inner.reject_unknown();
        self.errors.append(&mut inner.errors);
        value
    }

    /// Reads an optional field that is a list of objects. `read` reads the fields of one of them. Returns `None` if anything is
    /// invalid, and an empty list if the field is left out.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        max_length: usize,
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !self.has(name) {
            self.take(name);
            return Some(Vec::new());
        }
        let items = self.optional(name, |value| match value.as_array() {
            Some(items) if items.len() <= max_length => Ok(items.clone()),
            Some(items) => Err(format!("must have at most {max_length} items, and has {}", items.len())),
            None => Err("must be a list".to_owned()),
        })?;
        let (mut values, mut errors) = (Vec::with_capacity(items.len()), Vec::new());
        for (index, item) in items.into_iter().enumerate() {
            let prefix = format!("{}{name}[{index}].", self.prefix);
            values.extend(read_item(prefix, item, &read, &mut errors));
            if errors.len() >= MAX_LISTED_FIELDS {
                break;
            }
        }
        let is_valid = errors.is_empty();
        self.errors.extend(errors.into_iter().take(MAX_LISTED_FIELDS));
        is_valid.then_some(values)
    }

    /// Returns whether a field is there and not `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// Takes a result of the engine. The error of the engine names the field.
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

    /// Reports that a field is invalid. `message` follows its name.
    pub(super) fn fail(&mut self, name: &str, message: &str) {
        let field = format!("{}{name}", self.prefix);
        self.errors.push(FieldError { message: format!("{field} {message}"), field });
    }

    /// Reports that the object itself is invalid. `message` follows its name.
    pub(super) fn fail_as_a_whole(&mut self, message: &str) {
        let field = self.prefix.trim_end_matches('.').to_owned();
        self.errors.push(FieldError { message: format!("{field} {message}"), field });
    }

    /// Returns the value made from the fields, or all of their errors.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, ApiError> {
        self.reject_unknown();
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(ApiError::InvalidFields(self.errors)),
        }
    }

    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known_names.push(name);
        self.object.remove(name).filter(|value| !value.is_null())
    }

    fn reject_unknown(&mut self) {
        let allowed = match self.known_names.as_slice() {
            [] => "no fields are allowed here".to_owned(),
            names => format!("known fields: {}", names.join(", ")),
        };
        let unknown: Vec<String> =
            self.object.keys().take(MAX_LISTED_FIELDS).map(|name| excerpt(name)).collect();
        for name in unknown {
            self.fail(&name, &format!("is not a known field; {allowed}"));
        }
    }
}

/// Reads the fields of an object in a list.
fn read_item<T>(
    prefix: String,
    item: Value,
    read: impl Fn(&mut Fields) -> Option<T>,
    errors: &mut Vec<FieldError>,
) -> Option<T> {
    let (object, got) = match item {
        Value::Object(object) => (object, None),
        other => (Map::new(), Some(quoted(&other))),
    };
    let mut fields = Fields { prefix, ..Fields::new(object) };
    let value = match got {
        Some(got) => {
            fields.fail_as_a_whole(&format!("must be an object, got {got}"));
            None
        }
        None => read(&mut fields),
    };
    fields.reject_unknown();
    errors.append(&mut fields.errors);
    value
}

/// Reads an instant.
pub(super) fn timestamp(value: &Value) -> Result<Timestamp, String> {
    let text = value.as_str().unwrap_or_default();
    Timestamp::parse(text).map_err(|error| error.to_string())
}

/// Reads an integer of up to 64 bits, signed or unsigned. `100`, `100.0` and `1e2` are the same number. Range checks come
/// later.
pub(super) fn integer(value: &Value) -> Result<i128, String> {
    let integer = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    match (integer, value.as_f64()) {
        (Some(integer), _) => Ok(integer),
        (None, Some(number)) if number.fract() == 0.0 => whole(number),
        _ => Err("must be an integer".to_owned()),
    }
}

/// Converts a whole number to an integer.
#[expect(clippy::cast_possible_truncation, reason = "whole numbers in this range are kept")]
fn whole(number: f64) -> Result<i128, String> {
    if INTEGERS.contains(&number) {
        Ok(number as i128)
    } else {
        Err("must be an integer of at most 64 bits".to_owned())
    }
}

/// Reads an integer from a query string, where every value is a string.
pub(super) fn integer_in_query(value: &Value) -> Result<i128, String> {
    value.as_str().and_then(|text| text.parse().ok()).ok_or_else(|| "must be an integer".to_owned())
}

/// Reads a string.
pub(super) fn string(value: &Value) -> Result<String, String> {
    value.as_str().map(str::to_owned).ok_or_else(|| "must be a string".to_owned())
}

/// Reads `true` or `false`.
pub(super) fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "must be true or false".to_owned())
}

/// Formats a value for an error: as JSON, cut off if it is long.
pub(super) fn quoted(value: &Value) -> String {
    excerpt(&value.to_string())
}

/// Creates the error for a duplicate field.
pub(super) fn duplicate_field(field: &str) -> FieldError {
    let field = excerpt(field);
    FieldError { message: format!("{field} appears more than once"), field }
}
