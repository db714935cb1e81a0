//! What the routes do.

use serde_json::json;

use super::{KNOWN, NOTICED, change, schedule, server_with, state};
use crate::support::LocalServer;

#[tokio::test]
async fn a_pause_keeps_the_step_until_the_session_is_resumed() {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:10.050Z").await;
    let plain = server.api.get(&path).await.json();
    assert_eq!(
        (&plain["schedule"], &plain["requires"], &plain["notice_ms"]),
        (&json!([]), &json!([]), &json!(0))
    );

    let paused = change(&server.api, &path, "pause", "").await.json();
    let pause = json!({"at": "2026-01-31T12:00:10.050Z", "paused": true});
    assert_eq!((&paused["schedule"], &paused["requires"]), (&json!([pause]), &json!(["schedule"])));
    assert_eq!((&paused["status"], &paused["revision"]), (&json!("paused"), &json!(2)));
    for now in ["2026-01-31T12:00:10.050Z", "2026-01-31T12:00:20.000Z"] {
        server.clock.set(now);
        assert_eq!(state(&server.api, &path, "").await, (100, "paused".to_owned()));
    }

    let resumed = change(&server.api, &path, "resume", "{}").await.json();
    let resume = json!({"at": "2026-01-31T12:00:20.000Z", "tick_ms": 100});
    assert_eq!((&resumed["schedule"], &resumed["status"]), (&json!([pause, resume]), &json!("running")));
    // The tick goes on where it was.
    for (now, step) in [("2026-01-31T12:00:20.049Z", 100), ("2026-01-31T12:00:20.050Z", 101)] {
        server.clock.set(now);
        assert_eq!(state(&server.api, &path, "").await, (step, "running".to_owned()));
    }
    assert_eq!(state(&server.api, &path, "?at=2026-01-31T12:00:15Z").await, (100, "paused".to_owned()));
    let begins = server.api.get(&format!("{path}/state?step=101")).await.json();
    assert_eq!(begins["computed_at"], "2026-01-31T12:00:20.050Z");
}

#[tokio::test]
async fn a_rate_begins_with_the_next_tick() {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:10.010Z").await;
    let changed = change(&server.api, &path, "rate", r#"{"tick_ms":50}"#).await;
    assert_eq!(schedule(&changed), json!([{"at": "2026-01-31T12:00:10.100Z", "tick_ms": 50}]));
    assert_eq!(changed.json()["tick_ms"], 100, "the length of a tick at the start");
    server.clock.set("2026-01-31T12:00:11.100Z");
    assert_eq!(state(&server.api, &path, "").await, (121, "running".to_owned()));

    let later = r#"{"tick_ms":1e1,"at":"2026-01-31T13:00:20.001+01:00","replace_later":null}"#;
    let changed = change(&server.api, &path, "rate", later).await;
    assert_eq!(schedule(&changed)[1], json!({"at": "2026-01-31T12:00:20.050Z", "tick_ms": 10}));
}

#[tokio::test]
async fn a_session_that_resumes_with_another_rate_first_ends_its_tick() {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:10.030Z").await;
    change(&server.api, &path, "pause", "").await;
    server.clock.set("2026-01-31T12:00:30.000Z");
    let resumed = change(&server.api, &path, "resume", r#"{"tick_ms":20}"#).await;
    let expected = json!([
        {"at": "2026-01-31T12:00:10.030Z", "paused": true},
        {"at": "2026-01-31T12:00:30.000Z", "tick_ms": 100},
        {"at": "2026-01-31T12:00:30.070Z", "tick_ms": 20},
    ]);
    assert_eq!(schedule(&resumed), expected);
    server.clock.set("2026-01-31T12:00:30.110Z");
    assert_eq!(state(&server.api, &path, "").await, (103, "running".to_owned()));
}

#[tokio::test]
async fn changes_that_have_yet_to_take_effect_can_be_replaced_and_withdrawn() {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:10.000Z").await;
    let api = &server.api;
    change(api, &path, "pause", r#"{"at":"2026-01-31T12:01:00Z"}"#).await;
    change(api, &path, "resume", r#"{"at":"2026-01-31T12:02:00Z"}"#).await;
    let pause = json!({"at": "2026-01-31T12:01:00.000Z", "paused": true});
    let replaced =
        change(api, &path, "resume", r#"{"at":"2026-01-31T12:01:30Z","replace_later":true}"#).await;
    let resume = json!({"at": "2026-01-31T12:01:30.000Z", "tick_ms": 100});
    assert_eq!(schedule(&replaced), json!([pause, resume]));

    let withdrawn = change(api, &path, "withdraw", r#"{"from":"2026-01-31T12:01:30Z"}"#).await;
    assert_eq!(schedule(&withdrawn), json!([pause]));
    let withdrawn = change(api, &path, "withdraw", "null").await.json();
    assert_eq!((&withdrawn["schedule"], &withdrawn["requires"]), (&json!([]), &json!([])));
    assert_eq!(withdrawn["revision"], 6);
}

#[tokio::test]
async fn with_a_notice_a_change_takes_effect_a_guard_after_it() {
    let (server, path) = server_with(NOTICED, "2026-01-31T12:00:10.000Z").await;
    let paused = change(&server.api, &path, "pause", "").await.json();
    assert_eq!((&paused["notice_ms"], &paused["status"]), (&json!(15_000), &json!("running")));
    assert_eq!(paused["schedule"], json!([{"at": "2026-01-31T12:00:26.000Z", "paused": true}]));
    // A change soon after that follows it, because the clocks of two servers differ.
    let resumed = change(&server.api, &path, "resume", "").await;
    assert_eq!(schedule(&resumed)[1], json!({"at": "2026-01-31T12:00:26.001Z", "tick_ms": 100}));
    server.clock.set("2026-01-31T12:00:26.000Z");
    assert_eq!(state(&server.api, &path, "").await, (260, "paused".to_owned()));
    server.clock.set("2026-01-31T12:00:26.001Z");
    let stop = server.api.post(&format!("{path}/stop"), "").await;
    assert_eq!((stop.status, &stop.json()["stopped_at"]), (200, &json!("2026-01-31T12:00:42.001Z")));
}

#[tokio::test]
async fn a_stop_keeps_its_answer_and_ends_every_change_after_it() {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:10.000Z").await;
    let api = &server.api;
    change(api, &path, "pause", r#"{"at":"2026-01-31T12:01:00Z"}"#).await;
    let stop = api.post(&format!("{path}/stop"), r#"{"at":"2026-01-31T12:00:50Z"}"#).await;
    let id = path.rsplit('/').next().unwrap();
    let expected = json!({"id": id, "status": "running", "stopped_at": "2026-01-31T12:00:50.000Z"});
    assert_eq!((stop.status, stop.json()), (200, expected));
    assert_eq!(state(api, &path, "?at=2026-01-31T12:01:00Z").await, (500, "stopped".to_owned()));
    // Without the pause, which has no effect, this step would begin after the stop.
    assert_eq!(state(api, &path, "?step=1000").await, (500, "stopped".to_owned()));
    server.clock.set("2026-01-31T12:00:50.000Z");
    let session = api.get(&path).await.json();
    assert_eq!((&session["status"], session["schedule"].as_array().unwrap().len()), (&json!("stopped"), 1));
}

#[tokio::test]
async fn a_step_that_a_pause_keeps_from_beginning_is_not_scheduled() {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:10.050Z").await;
    change(&server.api, &path, "pause", "").await;
    let step = |step: u64| {
        let (api, path) = (server.api.clone(), format!("{path}/state?step={step}"));
        async move { api.get(&path).await }
    };
    assert_eq!(step(100).await.json()["computed_at"], "2026-01-31T12:00:10.000Z");
    for unscheduled in [101, 253_402_300_799_999] {
        let problem = step(unscheduled).await.problem(409, "step_not_scheduled");
        let detail =
            format!("step {unscheduled} is not scheduled: the session is paused for good at step 100");
        assert_eq!(problem["detail"], detail);
    }
    // A stop changes nothing about that.
    server.clock.set("2026-01-31T12:00:20.000Z");
    assert_eq!(server.api.post(&format!("{path}/stop"), "").await.status, 200);
    step(101).await.problem(409, "step_not_scheduled");
}

#[tokio::test]
async fn a_step_after_the_year_9999_is_invalid_as_ever() {
    let body = r#"{"tick_ms":1000,"start_at":"9999-12-31T23:59:00Z","ttl_seconds":0,
                   "schedule":[{"at":"9999-12-31T23:59:10Z","paused":true},{"at":"9999-12-31T23:59:20Z","tick_ms":1000}]}"#;
    let server = LocalServer::start();
    let path = server.api.create(body).await;
    assert_eq!(state(&server.api, &path, "?step=49").await, (49, "running".to_owned()));
    let message = server.api.get(&format!("{path}/state?step=50")).await.invalid_field("step");
    assert_eq!(message, "step must be from 0 to 49, got 50");
}

#[tokio::test]
async fn a_session_with_a_schedule_expires_as_any_other() {
    let body = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z","ttl_seconds":5,"notice_ms":1000,
                   "schedule":[{"at":"2026-01-31T12:00:02Z","paused":true},{"at":"2026-01-31T13:00:00Z","tick_ms":1}]}"#;
    let (server, path) = server_with(body, "2026-01-31T12:00:04.999Z").await;
    let session = server.api.get(&path).await.json();
    assert_eq!(
        (&session["status"], &session["expires_at"]),
        (&json!("paused"), &json!("2026-01-31T12:00:05.000Z"))
    );
    server.clock.set("2026-01-31T12:00:05.000Z");
    for route in super::CHANGES {
        let response = server.api.post(&format!("{path}/{route}"), r#"{"tick_ms":0}"#).await;
        response.problem(404, "session_not_found");
    }
    server.api.get(&path).await.problem(404, "session_not_found");
    server.api.get(&format!("{path}/events")).await.problem(404, "session_not_found");
}
