//! Sessions that have a schedule and a notice from the start.

use serde_json::{Value, json};

use super::{UNKNOWN, state};
use crate::support::{LocalServer, Response};

/// Creates a session with ticks of 100 ms that starts at 12:00:00 and has this plan.
async fn create(server: &LocalServer, plan: &Value) -> Response {
    let body = json!({"tick_ms": 100, "start_at": "2026-01-31T12:00:00Z", "schedule": plan});
    server.api.post("/v1/sessions", &body.to_string()).await
}

/// Returns the fields that a response finds invalid, with their messages.
fn errors(response: &Response) -> Vec<(String, String)> {
    let problem = response.problem(400, "invalid_fields");
    let errors = problem["errors"].as_array().unwrap().iter();
    let text = |error: &Value, key: &str| error[key].as_str().unwrap().to_owned();
    errors.map(|error| (text(error, "field"), text(error, "message"))).collect()
}

#[tokio::test]
async fn a_session_can_have_a_plan_from_the_start() {
    let server = LocalServer::start();
    let plan = json!([
        {"at": "2026-01-31T12:00:01.050Z", "paused": true},
        {"at": "2026-01-31T13:00:05+01:00", "tick_ms": 1e2},
        {"at": "2026-01-31T12:00:06.0509Z", "tick_ms": 50, "paused": null},
    ]);
    let created = create(&server, &plan).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let expected = json!([
        {"at": "2026-01-31T12:00:01.050Z", "paused": true},
        {"at": "2026-01-31T12:00:05.000Z", "tick_ms": 100},
        {"at": "2026-01-31T12:00:06.050Z", "tick_ms": 50},
    ]);
    let session = created.json();
    assert_eq!((&session["schedule"], &session["requires"]), (&expected, &json!(["schedule"])));
    let path = created.header("location");
    let read = server.api.get(path).await;
    assert_eq!((&read.text, read.header("etag")), (&created.text, created.header("etag")));
    for (at, step, status) in [
        ("12:00:00.999", 9, "running"),
        ("12:00:01.050", 10, "paused"),
        ("12:00:05.049", 10, "running"),
        ("12:00:05.050", 11, "running"),
        ("12:00:06.050", 21, "running"),
        ("12:00:07.000", 40, "running"),
    ] {
        let query = format!("?at=2026-01-31T{at}Z");
        assert_eq!(state(&server.api, path, &query).await, (step, status.to_owned()), "{at}");
    }
}

#[tokio::test]
async fn a_plan_may_lie_within_the_notice_and_in_the_past() {
    let server = LocalServer::start();
    let body = r#"{"tick_ms":100,"start_at":"2026-01-31T11:00:00Z","notice_ms":8.64e7,
                   "schedule":[{"at":"2026-01-31T11:00:01Z","paused":true},{"at":"2026-01-31T12:00:01Z","tick_ms":7}]}"#;
    let created = server.api.post("/v1/sessions", body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let session = created.json();
    assert_eq!((&session["status"], &session["notice_ms"]), (&json!("paused"), &json!(86_400_000)));
}

#[tokio::test]
async fn null_and_empty_lists_are_no_plan() {
    let server = LocalServer::start();
    for plan in [Value::Null, json!([])] {
        let created = create(&server, &plan).await;
        assert_eq!((created.status, &created.json()["schedule"]), (201, &json!([])));
    }
}

#[tokio::test]
async fn every_mistake_in_a_plan_is_named_with_its_field() {
    let server = LocalServer::start();
    let at = "2026-01-31T12:00:01Z";
    let instant = "must be an instant in the years 1970 to 9999, in RFC 3339 with Z or an offset, like 2026-01-31T12:00:03.000Z";
    for (plan, field, message) in [
        (json!({}), "schedule", "must be a list, got {}".to_owned()),
        (json!([5]), "schedule[0]", "must be an object, got 5".to_owned()),
        (json!([null]), "schedule[0]", "must be an object, got null".to_owned()),
        (json!([{"paused": true}]), "schedule[0].at", "is required".to_owned()),
        (json!([{"at": "soon", "paused": true}]), "schedule[0].at", format!("{instant}, got \"soon\"")),
        (json!([{"at": at}]), "schedule[0]", "must have either paused or tick_ms".to_owned()),
        (
            json!([{"at": at, "paused": true, "tick_ms": 1}]),
            "schedule[0]",
            "must have either paused or tick_ms".to_owned(),
        ),
        (json!([{"at": at, "paused": false}]), "schedule[0].paused", "must be true, got false".to_owned()),
        (json!([{"at": at, "paused": 1}]), "schedule[0].paused", "must be true, got 1".to_owned()),
        (
            json!([{"at": at, "tick_ms": 0}]),
            "schedule[0].tick_ms",
            "must be from 1 to 86400000, got 0".to_owned(),
        ),
        (
            json!([{"at": at, "tick_ms": 86_400_001}]),
            "schedule[0].tick_ms",
            "must be from 1 to 86400000, got 86400001".to_owned(),
        ),
        (
            json!([{"at": at, "tick_ms": 1.5}]),
            "schedule[0].tick_ms",
            "must be an integer, got 1.5".to_owned(),
        ),
        (
            json!([{"at": at, "paused": true, "until": at}]),
            "schedule[0].until",
            "is not a known field; known fields: at, paused, tick_ms".to_owned(),
        ),
    ] {
        let message = format!("{field} {message}");
        assert_eq!(errors(&create(&server, &plan).await), [(field.to_owned(), message)], "{plan}");
    }
    let twice = r#"{"tick_ms":1,"schedule":[{"at":"2026-01-31T12:00:01Z","paused":true,"paused":true}]}"#;
    let message = server.api.post("/v1/sessions", twice).await.invalid_field("schedule[0].paused");
    assert_eq!(message, "schedule[0].paused appears more than once");
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_is_named() {
    let server = LocalServer::start();
    let pause = json!({"at": "2026-01-31T12:00:01.050Z", "paused": true});
    let resume = json!({"at": "2026-01-31T12:00:05Z", "tick_ms": 100});
    for (last, field, message) in [
        (
            json!({"at": "2026-01-31T12:00:05Z", "paused": true}),
            "schedule[2].at",
            "schedule[2].at must be after 2026-01-31T12:00:05.000Z, got 2026-01-31T12:00:05.000Z",
        ),
        (
            json!({"at": "2026-01-31T12:00:04Z", "tick_ms": 50}),
            "schedule[2].at",
            "schedule[2].at must be after 2026-01-31T12:00:05.000Z, got 2026-01-31T12:00:04.000Z",
        ),
        (
            json!({"at": "2026-01-31T12:00:06.050Z", "tick_ms": 100}),
            "schedule[2].tick_ms",
            "schedule[2].tick_ms must differ from the one before, got 100",
        ),
        (
            json!({"at": "2026-01-31T12:00:06.051Z", "tick_ms": 50}),
            "schedule[2].at",
            "schedule[2].at must be where a tick begins, got 1 ms after the beginning of a tick of 100 ms",
        ),
    ] {
        let response = create(&server, &json!([pause, resume, last])).await;
        assert_eq!(errors(&response), [(field.to_owned(), message.to_owned())]);
    }
    let twice = json!({"at": "2026-01-31T12:00:04Z", "paused": true});
    let message = create(&server, &json!([pause, twice])).await.invalid_field("schedule[1]");
    assert_eq!(message, "schedule[1] must not pause a session that is paused already");
    let at_start = create(&server, &json!([{"at": "2026-01-31T12:00:00Z", "paused": true}])).await;
    let message = at_start.invalid_field("schedule[0].at");
    assert_eq!(
        message,
        "schedule[0].at must be after 2026-01-31T12:00:00.000Z, got 2026-01-31T12:00:00.000Z"
    );
}

#[tokio::test]
async fn one_response_lists_the_mistakes_of_all_fields() {
    let server = LocalServer::start();
    let body = r#"{"tick_ms":0,"notice_ms":-1,"start_at":7,"x":1,
                   "schedule":[{"at":1,"tick_ms":0},{"paused":true},3,{"at":"2026-01-31T12:00:01Z","paused":true}]}"#;
    let found = errors(&server.api.post("/v1/sessions", body).await);
    let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
    let expected = [
        "start_at",
        "schedule[0].at",
        "schedule[0].tick_ms",
        "schedule[1].at",
        "schedule[2]",
        "tick_ms",
        "notice_ms",
        "x",
    ];
    assert_eq!(fields, expected);
    for notice in ["-1", "86400001", "0.5", r#""15""#] {
        let body = format!(r#"{{"tick_ms":1,"notice_ms":{notice}}}"#);
        let message = server.api.post("/v1/sessions", &body).await.invalid_field("notice_ms");
        assert_eq!(message, format!("notice_ms must be an integer from 0 to 86400000, got {notice}"));
    }
}

/// Returns a plan of this many pauses and resumptions, a second apart.
pub(super) fn plan_of(count: usize) -> Value {
    let change = |number: usize| {
        let at = format!("2026-01-31T13:{:02}:{:02}Z", number / 60, number % 60);
        if number.is_multiple_of(2) {
            json!({"at": at, "paused": true})
        } else {
            json!({"at": at, "tick_ms": 100})
        }
    };
    (0..count).map(change).collect()
}

#[tokio::test]
async fn a_plan_has_at_most_256_changes() {
    let server = LocalServer::start();
    let created = create(&server, &plan_of(256)).await;
    assert_eq!((created.status, created.json()["schedule"].as_array().unwrap().len()), (201, 256));
    let message = create(&server, &plan_of(257)).await.invalid_field("schedule");
    assert!(message.starts_with("schedule must have at most 256 items, and has 257, got [{"), "{message}");
}

#[tokio::test]
async fn an_error_response_stays_small_however_many_changes_are_invalid() {
    let server = LocalServer::start();
    for item in [
        "{}".to_owned(),
        format!("{{{}}}", (0..20).map(|n| format!(r#""x{n}":1"#)).collect::<Vec<_>>().join(",")),
    ] {
        let body = format!(r#"{{"tick_ms":1,"schedule":[{}]}}"#, vec![item; 256].join(","));
        let response = server.api.post("/v1/sessions", &body).await;
        assert_eq!(errors(&response).len(), 20);
        assert!(response.text.len() < 12_000, "{}", response.text.len());
    }
    server.api.get(UNKNOWN).await.problem(404, "session_not_found");
}
