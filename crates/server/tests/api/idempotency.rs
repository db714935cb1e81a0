//! Requests that clients repeat with the same `Idempotency-Key`.

use std::fs;
use std::ops::Range;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tickseed_server::app::Options;
use tickseed_session::acceptance::{Fault, FaultyStore};
use tickseed_session::{Progress, RequestId, Reservation, Session, SessionStore, Timestamp};
use tickseed_store::EmbeddedStore;
use tickseed_store::test_servers::RedisServer;

use crate::support::{Api, LOOK_EVERY, LocalServer, PATIENT, Process, Response};

const KEY: &str = "\"a key that nobody else can guess\"";
const OTHER_KEY: &str = "\"another key that nobody can guess\"";
const THIRD_KEY: &str = "\"a third key that nobody can guess\"";
const NEW_SESSION: &str = r#"{"tick_ms":100,"metadata":{"a":"é"}}"#;

async fn create(api: &Api, key: &str) -> Response {
    api.post_once("/v1/sessions", key, NEW_SESSION).await
}

fn assert_same(one: &Response, other: &Response) {
    assert_eq!((one.status, &one.text), (other.status, &other.text));
    for name in ["location", "etag", "cache-control", "content-type", "tickseed-settled-until"] {
        assert_eq!(one.header(name), other.header(name), "{name}");
    }
}

#[tokio::test]
async fn a_repetition_gets_the_same_answer_for_a_day() {
    let server = LocalServer::start();
    let first = create(&server.api, KEY).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let path = first.header("location").to_owned();
    server.clock.advance(Duration::from_secs(20));
    assert_same(&create(&server.api, KEY).await, &first);
    // The order of the fields counts, but not how the body is written.
    assert_same(&server.api.post_once("/v1/sessions", KEY, &NEW_SESSION.replace(',', " , ")).await, &first);
    assert_ne!(create(&server.api, OTHER_KEY).await.header("location"), path);

    let stopped = server.api.post_once(&format!("{path}/stop"), THIRD_KEY, "").await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    server.clock.advance(Duration::from_secs(1));
    assert_same(&server.api.post_once(&format!("{path}/stop"), THIRD_KEY, "{}").await, &stopped);
    server.api.post(&format!("{path}/stop"), "").await.problem(409, "session_stopped");
    assert_eq!(server.api.get(&path).await.json()["revision"], 2);
}

#[tokio::test]
async fn every_route_that_changes_a_session_takes_a_key() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100,"start_at":"2026-01-31T11:00:00Z"}"#).await;
    for (action, body) in [
        ("pause", r#"{"at":"2026-01-31T12:30:00Z"}"#),
        ("resume", r#"{"at":"2026-01-31T12:31:00Z"}"#),
        ("rate", r#"{"tick_ms":50,"at":"2026-01-31T12:32:00Z"}"#),
        ("withdraw", r#"{"from":"2026-01-31T12:32:00Z"}"#),
        ("stop", r#"{"at":"2026-01-31T12:40:00Z"}"#),
    ] {
        let (path, key) = (format!("{path}/{action}"), format!("\"{action:-<32}\""));
        let first = server.api.post_once(&path, &key, body).await;
        assert_eq!(first.status, 200, "{action}: {}", first.text);
        assert_same(&server.api.post_once(&path, &key, body).await, &first);
    }
    assert_eq!(server.api.get(&path).await.json()["revision"], 6, "each has had its effect once");
}

#[tokio::test]
async fn errors_are_repeated_too() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let resume = format!("{path}/resume");
    let first = server.api.post_once(&resume, KEY, "{}").await;
    first.problem(409, "not_started");
    server.clock.advance(Duration::from_mins(1));
    server.api.post(&resume, "").await.problem(409, "not_paused");
    assert_same(&server.api.post_once(&resume, KEY, "{}").await, &first);
}

#[tokio::test]
async fn a_key_belongs_to_one_request() {
    let server = LocalServer::start();
    let path = create(&server.api, KEY).await.header("location").to_owned();
    for (path, body) in [
        ("/v1/sessions".to_owned(), r#"{"tick_ms":101,"metadata":{"a":"é"}}"#),
        (format!("{path}/pause"), NEW_SESSION),
        (format!("{path}/stop"), "{}"),
    ] {
        let response = server.api.post_once(&path, KEY, body).await;
        if response.status != 400 {
            response.problem(422, "idempotency_key_reused");
        }
    }
    assert_eq!(server.api.get(&path).await.json()["revision"], 1);
}

#[tokio::test]
async fn a_malformed_key_is_an_error_that_does_not_show_it() {
    let server = LocalServer::start();
    for (key, got) in [
        ("\"short-secret\"", "12 characters"),
        ("a-secret-without-quotes-that-is-long-enough", "something else"),
        ("\"a-secret-with-a-tab\t-that-is-long-enough\"", "something else"),
        (&format!("\"{}\"", "secret".repeat(43)), "258 characters"),
    ] {
        let response = create(&server.api, key).await;
        let message = response.invalid_field("Idempotency-Key");
        assert!(message.ends_with(&format!("got {got}")), "{message}");
        assert!(!response.text.contains("secret"), "{}", response.text);
    }
    let request = server.api.request(Method::POST, "/v1/sessions");
    let request = request.header("idempotency-key", KEY).header("idempotency-key", OTHER_KEY);
    let response = request.header("content-type", "application/json").body(NEW_SESSION).send().await.unwrap();
    let message = Response::read(response).await.invalid_field("Idempotency-Key");
    assert!(message.ends_with("got several keys"), "{message}");
}

/// A server whose store fails when a test wants it to.
struct Faulty {
    server: LocalServer,
    store: Arc<FaultyStore<EmbeddedStore>>,
}

/// Starts a server on a store of whose calls those with these numbers fail.
fn faulty(fault: Fault, failing: Range<u64>) -> Faulty {
    let mut made = None;
    let server = LocalServer::over_embedded(Options::default(), |store| {
        let store = Arc::new(FaultyStore::new(store, fault, failing));
        made = Some(Arc::clone(&store));
        store
    });
    Faulty { server, store: made.expect("the store has been made") }
}

impl Faulty {
    /// Returns the session that the request with a key was about to write.
    async fn plan(&self, key: &str) -> Option<Session> {
        plan_in(self.store.inner(), key).await
    }
}

async fn plan_in(store: &EmbeddedStore, key: &str) -> Option<Session> {
    let key = key.trim_matches('"');
    // No API key, and the key, each with its length.
    let parts = [&0_u64.to_be_bytes()[..], &(key.len() as u64).to_be_bytes(), key.as_bytes()];
    let id = RequestId::new(Sha256::digest(parts.concat()).into());
    let (fingerprint, salt, reserved_at) = ([0; 32], [0; 16], Timestamp::MAX);
    let other = Reservation { version: 0, fingerprint, salt, reserved_at, progress: Progress::Begun };
    let requests = store.requests().expect("it keeps requests");
    match requests.reserve(id, other).await.expect("it can be read")?.progress {
        Progress::Planned(session) => Some(*session),
        Progress::Begun | Progress::Answered(_) => None,
    }
}

/// How often the store is called to create a session with a key: the reservation, the plan, the session and the answer.
const CALLS_OF_A_CREATE: u64 = 4;

#[tokio::test]
async fn a_request_that_is_under_way_is_not_carried_out_twice() {
    let Faulty { server, store } = faulty(Fault::HangsBefore, 2..3);
    let api = server.api.clone();
    let first = tokio::spawn(async move { create(&api, KEY).await });
    while store.calls() < 3 {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let response = create(&server.api, KEY).await;
    response.problem(409, "request_in_progress");
    assert_eq!(response.header("retry-after"), "1");
    server.clock.advance(Duration::from_secs(10));
    let second = create(&server.api, KEY).await;
    assert_eq!(second.status, 201, "a repetition finishes it: {}", second.text);
    first.abort();
    assert_same(&create(&server.api, KEY).await, &second);
}

/// Wherever the store fails, one session is created, and every repetition gets that one.
#[tokio::test]
async fn a_create_that_was_left_unfinished_is_finished_by_its_repetition() {
    for fault in [Fault::Before, Fault::After, Fault::NotAsked] {
        for number in 0..CALLS_OF_A_CREATE {
            let faulty = faulty(fault, number..number + 1);
            let first = create(&faulty.server.api, KEY).await;
            // If only the answer could not be kept, the client has it all the same.
            assert_eq!(first.status, if number + 1 < CALLS_OF_A_CREATE { 503 } else { 201 });
            let has_created = number == 2 && fault == Fault::After;
            let plan = if has_created { Some(faulty.plan(KEY).await.expect("it was planned")) } else { None };
            faulty.server.clock.advance(Duration::from_secs(10));
            let second = create(&faulty.server.api, KEY).await;
            assert_eq!(second.status, 201, "{fault:?} at {number}: {}", second.text);
            if let Some(plan) = plan {
                assert_eq!(second.json()["id"], plan.id.to_string(), "{fault:?} at {number}");
            }
            if first.status == 201 {
                assert_same(&first, &second);
            }
            assert_same(&create(&faulty.server.api, KEY).await, &second);
            assert_eq!(faulty.server.api.get(second.header("location")).await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_change_that_was_left_unfinished_has_its_effect_once() {
    for fault in [Fault::Before, Fault::After] {
        // Creating without a key is one call. The stop is reserved and planned, and fails when it is written.
        let faulty = faulty(fault, 3..4);
        let path = faulty.server.api.create(NEW_SESSION).await;
        let stop = format!("{path}/stop");
        assert_eq!(faulty.server.api.post_once(&stop, KEY, "{}").await.status, 503);
        let plan = faulty.plan(KEY).await.expect("it was planned");
        faulty.server.clock.advance(Duration::from_secs(10));
        let second = faulty.server.api.post_once(&stop, KEY, "{}").await;
        assert_eq!(second.status, 200, "{}", second.text);
        let had_its_effect = second.json()["stopped_at"] == plan.stopped_at.unwrap().to_string();
        assert_eq!(had_its_effect, fault == Fault::After);
        assert_same(&faulty.server.api.post_once(&stop, KEY, "{}").await, &second);
        assert_eq!(faulty.server.api.get(&path).await.json()["revision"], 2);
    }
}

#[tokio::test]
async fn nobody_guesses_what_became_of_a_change_that_others_have_changed_since() {
    let faulty = faulty(Fault::After, 3..4);
    let path = faulty.server.api.create(NEW_SESSION).await;
    let stop = format!("{path}/stop");
    let body = r#"{"at":"2026-01-31T12:30:00Z"}"#;
    assert_eq!(faulty.server.api.post_once(&stop, KEY, body).await.status, 503);
    let earlier = faulty.server.api.post(&stop, r#"{"at":"2026-01-31T12:20:00Z"}"#).await;
    assert_eq!(earlier.status, 200, "{}", earlier.text);
    let second = faulty.server.api.post_once(&stop, KEY, body).await;
    second.problem(409, "outcome_unknown");
    assert_same(&faulty.server.api.post_once(&stop, KEY, body).await, &second);
}

#[tokio::test]
async fn answers_survive_a_crash() {
    let folder = TempDir::new().unwrap();
    let mut process = Process::start(folder.path());
    let first = create(&process.api, KEY).await;
    process.kill();
    let process = Process::start(folder.path());
    assert_same(&create(&process.api, KEY).await, &first);
}

#[tokio::test]
async fn every_server_knows_the_answers() {
    let redis = RedisServer::start(&[]);
    let start = || Process::with_settings(&[("TICKSEED_STORE", &redis.address()), PATIENT]);
    let (a, b) = (start(), start());
    let (first, second) = tokio::join!(create(&a.api, KEY), create(&b.api, KEY));
    let (created, other) = if first.status == 201 { (first, second) } else { (second, first) };
    assert_eq!(created.status, 201, "{}", created.text);
    if other.status != 201 {
        other.problem(409, "request_in_progress");
    }
    for api in [&a.api, &b.api] {
        assert_same(&create(api, KEY).await, &created);
    }
    let id: Value = created.json()["id"].clone();
    assert!(id.as_str().is_some_and(|id| id.starts_with("sess_")));
}

/// A repetition gets the same control token, although no server has kept it.
#[tokio::test]
async fn a_repetition_gets_the_same_control_token_which_is_nowhere_kept() {
    let folder = TempDir::new().unwrap();
    let serve = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
        command.env_clear().env("TICKSEED_ACCESS", "token").args(["serve", "--port", "0", "--data-dir"]);
        Process::spawn(command.arg(folder.path()))
    };
    let mut process = serve();
    let first = create(&process.api, KEY).await;
    let token = first.json()["control_token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("tst_"), "{}", first.text);
    assert_same(&create(&process.api, KEY).await, &first);
    process.kill();
    let process = serve();
    assert_same(&create(&process.api, KEY).await, &first);
    assert_ne!(create(&process.api, OTHER_KEY).await.json()["control_token"], token.as_str());

    let stop = format!("{}/stop", first.header("location"));
    process.api.post_once(&stop, THIRD_KEY, "").await.problem(401, "credentials_required");
    let request = process.api.request(Method::POST, &stop).bearer_auth(&token);
    let stopped = Response::read(request.header("idempotency-key", THIRD_KEY).send().await.unwrap()).await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);

    drop(process);
    let file = fs::read(folder.path().join("sessions.redb")).unwrap();
    for secret in [token.as_str(), KEY.trim_matches('"')] {
        let is_kept = file.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
        assert!(!is_kept, "a secret is in the file");
    }
}

/// While the store cannot say what became of a request, a repetition must not forget it.
#[tokio::test]
async fn a_request_is_not_forgotten_while_nobody_knows_what_became_of_it() {
    let mut made = None;
    let server = LocalServer::over_embedded(Options::default(), |store| {
        // The session is created, and the answer is lost.
        let inner = FaultyStore::new(store, Fault::After, 2..3);
        // The repetition is reserved and taken over; the session cannot be looked for.
        let store = Arc::new(FaultyStore::new(inner, Fault::NotAsked, 6..7));
        made = Some(Arc::clone(&store));
        store
    });
    let body = r#"{"tick_ms":100,"start_at":"2026-01-31T13:00:00Z"}"#;
    let create = || server.api.post_once("/v1/sessions", KEY, body);
    assert_eq!(create().await.status, 503);
    let faulty = made.expect("the store has been made");
    let plan = plan_in(faulty.inner().inner(), KEY).await.expect("it was planned");
    assert_eq!(create().await.status, 503);
    assert_eq!(faulty.calls(), 8, "the last call leaves the request for the next repetition");
    let third = create().await;
    assert_eq!((third.status, &third.json()["id"]), (201, &Value::from(plan.id.to_string())));
}

/// Two servers would create two sessions, if one is slow and the other did not take its plan.
#[tokio::test]
async fn a_session_is_created_as_it_was_planned() {
    let faulty = faulty(Fault::Before, 2..3);
    let body = r#"{"tick_ms":100,"start_at":"2026-01-31T13:00:00Z"}"#;
    assert_eq!(faulty.server.api.post_once("/v1/sessions", KEY, body).await.status, 503);
    let plan = faulty.plan(KEY).await.expect("it was planned");
    let second = faulty.server.api.post_once("/v1/sessions", KEY, body).await;
    assert_eq!((second.status, &second.json()["id"]), (201, &Value::from(plan.id.to_string())));
}

/// Anybody could fill the store with such answers.
#[tokio::test]
async fn an_unknown_session_is_not_worth_an_answer_that_is_kept() {
    let faulty = faulty(Fault::Before, u64::MAX..u64::MAX);
    let unknown = "/v1/sessions/sess_00000000-0000-4000-8000-000000000000/stop";
    faulty.server.api.post_once(unknown, KEY, "").await.problem(404, "session_not_found");
    assert_eq!(create(&faulty.server.api, KEY).await.status, 201, "the key is as good as new");
}
