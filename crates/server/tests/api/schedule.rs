//! Pauses, rates and notices over HTTP, with a clock that the test sets.

mod caching;
mod conditions;
mod creation;
mod refusals;
mod routes;

use serde_json::Value;

use crate::support::{Api, LocalServer, Response};

/// A session with ticks of 100 ms, whose step 0 begins at the initial time of the test clock.
const KNOWN: &str = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z","seed":"a seed"}"#;

/// The same with a notice of 15 seconds.
const NOTICED: &str =
    r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z","seed":"a seed","notice_ms":15000}"#;

const UNKNOWN: &str = "/v1/sessions/sess_00000000-0000-4000-8000-000000000000";

/// The routes that change a session.
const CHANGES: [&str; 5] = ["pause", "resume", "rate", "withdraw", "stop"];

/// Starts a server with a session, at a time after its start.
async fn server_with(body: &str, now: &str) -> (LocalServer, String) {
    let server = LocalServer::start();
    let path = server.api.create(body).await;
    server.clock.set(now);
    (server, path)
}

/// Changes a session, and returns the response, which shows the session as a later request does.
async fn change(api: &Api, path: &str, route: &str, body: &str) -> Response {
    let response = api.post(&format!("{path}/{route}"), body).await;
    assert_eq!(response.status, 200, "{route} {body}: {}", response.text);
    let session = api.get(path).await;
    assert_eq!((&response.text, response.header("etag")), (&session.text, session.header("etag")));
    assert_eq!(response.header("content-type"), "application/json");
    assert_eq!(response.header("cache-control"), "no-store");
    response
}

/// Returns the state of a session as its step and its status.
async fn state(api: &Api, path: &str, query: &str) -> (u64, String) {
    let response = api.get(&format!("{path}/state{query}")).await;
    assert_eq!(response.status, 200, "{}", response.text);
    let state = response.json();
    (state["step"].as_u64().unwrap(), state["status"].as_str().unwrap().to_owned())
}

/// Returns the schedule in a response.
fn schedule(response: &Response) -> Value {
    response.json()["schedule"].clone()
}
