//! The list of sessions, their deletion, and their extension.

mod delete;
mod durability;
mod extend;
mod filters;
mod list;
mod several;
mod upgrade;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::Value;

use crate::support::{Api, Response};

/// A session with ticks of 100 ms, whose step 0 begins at the initial time of the test clock.
const KNOWN: &str = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z","seed":"a seed"}"#;

const UNKNOWN: &str = "/v1/sessions/sess_00000000-0000-4000-8000-000000000000";

/// Requests a part of the list. The query begins with `?`, or is empty.
async fn list(api: &Api, query: &str) -> (Vec<Value>, Option<String>) {
    let response = api.get(&format!("/v1/sessions{query}")).await;
    assert_eq!(response.status, 200, "{query}: {}", response.text);
    assert_eq!(response.header("cache-control"), "no-store");
    let list = response.json();
    assert_eq!(list.as_object().unwrap().keys().collect::<Vec<_>>(), ["sessions", "next_cursor"]);
    let next = list["next_cursor"].as_str().map(str::to_owned);
    assert!(next.is_some() || list["next_cursor"].is_null());
    (list["sessions"].as_array().unwrap().clone(), next)
}

/// Walks through the whole list with this query, which may be empty. Returns the sessions in order.
async fn walk(api: &Api, query: &str) -> Vec<Value> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let (sessions, next) = list(api, &format!("?{query}{cursor}")).await;
        found.extend(sessions);
        let Some(next) = next else { return found };
        cursor = format!("&cursor={next}");
    }
}

fn paths(sessions: &[Value]) -> Vec<String> {
    sessions.iter().map(|session| format!("/v1/sessions/{}", session["id"].as_str().unwrap())).collect()
}

fn path_set(sessions: &[Value]) -> BTreeSet<String> {
    let paths = paths(sessions);
    let set: BTreeSet<_> = paths.iter().cloned().collect();
    assert_eq!(set.len(), paths.len(), "none twice");
    set
}

/// Deletes a session, with these values of `If-Match`.
async fn delete(api: &Api, path: &str, tags: &[&str]) -> Response {
    let request = api.request(Method::DELETE, path);
    let request = tags.iter().fold(request, |request, tag| request.header("if-match", *tag));
    Response::read(request.send().await.expect("the server answers")).await
}
