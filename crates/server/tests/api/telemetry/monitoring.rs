//! The dashboard, the alerts and the documentation name the metrics that there are, and no others.

use std::collections::BTreeSet;
use std::fs;

use tickseed_server::telemetry::metrics::{FAMILIES, Kind};

use super::repository;

/// Returns every word of a text that looks like a metric of the server.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    words.filter(|word| word.starts_with("tickseed_") || word.starts_with("process_")).collect()
}

/// Returns every name that a query may use.
fn known() -> BTreeSet<String> {
    let of = |(name, kind): (&str, Kind)| match kind {
        Kind::Histogram => ["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}")).to_vec(),
        Kind::Counter | Kind::Gauge => vec![name.to_owned()],
    };
    FAMILIES.iter().flat_map(|family| of((family.name, family.kind))).collect()
}

#[test]
fn the_dashboard_and_the_alerts_name_metrics_that_there_are() {
    let known = known();
    for file in ["deploy/grafana/tickseed.json", "deploy/prometheus/tickseed.rules.yml"] {
        let text = fs::read_to_string(repository(file)).unwrap();
        let names = names(&text);
        assert!(names.len() > 10, "{file}");
        let unknown: Vec<_> = names.into_iter().filter(|name| !known.contains(*name)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

#[test]
fn the_dashboard_shows_every_metric() {
    let text = fs::read_to_string(repository("deploy/grafana/tickseed.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).expect("it is JSON");
    for family in FAMILIES {
        assert!(text.contains(family.name), "{}", family.name);
    }
}

#[test]
fn the_documentation_lists_every_metric_with_its_type_and_labels() {
    let page = fs::read_to_string(repository("docs/operations.md")).unwrap();
    for family in FAMILIES {
        let kind = format!("{:?}", family.kind).to_lowercase();
        let labels: Vec<_> = family.labels.iter().map(|label| format!("`{label}`")).collect();
        let row = format!("| `{}` | {kind} | {} |", family.name, labels.join(", "));
        assert!(page.contains(&row), "{row}");
    }
}
