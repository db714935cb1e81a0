//! Each error of the routes, and which of two errors is the answer.

use reqwest::Method;
use serde_json::{Value, json};

use super::creation::plan_of;
use super::{CHANGES, KNOWN, NOTICED, UNKNOWN, change, server_with};
use crate::support::{LocalServer, Response};

/// A running session at this time.
const RUNNING_AT: &str = "2026-01-31T12:00:10.000Z";

/// Posts to a route of a session, which must refuse and leave the session as it is. Returns the problem.
async fn refused(
    server: &LocalServer,
    path: &str,
    route: &str,
    body: &str,
    status: u16,
    code: &str,
) -> Value {
    let before = server.api.get(path).await.text;
    let response = server.api.post(&format!("{path}/{route}"), body).await;
    let problem = response.problem(status, code);
    assert_eq!(response.header("cache-control"), "no-store");
    assert_eq!(response.header("tickseed-settled-until"), "");
    assert_eq!(server.api.get(path).await.text, before, "a refused change writes nothing");
    problem
}

async fn conflict(server: &LocalServer, path: &str, route: &str, body: &str, code: &str) -> Value {
    refused(server, path, route, body, 409, code).await
}

/// Stops a session at an instant.
async fn stop(server: &LocalServer, path: &str, at: &str) {
    let response = server.api.post(&format!("{path}/stop"), &format!(r#"{{"at":"{at}"}}"#)).await;
    assert_eq!(response.status, 200, "{}", response.text);
}

#[tokio::test]
async fn a_missing_session_comes_first_and_then_every_invalid_field() {
    let (server, path) = server_with(KNOWN, RUNNING_AT).await;
    stop(&server, &path, RUNNING_AT).await;
    for route in CHANGES {
        server.api.post(&format!("/v1/sessions/abc/{route}"), "").await.invalid_field("id");
        let body = r#"{"at":5,"from":5,"tick_ms":0,"replace_later":1,"x":1}"#;
        let unknown = server.api.post(&format!("{UNKNOWN}/{route}"), body).await;
        unknown.problem(404, "session_not_found");
        let valid = if route == "rate" { r#"{"tick_ms":1}"# } else { "" };
        server.api.post(&format!("{UNKNOWN}/{route}"), valid).await.problem(404, "session_not_found");

        let problem = refused(&server, &path, route, body, 400, "invalid_fields").await;
        let fields =
            problem["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap());
        let mut fields: Vec<&str> = fields.collect();
        fields.sort_unstable();
        // Each route knows some of them, and each of these has a mistake.
        assert_eq!(fields, ["at", "from", "replace_later", "tick_ms", "x"], "{route}");
    }
}

#[tokio::test]
async fn the_fields_of_each_route_are_validated() {
    let (server, path) = server_with(KNOWN, RUNNING_AT).await;
    let past_range = "must be from 1 to 86400000, got";
    for (route, body, field, message) in [
        (
            "pause",
            r#"{"replace_later":"yes"}"#,
            "replace_later",
            "must be true or false, got \"yes\"".to_owned(),
        ),
        (
            "pause",
            r#"{"tick_ms":50}"#,
            "tick_ms",
            "is not a known field; known fields: at, replace_later".to_owned(),
        ),
        ("pause", r#"{"at":"2026-01-31T12:01:00Z","at":null}"#, "at", "appears more than once".to_owned()),
        ("resume", r#"{"tick_ms":0}"#, "tick_ms", format!("{past_range} 0")),
        (
            "resume",
            r#"{"x":0}"#,
            "x",
            "is not a known field; known fields: at, replace_later, tick_ms".to_owned(),
        ),
        ("rate", "", "tick_ms", "is required".to_owned()),
        ("rate", r#"{"tick_ms":null}"#, "tick_ms", "is required".to_owned()),
        ("rate", r#"{"tick_ms":86400001}"#, "tick_ms", format!("{past_range} 86400001")),
        ("rate", r#"{"tick_ms":"50"}"#, "tick_ms", "must be an integer, got \"50\"".to_owned()),
        (
            "withdraw",
            r#"{"at":"2026-01-31T12:01:00Z"}"#,
            "at",
            "is not a known field; known fields: from".to_owned(),
        ),
    ] {
        let response = server.api.post(&format!("{path}/{route}"), body).await;
        assert_eq!(response.invalid_field(field), format!("{field} {message}"), "{route} {body}");
    }
    for route in ["pause", "resume", "rate", "withdraw"] {
        let address = format!("{path}/{route}");
        server.api.post(&address, "{").await.problem(400, "malformed_json");
        server.api.post(&address, "[]").await.problem(400, "malformed_json");
        let request = server.api.request(Method::POST, &address).header("content-type", "text/plain");
        let response = Response::read(request.body("{}").send().await.unwrap()).await;
        response.problem(415, "unsupported_media_type");
        let response = Response::read(server.api.request(Method::GET, &address).send().await.unwrap()).await;
        response.problem(405, "method_not_allowed");
        assert_eq!(response.header("allow"), "POST");
    }
    assert_eq!(server.api.get(&path).await.json()["revision"], 1);
}

#[tokio::test]
async fn a_session_that_has_stopped_or_stops_by_then_comes_next() {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:00.000Z").await;
    let stopped_at = "2026-01-31T12:01:00.000Z";
    stop(&server, &path, stopped_at).await;
    for (at, is_refused) in
        [(stopped_at, true), ("2026-01-31T12:02:00Z", true), ("2026-01-31T12:00:59.999Z", false)]
    {
        let body = format!(r#"{{"at":"{at}","replace_later":true}}"#);
        if is_refused {
            let problem = conflict(&server, &path, "pause", &body, "session_stopped").await;
            assert_eq!(problem["stopped_at"], stopped_at);
        } else {
            change(&server.api, &path, "pause", &body).await;
        }
    }
    server.clock.set(stopped_at);
    // All of these would also be refused for another reason.
    for (route, body) in [
        ("pause", r#"{"at":"2026-01-31T12:00:00Z"}"#),
        ("resume", r#"{"at":"2026-01-31T11:00:00Z"}"#),
        ("rate", r#"{"tick_ms":100}"#),
        ("withdraw", r#"{"from":"2026-01-31T13:00:00Z"}"#),
        ("withdraw", ""),
    ] {
        let problem = conflict(&server, &path, route, body, "session_stopped").await;
        assert_eq!(problem["stopped_at"], stopped_at, "{route}");
        assert_eq!(problem["detail"], format!("the session has stopped at {stopped_at}"));
    }
}

#[tokio::test]
async fn a_change_must_be_after_the_start_and_then_not_too_soon() {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:00.000Z").await;
    conflict(&server, &path, "pause", "", "not_started").await;
    for body in [r#"{"at":"2026-01-31T12:00:00Z"}"#, r#"{"at":"2026-01-31T11:59:00Z"}"#] {
        let problem = conflict(&server, &path, "pause", body, "not_started").await;
        assert!(problem["detail"].as_str().unwrap().contains("2026-01-31T12:00:00.000Z"), "{problem}");
    }
    server.clock.set(RUNNING_AT);
    conflict(&server, &path, "pause", r#"{"at":"2026-01-31T12:00:00Z"}"#, "not_started").await;
    let problem =
        conflict(&server, &path, "resume", r#"{"at":"2026-01-31T12:00:09.999Z"}"#, "too_soon").await;
    assert_eq!(problem["earliest"], RUNNING_AT);
}

#[tokio::test]
async fn a_change_or_a_stop_within_the_notice_is_too_soon() {
    let (server, path) = server_with(NOTICED, RUNNING_AT).await;
    for (route, body) in [
        ("pause", r#"{"at":"2026-01-31T12:00:25.999Z"}"#),
        ("resume", r#"{"at":"2026-01-31T12:00:25.999Z"}"#),
        ("rate", r#"{"tick_ms":50,"at":"2026-01-31T12:00:25.999Z"}"#),
        ("stop", r#"{"at":"2026-01-31T12:00:25.999Z"}"#),
    ] {
        let problem = conflict(&server, &path, route, body, "too_soon").await;
        assert_eq!(problem["earliest"], "2026-01-31T12:00:26.000Z", "{route}");
        assert_eq!(
            problem["detail"],
            "at must be 2026-01-31T12:00:26.000Z or later, got 2026-01-31T12:00:25.999Z"
        );
    }
    let past = server.api.post(&format!("{path}/stop"), r#"{"at":"2026-01-31T12:00:09Z"}"#).await;
    past.invalid_field("at");
    change(&server.api, &path, "pause", r#"{"at":"2026-01-31T12:00:26Z"}"#).await;
    stop(&server, &path, "2026-01-31T12:00:26Z").await;
}

#[tokio::test]
async fn a_stop_within_the_notice_is_final() {
    let (server, path) = server_with(NOTICED, RUNNING_AT).await;
    stop(&server, &path, "2026-01-31T12:00:30Z").await;
    server.clock.set("2026-01-31T12:00:14.000Z");
    let problem =
        conflict(&server, &path, "stop", r#"{"at":"2026-01-31T12:00:14Z"}"#, "session_stopped").await;
    assert_eq!(problem["stopped_at"], "2026-01-31T12:00:30.000Z");
}

#[tokio::test]
async fn later_changes_come_before_those_that_are_final_or_change_nothing() {
    let (server, path) = server_with(KNOWN, RUNNING_AT).await;
    change(&server.api, &path, "pause", r#"{"at":"2026-01-31T12:01:00Z"}"#).await;
    change(&server.api, &path, "resume", r#"{"at":"2026-01-31T12:02:00Z"}"#).await;
    let [pause, resume] = [
        json!({"at": "2026-01-31T12:01:00.000Z", "paused": true}),
        json!({"at": "2026-01-31T12:02:00.000Z", "tick_ms": 100}),
    ];
    for (route, body, expected) in [
        ("pause", "", json!([pause, resume])),
        ("resume", "", json!([pause, resume])),
        ("rate", r#"{"tick_ms":100}"#, json!([pause, resume])),
        ("pause", r#"{"at":"2026-01-31T12:01:00Z"}"#, json!([pause, resume])),
        ("pause", r#"{"at":"2026-01-31T12:01:30Z"}"#, json!([resume])),
        ("pause", r#"{"at":"2026-01-31T12:02:00Z","replace_later":false}"#, json!([resume])),
    ] {
        let problem = conflict(&server, &path, route, body, "later_changes").await;
        assert_eq!(problem["schedule"], expected, "{route} {body}");
    }
    server.clock.set("2026-01-31T12:00:59.500Z");
    conflict(&server, &path, "pause", r#"{"at":"2026-01-31T12:00:59.900Z"}"#, "later_changes").await;
    for (route, body) in [
        ("pause", r#"{"at":"2026-01-31T12:00:59.900Z","replace_later":true}"#),
        ("rate", r#"{"tick_ms":100,"at":"2026-01-31T12:00:59.900Z","replace_later":true}"#),
        ("resume", r#"{"at":"2026-01-31T12:00:59.900Z","replace_later":true}"#),
        ("withdraw", r#"{"from":"2026-01-31T12:00:00Z"}"#),
    ] {
        let problem = conflict(&server, &path, route, body, "change_final").await;
        assert_eq!(problem["change"], pause, "{route}");
    }
    let withdrawn = change(&server.api, &path, "withdraw", "").await;
    assert_eq!(super::schedule(&withdrawn), json!([pause]), "the other one is not final");
}

#[tokio::test]
async fn with_a_notice_a_change_within_it_is_final() {
    let (server, path) = server_with(NOTICED, RUNNING_AT).await;
    change(&server.api, &path, "pause", r#"{"at":"2026-01-31T12:00:30Z"}"#).await;
    let pause = json!({"at": "2026-01-31T12:00:30.000Z", "paused": true});
    server.clock.set("2026-01-31T12:00:14.000Z");
    let body = r#"{"at":"2026-01-31T12:00:30Z","replace_later":true}"#;
    for (route, body) in [("pause", body), ("withdraw", r#"{"from":"2026-01-31T12:00:30Z"}"#)] {
        let problem = conflict(&server, &path, route, body, "change_final").await;
        assert_eq!(problem["change"], pause, "{route}");
    }
    conflict(&server, &path, "withdraw", "", "nothing_to_withdraw").await;
}

#[tokio::test]
async fn withdrawing_nothing_is_an_error() {
    let (server, path) = server_with(KNOWN, RUNNING_AT).await;
    conflict(&server, &path, "withdraw", "", "nothing_to_withdraw").await;
    change(&server.api, &path, "pause", r#"{"at":"2026-01-31T12:01:00Z"}"#).await;
    let after = r#"{"from":"2026-01-31T12:01:00.001Z"}"#;
    conflict(&server, &path, "withdraw", after, "nothing_to_withdraw").await;
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_refused_with_the_schedule() {
    let (server, path) = server_with(KNOWN, RUNNING_AT).await;
    for body in ["", r#"{"tick_ms":50}"#] {
        let problem = conflict(&server, &path, "resume", body, "not_paused").await;
        assert_eq!(problem["schedule"], json!([]));
    }
    let problem = conflict(&server, &path, "rate", r#"{"tick_ms":100}"#, "same_rate").await;
    assert_eq!((&problem["schedule"], &problem["change"]), (&json!([]), &Value::Null));
    change(&server.api, &path, "pause", "").await;
    let pause = json!({"at": RUNNING_AT, "paused": true});
    server.clock.set("2026-01-31T12:00:20.000Z");
    for (route, body) in [("pause", ""), ("rate", r#"{"tick_ms":50}"#), ("rate", r#"{"tick_ms":100}"#)] {
        let problem = conflict(&server, &path, route, body, "already_paused").await;
        assert_eq!(problem["schedule"], json!([pause]), "{route} {body}");
    }
}

#[tokio::test]
async fn a_full_schedule_is_the_last_of_the_conflicts() {
    let body = json!({"tick_ms": 100, "start_at": "2026-01-31T12:00:00Z", "ttl_seconds": 0, "schedule": plan_of(256)});
    let (server, path) = server_with(&body.to_string(), "2026-01-31T14:00:00.000Z").await;
    conflict(&server, &path, "resume", "", "not_paused").await;
    conflict(&server, &path, "pause", "", "schedule_full").await;
    conflict(&server, &path, "rate", r#"{"tick_ms":50}"#, "schedule_full").await;
}

#[tokio::test]
async fn a_rate_that_would_begin_after_the_year_9999_is_an_invalid_field() {
    let body = r#"{"tick_ms":86400000,"start_at":"9999-12-30T12:00:00Z","ttl_seconds":0}"#;
    let (server, path) = server_with(body, RUNNING_AT).await;
    let body = r#"{"tick_ms":50,"at":"9999-12-31T12:00:00.001Z"}"#;
    let message = server.api.post(&format!("{path}/rate"), body).await.invalid_field("at");
    assert!(message.ends_with("got 9999-12-31T12:00:00.001Z"), "{message}");
}

/// The clock of the embedded store never goes back, so a server whose clock was set back is too far away from it.
#[tokio::test]
async fn nothing_is_promised_and_nothing_changes_while_the_clocks_are_not_sure_to_agree() {
    let (server, path) = server_with(NOTICED, RUNNING_AT).await;
    let plain = server.api.create(KNOWN).await;
    assert_eq!(server.api.get(&path).await.header("tickseed-settled-until"), "2026-01-31T12:00:25.000Z");
    server.clock.set("2026-01-31T12:00:09.600Z");
    for (route, body) in [("pause", ""), ("rate", r#"{"tick_ms":50}"#), ("stop", "")] {
        let address = format!("{path}/{route}");
        let response = server.api.post(&address, body).await;
        response.problem(503, "clock_unsure");
        assert_eq!(response.header("retry-after"), "1");
        // Everything else is checked before.
        let request = server.api.request(Method::POST, &address).header("content-type", "application/json");
        let request = request.header("if-match", "\"other\"").body(body);
        Response::read(request.send().await.unwrap()).await.problem(412, "changed_meanwhile");
    }
    conflict(&server, &path, "resume", "", "not_paused").await;
    change(&server.api, &plain, "pause", "").await;
    server.clock.set("2026-01-31T12:00:09.625Z");
    change(&server.api, &path, "pause", "").await;
}
