//! A JSON parser that reports duplicate keys, at any depth. An object with duplicate keys could be read in two ways.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::MAX_LISTED_FIELDS;

/// Parses a value. Also returns the paths of its duplicate keys, at most [`MAX_LISTED_FIELDS`] of them.
pub(super) fn parse(json: &[u8]) -> Result<(Value, Vec<String>), serde_json::Error> {
    let duplicates = RefCell::new(Vec::new());
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let value = StrictValue { path: Path::Root, duplicates: &duplicates }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok((value, duplicates.into_inner()))
}

/// The path of a value. It is formatted only for a duplicate, because most values never need it.
#[derive(Clone, Copy)]
enum Path<'parse> {
    Root,
    Key(&'parse Path<'parse>, &'parse str),
    Item(&'parse Path<'parse>, usize),
}

impl fmt::Display for Path<'_> {
    /// Writes the keys and array indices with dots between them: `rules.break_interval`, `items.0`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(Self::Root, key) => f.write_str(key),
            Self::Key(parent, key) => write!(f, "{parent}.{key}"),
            Self::Item(parent, index) => write!(f, "{parent}.{index}"),
        }
    }
}

/// Reads one value. Collects duplicates instead of failing at the first, so that one response can list several.
struct StrictValue<'parse> {
    path: Path<'parse>,
    duplicates: &'parse RefCell<Vec<String>>,
}

impl StrictValue<'_> {
    fn record_duplicate(&self, path: Path<'_>) {
        let mut duplicates = self.duplicates.borrow_mut();
        if duplicates.len() < MAX_LISTED_FIELDS {
            duplicates.push(path.to_string());
        }
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
        let duplicates = self.duplicates;
        while let Some(item) =
            items.next_element_seed(StrictValue { path: Path::Item(&self.path, array.len()), duplicates })?
        {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let path = Path::Key(&self.path, &key);
            if object.contains_key(&key) {
                self.record_duplicate(path);
            }
            let value = entries.next_value_seed(StrictValue { path, duplicates: self.duplicates })?;
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
        assert_eq!(duplicates, ["b.c.0.d", "a"]);
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
}
