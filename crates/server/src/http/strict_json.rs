//! A JSON parser that reports duplicate keys, at any depth, and the path of a mistake. An object with duplicate keys could be
//! read in two ways.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::MAX_LISTED_FIELDS;

/// Why a text cannot be parsed.
#[derive(Debug)]
pub(super) struct ParseError {
    /// The path of the innermost value with the mistake. Empty for the outermost value.
    pub(super) path: String,
    pub(super) mistake: Mistake,
    source: serde_json::Error,
}

/// What is wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    /// A number is too large for a double.
    HugeNumber,
    /// A string contains half of a surrogate pair, as in `"\ud800"`.
    LoneSurrogate,
    /// It is not JSON.
    Syntax,
}

impl fmt::Display for ParseError {
    /// Writes the reason and the position.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl ParseError {
    fn new(source: serde_json::Error, path: String) -> Self {
        // The parser tells its errors apart only by their texts. A test checks each of these.
        let text = source.to_string();
        let mistake = if text.starts_with("number out of range") {
            Mistake::HugeNumber
        } else if text.contains("surrogate") || text.starts_with("unexpected end of hex escape") {
            Mistake::LoneSurrogate
        } else {
            Mistake::Syntax
        };
        Self { path, mistake, source }
    }

    /// Returns the line and the column, in words.
    pub(super) fn position(&self) -> String {
        format!("line {} column {}", self.source.line(), self.source.column())
    }

    /// Returns the number at the position of the error, given the text that was parsed.
    pub(super) fn number<'json>(&self, json: &'json [u8]) -> &'json [u8] {
        let lines = json.split_inclusive(|&byte| byte == b'\n');
        let line_start: usize = lines.take(self.source.line().saturating_sub(1)).map(<[u8]>::len).sum();
        let position = (line_start + self.source.column()).min(json.len());
        let is_other = |byte: &u8| !byte.is_ascii_digit() && !b"+-.eE".contains(byte);
        // The position may be behind the last digit.
        let last = json[..position].iter().rposition(|byte| !is_other(byte)).map_or(0, |last| last + 1);
        let start = json[..last].iter().rposition(is_other).map_or(0, |other| other + 1);
        let end = json[last..].iter().position(is_other).map_or(json.len(), |length| last + length);
        &json[start..end]
    }
}

/// Parses a value. Also returns the paths of its duplicate keys, at most [`MAX_LISTED_FIELDS`] of them.
pub(super) fn parse(json: &[u8]) -> Result<(Value, Vec<String>), ParseError> {
    let notes = RefCell::new(Notes::default());
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = StrictValue { path: Path::Root, notes: &notes }.deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    let notes = notes.into_inner();
    match value {
        Ok(value) => Ok((value, notes.duplicates)),
        Err(error) => Err(ParseError::new(error, notes.mistake.unwrap_or_default())),
    }
}

/// What the parser found besides the value.
#[derive(Default)]
struct Notes {
    /// The paths of duplicate keys.
    duplicates: Vec<String>,
    /// The path of the innermost value that cannot be parsed.
    mistake: Option<String>,
}

/// The path of a value. It is formatted only for an error, because most values never need it.
#[derive(Clone, Copy)]
enum Path<'parse> {
    Root,
    Key(&'parse Path<'parse>, &'parse str),
    Item(&'parse Path<'parse>, usize),
}

impl fmt::Display for Path<'_> {
    /// Writes the keys with dots between them, and indices in brackets: `rules.break_interval`, `items[0]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Reads one value. Collects duplicates instead of failing at the first, so that one response can list several.
struct StrictValue<'parse> {
    path: Path<'parse>,
    notes: &'parse RefCell<Notes>,
}

impl StrictValue<'_> {
    fn record_duplicate(&self, path: Path<'_>) {
        let duplicates = &mut self.notes.borrow_mut().duplicates;
        if duplicates.len() < MAX_LISTED_FIELDS {
            duplicates.push(path.to_string());
        }
    }

    /// Records where a mistake is, unless a value inside has done so.
    fn record_mistake(&self, path: Path<'_>) {
        self.notes.borrow_mut().mistake.get_or_insert_with(|| path.to_string());
    }
}

impl<'de> DeserializeSeed<'de> for StrictValue<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let path = Path::Item(&self.path, array.len());
            let item = items.next_element_seed(StrictValue { path, notes: self.notes });
            match item.inspect_err(|_| self.record_mistake(path))? {
                Some(item) => array.push(item),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>().inspect_err(|_| self.record_mistake(self.path))? {
            let path = Path::Key(&self.path, &key);
            if object.contains_key(&key) {
                self.record_duplicate(path);
            }
            let value = entries.next_value_seed(StrictValue { path, notes: self.notes });
            let value = value.inspect_err(|_| self.record_mistake(path))?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any JSON value.
    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..8)
                    .prop_map(|entries| entries.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn parsing_returns_every_value_unchanged(value in values()) {
            let (parsed, duplicates) = parse(value.to_string().as_bytes()).unwrap();
            prop_assert_eq!(parsed, value);
            prop_assert!(duplicates.is_empty());
        }
    }

    #[test]
    fn results_match_those_of_serde_json() {
        let json = r#"{"a":[1,-2,0.1,1e300,true,false,null,"é\n",{"b":{}}],"c":18446744073709551615}"#;
        let (value, duplicates) = parse(json.as_bytes()).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(json).unwrap());
        assert!(duplicates.is_empty());
        assert_eq!(value.to_string(), json.replace("1e300", "1e+300"));
    }

    #[test]
    fn a_duplicate_key_is_reported_with_its_path() {
        let (_, duplicates) = parse(br#"{"a":1,"b":{"c":[{"d":1,"d":2}]},"a":3}"#).unwrap();
        assert_eq!(duplicates, ["b.c[0].d", "a"]);
    }

    #[test]
    fn only_the_first_duplicates_are_reported() {
        let duplicated = vec![r#""k":1"#; 1000].join(",");
        let (_, duplicates) = parse(format!("{{{duplicated}}}").as_bytes()).unwrap();
        assert_eq!(duplicates.len(), MAX_LISTED_FIELDS);
    }

    #[test]
    fn malformed_json_is_an_error() {
        for json in ["", "{", "{} x", "{'a':1}", "[1,]", "nul", "\"\u{1}\"", "1e999", &"[".repeat(200)] {
            assert!(parse(json.as_bytes()).is_err(), "{json:?}");
        }
    }

    #[test]
    fn a_mistake_is_told_with_its_path() {
        for (json, path, mistake) in [
            ("1e400", "", Mistake::HugeNumber),
            (r#"{"a":-1e400}"#, "a", Mistake::HugeNumber),
            (r#"{"a":{"b":[0,1e99999999999]}}"#, "a.b[1]", Mistake::HugeNumber),
            (&format!(r#"{{"a":{}}}"#, "9".repeat(400)), "a", Mistake::HugeNumber),
            (r#"{"a":"\ud800"}"#, "a", Mistake::LoneSurrogate),
            (r#"{"a":["\udc00"]}"#, "a[0]", Mistake::LoneSurrogate),
            (r#"{"a":"\ud800x"}"#, "a", Mistake::LoneSurrogate),
            (r#"{"a":"\ud800\n"}"#, "a", Mistake::LoneSurrogate),
            (r#"{"a":"\ud800\ud800"}"#, "a", Mistake::LoneSurrogate),
            (r#"{"a":{"\ud800":1}}"#, "a", Mistake::LoneSurrogate),
            (r#"{"a":{"b":}}"#, "a.b", Mistake::Syntax),
            (r#"{"a":{"b":1,}}"#, "a", Mistake::Syntax),
            (r#"{"a":1}{}"#, "", Mistake::Syntax),
        ] {
            let error = parse(json.as_bytes()).unwrap_err();
            assert_eq!((error.path.as_str(), error.mistake), (path, mistake), "{json}: {error}");
        }
    }

    #[test]
    fn a_number_that_is_too_large_is_found_in_the_text() {
        let digits = "9".repeat(400);
        for number in ["1e400", "-1E+400", "12.5e999999999999999999", &digits, &format!("{digits}.5e9")] {
            for json in
                [format!("{{\n\"a\":\n [1, {number}]\n}}"), format!("{{\"a\":{number}}}"), number.to_owned()]
            {
                let error = parse(json.as_bytes()).unwrap_err();
                assert_eq!(str::from_utf8(error.number(json.as_bytes())), Ok(number), "{json}: {error}");
            }
        }
    }

    #[test]
    fn numbers_that_are_almost_zero_are_zero() {
        assert_eq!(parse(b"1e-99999999999").unwrap().0, Value::from(0.0));
    }
}
