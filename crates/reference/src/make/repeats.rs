//! Lists made from several points of view ask some questions twice; the file asks each once.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

/// The cases without those that an earlier case already asks, whatever their `why` says.
pub(super) fn without_repeats<C: Serialize>(cases: Vec<C>) -> Vec<C> {
    let mut seen = HashSet::new();
    cases.into_iter().filter(|case| seen.insert(text_without_why(case))).collect()
}

fn text_without_why<C: Serialize>(case: &C) -> String {
    let mut value = serde_json::to_value(case).expect("cases are plain data");
    if let Value::Object(fields) = &mut value {
        fields.remove("why");
    }
    value.to_string()
}
