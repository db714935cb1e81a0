//! Removal of repeated cases, which arise because the lists of inputs overlap.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::Value;

/// Removes the cases that differ from an earlier one only in their `why`.
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
