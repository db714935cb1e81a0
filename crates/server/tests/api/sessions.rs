//! The life of a session over HTTP, with a clock that the test sets.

use crate::support::{LocalServer, NOW, Response};
use serde_json::{Value, json};
use tickseed_engine::{BreakInterval, Rules, Schedule, Seed, State, state_at};
use tickseed_session::Timestamp;

/// A session with a known seed, whose step 0 begins at the initial time of the test clock.
const KNOWN: &str = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z","seed":"a seed"}"#;

fn without(mut object: Value, keys: &[&str]) -> Value {
    for key in keys {
        assert!(object.as_object_mut().expect("an object").remove(*key).is_some(), "{key} is missing");
    }
    object
}

/// Returns the state of the session [`KNOWN`] at an instant, as the engine computes it.
fn known_state(instant: &str) -> State {
    let millis = |text| Timestamp::parse(text).unwrap().millis();
    let schedule = Schedule::new(millis(NOW), 100).unwrap();
    state_at(&Seed::new("a seed").unwrap(), &Rules::default(), &schedule, millis(instant)).unwrap()
}

fn assert_state(response: &Response, state: State, computed_at: &str, status: &str) {
    let expected = json!({
        "step": state.step.get(), "value": state.value, "round": state.round, "broken": state.broken,
        "computed_at": computed_at, "status": status,
    });
    assert_eq!((response.status, response.json()), (200, expected));
    assert_eq!(response.header("cache-control"), "no-store");
}

#[tokio::test]
async fn omitted_fields_take_their_defaults() {
    let server = LocalServer::start();
    let created = server.api.post("/v1/sessions", r#"{"tick_ms":100,"seed":null}"#).await;
    assert_eq!(created.status, 201);
    assert_eq!(created.header("content-type"), "application/json");
    let session = created.json();
    let id = session["id"].as_str().unwrap();
    assert_eq!(created.header("location"), format!("/v1/sessions/{id}"));
    assert_eq!(session["seed"].as_str().unwrap().len(), 36, "a UUID");
    let expected = json!({
        "start_at": "2026-01-31T12:00:03.000Z",
        "tick_ms": 100,
        "rules": {"break_interval": {"min": 100, "max": 300}, "rounds_per_epoch": 64},
        "schedule": [],
        "notice_ms": 0,
        "engine_version": 1,
        "requires": [],
        "status": "running",
        "created_at": NOW,
        "expires_at": "2026-01-31T13:00:03.000Z",
        "revision": 1,
    });
    assert_eq!(without(session, &["id", "seed"]), expected);
}

#[tokio::test]
async fn given_fields_are_stored_and_returned() {
    let server = LocalServer::start();
    let body = json!({
        "tick_ms": 86_400_000,
        "start_at": "2027-01-01T00:00:00.1239+01:00",
        "seed": "é 🎲",
        "rules": {"break_interval": {"min": 7, "max": 7}, "rounds_per_epoch": 2},
        "metadata": {"z": 1, "a": [0.1, {"b": null}]},
        "ttl_seconds": 10,
    });
    let created = server.api.post("/v1/sessions", &body.to_string()).await;
    let session = created.json();
    let expected = json!({
        "seed": "é 🎲",
        "start_at": "2026-12-31T23:00:00.123Z",
        "tick_ms": 86_400_000,
        "rules": body["rules"],
        "schedule": [],
        "notice_ms": 0,
        "engine_version": 1,
        "requires": [],
        "metadata": body["metadata"],
        "status": "running",
        "created_at": NOW,
        "expires_at": "2026-12-31T23:00:10.123Z",
        "revision": 1,
    });
    assert_eq!(without(session.clone(), &["id"]), expected);
    let read = server.api.get(created.header("location")).await;
    assert_eq!((read.status, read.json()), (200, session));
    assert!(
        read.text.contains(r#""metadata":{"z":1,"a":[0.1,{"b":null}]}"#),
        "the order of the keys is kept: {}",
        read.text
    );
}

#[tokio::test]
async fn omitted_rules_take_their_defaults() {
    let server = LocalServer::start();
    for (rules, expected) in [
        (r"{}", json!({"break_interval": {"min": 100, "max": 300}, "rounds_per_epoch": 64})),
        (
            r#"{"rounds_per_epoch":8}"#,
            json!({"break_interval": {"min": 100, "max": 300}, "rounds_per_epoch": 8}),
        ),
        (
            r#"{"break_interval":{"min":1,"max":1000000}}"#,
            json!({"break_interval": {"min": 1, "max": 1_000_000}, "rounds_per_epoch": 64}),
        ),
    ] {
        let created = server.api.post("/v1/sessions", &format!(r#"{{"tick_ms":1,"rules":{rules}}}"#)).await;
        assert_eq!(created.json()["rules"], expected);
    }
}

#[tokio::test]
async fn the_state_is_the_one_that_the_engine_computes() {
    let server = LocalServer::start();
    let path = server.api.create(KNOWN).await;
    let state = |query: &'static str| {
        let (api, path) = (server.api.clone(), format!("{path}/state{query}"));
        async move { api.get(&path).await }
    };
    assert_state(&state("").await, known_state(NOW), NOW, "running");
    server.clock.set("2026-01-31T12:00:59.999Z");
    let now = "2026-01-31T12:00:59.999Z";
    assert_state(&state("").await, known_state(now), now, "running");

    let later = "2026-03-01T00:00:00.000Z";
    assert_state(&state("?at=2026-03-01T00:00:00Z").await, known_state(later), later, "running");
    assert_state(&state("?at=2026-03-01T01:00:00%2B01:00").await, known_state(later), later, "running");
    let before = "1970-01-01T00:00:00.000Z";
    assert_state(&state("?at=1970-01-01T00:00:00Z").await, State::BEFORE_START, before, "running");
    let begins = "2026-02-01T15:46:40.000Z";
    assert_state(&state("?step=1000000").await, known_state(begins), begins, "running");
}

#[tokio::test]
async fn the_rules_of_a_session_determine_its_state() {
    let server = LocalServer::start();
    let body = r#"{"tick_ms":1,"start_at":"2026-01-31T12:00:00Z","seed":"s",
                   "rules":{"break_interval":{"min":2,"max":5},"rounds_per_epoch":4}}"#;
    let path = server.api.create(body).await;
    let rules = Rules::new(BreakInterval::new(2, 5).unwrap(), 4).unwrap();
    let mut timeline = tickseed_engine::Timeline::new(&Seed::new("s").unwrap(), rules);
    for step in 0..40_u64 {
        let response = server.api.get(&format!("{path}/state?step={step}")).await.json();
        let state = timeline.state(tickseed_engine::Step::new(step).unwrap());
        assert_eq!((&response["value"], &response["round"]), (&json!(state.value), &json!(state.round)));
    }
}

#[tokio::test]
async fn a_stop_freezes_the_state() {
    let server = LocalServer::start();
    let path = server.api.create(KNOWN).await;
    let stopped_at = "2026-01-31T12:00:10.050Z";
    server.clock.set(stopped_at);
    let stop = server.api.post(&format!("{path}/stop"), "").await;
    let id = path.rsplit('/').next().unwrap();
    assert_eq!(
        (stop.status, stop.json()),
        (200, json!({"id": id, "status": "stopped", "stopped_at": stopped_at}))
    );

    let session = server.api.get(&path).await.json();
    assert_eq!((&session["status"], &session["stopped_at"]), (&json!("stopped"), &json!(stopped_at)));
    assert_eq!(session["revision"], 2);
    server.clock.set("2026-01-31T12:30:00.000Z");
    let frozen = known_state(stopped_at);
    let state = server.api.get(&format!("{path}/state")).await;
    assert_state(&state, frozen, "2026-01-31T12:30:00.000Z", "stopped");
    let step = server.api.get(&format!("{path}/state?step=200")).await;
    assert_state(&step, frozen, "2026-01-31T12:00:20.000Z", "stopped");
    let before = server.api.get(&format!("{path}/state?step=7")).await;
    assert_state(&before, known_state("2026-01-31T12:00:00.700Z"), "2026-01-31T12:00:00.700Z", "running");

    let again = server.api.post(&format!("{path}/stop"), r#"{"at":"2026-01-31T12:40:00Z"}"#).await;
    assert_eq!(again.problem(409, "session_stopped")["stopped_at"], stopped_at);
    assert_eq!(server.api.get(&path).await.json(), session, "a refused stop changes nothing");
}

#[tokio::test]
async fn a_stop_in_the_future_can_only_move_earlier() {
    let server = LocalServer::start();
    let path = server.api.create(KNOWN).await;
    let stop =
        async |at: &str| server.api.post(&format!("{path}/stop"), &format!(r#"{{"at":"{at}"}}"#)).await;

    let first = stop("2026-01-31T12:01:00Z").await;
    assert_eq!(first.json()["status"], "running");
    assert_eq!(first.json()["stopped_at"], "2026-01-31T12:01:00.000Z");
    for not_earlier in ["2026-01-31T12:01:00Z", "2026-01-31T12:02:00Z"] {
        let problem = stop(not_earlier).await.problem(409, "stop_not_earlier");
        assert_eq!(problem["stopped_at"], "2026-01-31T12:01:00.000Z");
    }
    let message = stop("2026-01-31T11:59:59.999Z").await.invalid_field("at");
    assert_eq!(
        message,
        format!("at must not lie in the past: the time is {NOW}, got 2026-01-31T11:59:59.999Z")
    );

    assert_eq!(stop("2026-01-31T12:00:30Z").await.json()["stopped_at"], "2026-01-31T12:00:30.000Z");
    let session = server.api.get(&path).await.json();
    assert_eq!((&session["status"], &session["revision"]), (&json!("running"), &json!(3)));
    let state = server.api.get(&format!("{path}/state")).await;
    assert_state(&state, known_state(NOW), NOW, "running");

    server.clock.set("2026-01-31T12:00:29.499Z");
    assert_eq!(stop("2026-01-31T12:00:29.999Z").await.json()["stopped_at"], "2026-01-31T12:00:29.999Z");
    // The stop is too close for a replacement to reach every server in time.
    server.clock.set("2026-01-31T12:00:29.500Z");
    let problem = stop("2026-01-31T12:00:29.900Z").await.problem(409, "session_stopped");
    assert_eq!(problem["stopped_at"], "2026-01-31T12:00:29.999Z");
    assert_eq!(server.api.get(&path).await.json()["status"], "running");

    server.clock.set("2026-01-31T12:00:30.000Z");
    assert_eq!(server.api.get(&path).await.json()["status"], "stopped");
    stop("2026-01-31T12:00:30Z").await.problem(409, "session_stopped");
}

#[tokio::test]
async fn an_expired_session_is_gone() {
    let server = LocalServer::start();
    let body = r#"{"tick_ms":1,"ttl_seconds":5,"start_at":"2026-01-31T12:00:00Z"}"#;
    let path = server.api.create(body).await;
    let permanent = server.api.create(r#"{"tick_ms":1,"ttl_seconds":0}"#).await;
    server.clock.set("2026-01-31T12:00:04.999Z");
    assert_eq!(server.api.get(&path).await.status, 200);
    server.clock.set("2026-01-31T12:00:05.000Z");
    server.api.get(&path).await.problem(404, "session_not_found");
    server.api.get(&format!("{path}/state")).await.problem(404, "session_not_found");
    server.api.post(&format!("{path}/stop"), "").await.problem(404, "session_not_found");

    server.clock.set("2999-01-01T00:00:00Z");
    let session = server.api.get(&permanent).await;
    assert_eq!(session.status, 200);
    assert!(session.json().get("expires_at").is_none());
}

#[tokio::test]
async fn a_session_does_not_expire_before_it_starts() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":1,"start_at":"2026-06-01T00:00:00Z","ttl_seconds":5}"#).await;
    assert_eq!(server.api.get(&path).await.json()["expires_at"], "2026-06-01T00:00:05.000Z");
    // This one would expire after the last representable instant, so it never does.
    let path = server.api.create(r#"{"tick_ms":1,"start_at":"9999-12-31T23:59:59.999Z"}"#).await;
    assert!(server.api.get(&path).await.json().get("expires_at").is_none());
}
