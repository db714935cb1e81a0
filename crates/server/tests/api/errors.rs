//! Every error response: its status, its code, its media type, and a message that names the allowed and the given value.

use std::sync::Arc;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName};
use tickseed_server::app::Options;

use crate::support::{LocalServer, Response};
use tickseed_session::acceptance::{Fault, FaultyStore};

const UNKNOWN: &str = "/v1/sessions/sess_00000000-0000-4000-8000-000000000000";

#[tokio::test]
async fn every_field_of_a_new_session_is_validated() {
    let server = LocalServer::start();
    let long_seed = format!(r#"{{"tick_ms":1,"seed":"{}"}}"#, "s".repeat(129));
    let large = format!(r#"{{"tick_ms":1,"metadata":{{"a":"{}"}}}}"#, "m".repeat(16 * 1024 - 7));
    let cases = [
        ("{}", "tick_ms", "tick_ms is required"),
        ("null", "tick_ms", "tick_ms is required"),
        ("", "tick_ms", "tick_ms is required"),
        (r#"{"tick_ms":null}"#, "tick_ms", "tick_ms is required"),
        (r#"{"tick_ms":0}"#, "tick_ms", "tick_ms must be from 1 to 86400000, got 0"),
        (r#"{"tick_ms":86400001}"#, "tick_ms", "tick_ms must be from 1 to 86400000, got 86400001"),
        (r#"{"tick_ms":-3}"#, "tick_ms", "tick_ms must be from 1 to 86400000, got -3"),
        (r#"{"tick_ms":"100"}"#, "tick_ms", r#"tick_ms must be an integer, got "100""#),
        (
            r#"{"tick_ms":1,"start_at":"1969-12-31T23:59:59Z"}"#,
            "start_at",
            "start_at must be an instant in the years 1970 to 9999, in RFC 3339 with Z or an offset, like 2026-01-31T12:00:03.000Z, \
             got \"1969-12-31T23:59:59Z\"",
        ),
        (
            r#"{"tick_ms":1,"start_at":"9999-12-31T23:59:59-00:01"}"#,
            "start_at",
            "start_at must be an instant in the years 1970 to 9999, in RFC 3339 with Z or an offset, like 2026-01-31T12:00:03.000Z, \
             got \"9999-12-31T23:59:59-00:01\"",
        ),
        (
            r#"{"tick_ms":1,"start_at":1700000000000}"#,
            "start_at",
            "start_at must be an instant in the years 1970 to 9999, in RFC 3339 with Z or an offset, like 2026-01-31T12:00:03.000Z, \
             got 1700000000000",
        ),
        (r#"{"tick_ms":1,"seed":""}"#, "seed", "seed must be 1 to 128 bytes of UTF-8, got 0 bytes"),
        (&long_seed, "seed", "seed must be 1 to 128 bytes of UTF-8, got 129 bytes"),
        (r#"{"tick_ms":1,"seed":7}"#, "seed", "seed must be a string, got 7"),
        (r#"{"tick_ms":1,"rules":[]}"#, "rules", "rules must be an object, got []"),
        (
            r#"{"tick_ms":1,"rules":{"break_interval":{"min":9,"max":8}}}"#,
            "rules.break_interval.max",
            "rules.break_interval.max must be from 9 to 1000000, got 8",
        ),
        (
            r#"{"tick_ms":1,"rules":{"break_interval":{"min":0,"max":8}}}"#,
            "rules.break_interval.min",
            "rules.break_interval.min must be from 1 to 1000000, got 0",
        ),
        (
            r#"{"tick_ms":1,"rules":{"break_interval":{"min":1}}}"#,
            "rules.break_interval.max",
            "rules.break_interval.max is required",
        ),
        (
            r#"{"tick_ms":1,"rules":{"rounds_per_epoch":258}}"#,
            "rules.rounds_per_epoch",
            "rules.rounds_per_epoch must be from 2 to 256, got 258",
        ),
        (
            r#"{"tick_ms":1,"rules":{"rounds_per_epoch":63}}"#,
            "rules.rounds_per_epoch",
            "rules.rounds_per_epoch must be an even number from 2 to 256, got 63",
        ),
        (r#"{"tick_ms":1,"metadata":"x"}"#, "metadata", r#"metadata must be a JSON object, got "x""#),
        (
            r#"{"tick_ms":1,"ttl_seconds":-1}"#,
            "ttl_seconds",
            "ttl_seconds must be an integer from 0 to 4294967295, got -1",
        ),
        (
            r#"{"tick_ms":1,"tickms":1}"#,
            "tickms",
            "tickms is not a known field; known fields: tick_ms, start_at, schedule, notice_ms, seed, rules, metadata, ttl_seconds",
        ),
        (
            r#"{"tick_ms":1,"rules":{"break_interval":{"min":1,"max":2,"mean":3}}}"#,
            "rules.break_interval.mean",
            "rules.break_interval.mean is not a known field; known fields: min, max",
        ),
        (r#"{"tick_ms":1,"tick_ms":2}"#, "tick_ms", "tick_ms appears more than once"),
        (
            r#"{"tick_ms":1,"metadata":{"a":[{"b":1,"b":2}]}}"#,
            "metadata.a[0].b",
            "metadata.a[0].b appears more than once",
        ),
    ];
    for (body, field, message) in cases {
        assert_eq!(server.api.post("/v1/sessions", body).await.invalid_field(field), message);
    }
    let message = server.api.post("/v1/sessions", &large).await.invalid_field("metadata");
    let start =
        "metadata must be a JSON object of at most 16384 bytes when written without spaces, got 16385 bytes";
    assert!(message.starts_with(start), "{message}");
    assert!(message.len() < 200, "long values are truncated: {message}");
}

#[tokio::test]
async fn one_response_lists_every_invalid_field() {
    let server = LocalServer::start();
    for (body, expected) in [
        (
            r#"{"tick_ms":0,"seed":"","rules":{"rounds_per_epoch":1,"x":1},"y":2}"#,
            &["tick_ms", "seed", "rules.rounds_per_epoch", "rules.x", "y"][..],
        ),
        (
            r#"{"tick_ms":1,"rules":{"rounds_per_epoch":3,"break_interval":{"min":0,"max":2000000}}}"#,
            &["rules.break_interval.min", "rules.break_interval.max", "rules.rounds_per_epoch"],
        ),
        (
            r#"{"tick_ms":1,"rules":{"rounds_per_epoch":"x","break_interval":{"min":0}}}"#,
            &["rules.break_interval.max", "rules.break_interval.min", "rules.rounds_per_epoch"],
        ),
        (
            r#"{"tick_ms":1,"rules":{"rounds_per_epoch":1,"break_interval":{"min":9,"max":8}}}"#,
            &["rules.break_interval.max", "rules.rounds_per_epoch"],
        ),
    ] {
        let problem = server.api.post("/v1/sessions", body).await.problem(400, "invalid_fields");
        let errors = problem["errors"].as_array().unwrap();
        let fields: Vec<&str> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
        assert_eq!(fields, expected);
        for error in errors {
            assert!(problem["detail"].as_str().unwrap().contains(error["message"].as_str().unwrap()));
        }
    }
}

#[tokio::test]
async fn state_queries_and_stops_are_validated() {
    let server = LocalServer::start();
    let path =
        server.api.create(r#"{"tick_ms":1000,"start_at":"9999-12-31T23:59:00Z","ttl_seconds":0}"#).await;
    let cases = [
        ("?at=yesterday", "at", r#"2026-01-31T12:00:03.000Z, got "yesterday""#),
        ("?step=-1", "step", "step must be from 0 to 253402300799999, got -1"),
        ("?step=60", "step", "step must be from 0 to 59, got 60"),
        ("?step=1e3", "step", r#"step must be an integer, got "1e3""#),
        ("?step=1&at=2026-01-31T12:00:00Z", "step", "step cannot be combined with at"),
        ("?step=1&step=2", "step", "step appears more than once"),
        (
            "?at=2026-01-31T12:00:00+01:00",
            "at",
            "got \"2026-01-31T12:00:00 01:00\"; in a URL, + means a space: write it as %2B",
        ),
        ("?at=", "at", r#"2026-01-31T12:00:03.000Z, got """#),
        ("?stpe=1", "stpe", "stpe is not a known field; known fields: at, step"),
    ];
    for (query, field, end) in cases {
        let message = server.api.get(&format!("{path}/state{query}")).await.invalid_field(field);
        assert!(message.ends_with(end), "{message}");
    }
    let stop = format!("{path}/stop");
    let message = server.api.post(&stop, r#"{"at":5}"#).await.invalid_field("at");
    assert!(message.ends_with("got 5"), "{message}");
    let message = server.api.post(&stop, r#"{"when":5}"#).await.invalid_field("when");
    assert_eq!(message, "when is not a known field; known fields: at");
    assert_eq!(server.api.get(&path).await.json()["revision"], 1, "a refused stop writes nothing");
}

#[tokio::test]
async fn text_from_the_client_is_shortened_in_every_error() {
    let server = LocalServer::start();
    let long = "x".repeat(20_000);
    let post = async |header: &str, value: &str| {
        let request =
            server.api.request(Method::POST, "/v1/sessions").header("content-type", "application/json");
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_bytes(header.as_bytes()).unwrap(), value.parse().unwrap());
        Response::read(request.headers(headers).body("{}").send().await.unwrap()).await
    };
    for response in [
        server.api.get(&format!("/{long}")).await,
        server.api.get(&format!("/docs/{long}")).await,
        server.api.get(&format!("/v1/sessions/{long}")).await,
        server.api.get(&format!("{UNKNOWN}/state?at={long}")).await,
        server.api.get(&format!("{UNKNOWN}/state?{long}=1")).await,
        server.api.post("/v1/sessions", &format!(r#"{{"seed":"{long}"}}"#)).await,
        server.api.post("/v1/sessions", &format!(r#"{{"start_at":"{long}"}}"#)).await,
        server.api.post("/v1/sessions", &format!(r#"{{"{long}":1}}"#)).await,
        server.api.post("/v1/sessions", &format!(r#"{{"{long}":x}}"#)).await,
        server.api.post("/v1/sessions", &format!(r#"{{"tick_ms":{}}}"#, "9".repeat(20_000))).await,
        server.api.post("/v1/sessions", &format!("\"{long}\"")).await,
        post("content-type", &long).await,
        post("content-encoding", &long).await,
    ] {
        assert!(response.status >= 400 && response.text.len() < 1_000, "{}", response.text);
    }
}

#[tokio::test]
async fn an_error_response_stays_small_however_many_fields_are_invalid() {
    let server = LocalServer::start();
    let unknown = (0..5_000).map(|index| format!(r#""x{index}":1"#)).collect::<Vec<_>>().join(",");
    let twice = vec![r#""a":1"#; 9_000].join(",");
    let long = format!(r#"{{"{}":{{{}}}}}"#, "k".repeat(30_000), vec![r#""a":1"#; 5_000].join(","));
    for body in [format!("{{{unknown}}}"), format!("{{{twice}}}"), long] {
        assert!(body.len() <= 64 * 1024);
        let response = server.api.post("/v1/sessions", &body).await;
        let problem = response.problem(400, "invalid_fields");
        assert!((20..=21).contains(&problem["errors"].as_array().unwrap().len()));
        assert!(response.text.len() < 12_000, "{}", response.text.len());
    }
    let query = "x=1&".repeat(5_000);
    let response = server.api.get(&format!("{UNKNOWN}/state?{query}")).await;
    assert_eq!(response.problem(400, "invalid_fields")["errors"].as_array().unwrap().len(), 21);
}

#[tokio::test]
async fn invalid_ids_give_400_and_missing_sessions_404() {
    let server = LocalServer::start();
    for id in ["abc", "sess_", "sess_00000000-0000-4000-8000-00000000000", "%ff", "sess_%F0%9F%8E%B2"] {
        let message = server.api.get(&format!("/v1/sessions/{id}")).await.invalid_field("id");
        assert!(message.starts_with("id must be sess_ followed by a UUID"), "{message}");
        server.api.get(&format!("/v1/sessions/{id}/state")).await.invalid_field("id");
        server.api.post(&format!("/v1/sessions/{id}/stop"), "").await.invalid_field("id");
    }
    server.api.get(UNKNOWN).await.problem(404, "session_not_found");
    server.api.get(&format!("{UNKNOWN}/state")).await.problem(404, "session_not_found");
    server.api.post(&format!("{UNKNOWN}/stop"), "").await.problem(404, "session_not_found");
}

#[tokio::test]
async fn unknown_paths_give_404_and_wrong_methods_405() {
    let server = LocalServer::start();
    for path in [
        "/v1",
        "/v1/sessions/",
        "/v2/sessions",
        "/v1/sessions/a/b/c",
        "/nothing.html",
        "/docs/nothing",
        "/%ff",
    ] {
        server.api.get(path).await.problem(404, "not_found");
    }
    let cases = [
        (Method::DELETE, "/v1/sessions", "GET, HEAD, POST"),
        (Method::POST, UNKNOWN, "GET, HEAD, DELETE"),
        (Method::POST, "/v1/time", "GET, HEAD"),
        (Method::PUT, "/healthz", "GET, HEAD"),
        (Method::PATCH, "/readyz", "GET, HEAD"),
        (Method::POST, "/openapi.json", "GET, HEAD"),
        (Method::POST, "/docs/", "GET, HEAD"),
    ];
    for (method, path, allow) in cases {
        let response = Response::read(server.api.request(method, path).send().await.unwrap()).await;
        response.problem(405, "method_not_allowed");
        assert_eq!(response.header("allow"), allow);
    }
    let stop =
        Response::read(server.api.request(Method::GET, &format!("{UNKNOWN}/stop")).send().await.unwrap())
            .await;
    stop.problem(405, "method_not_allowed");
    assert_eq!(stop.header("allow"), "POST");
}

/// Starts a server on a store whose calls fail in this way, beginning with call number `from`.
fn with_failing_store(fault: Fault, from: u64) -> LocalServer {
    LocalServer::over_embedded(Options::default(), |store| {
        Arc::new(FaultyStore::new(store, fault, from..u64::MAX))
    })
}

#[tokio::test]
async fn a_failing_store_gives_503_and_hides_the_reason() {
    for fault in [Fault::Before, Fault::NotAsked] {
        let server = with_failing_store(fault, 1);
        assert_eq!(server.api.get("/readyz").await.status, 200);
        let responses = [
            server.api.get("/readyz").await,
            server.api.post("/v1/sessions", r#"{"tick_ms":1}"#).await,
            server.api.get(UNKNOWN).await,
            server.api.get(&format!("{UNKNOWN}/state")).await,
            server.api.post(&format!("{UNKNOWN}/stop"), "").await,
        ];
        for response in responses {
            response.problem(503, "store_unavailable");
            assert_eq!(response.header("retry-after"), "1");
            assert!(!response.text.contains("secret"), "{}", response.text);
        }
        assert_eq!(server.api.get("/healthz").await.status, 200, "the process itself is healthy");
    }
}

#[tokio::test]
async fn an_internal_error_reveals_nothing() {
    let server = with_failing_store(Fault::Unreadable, 0);
    let response = server.api.get(UNKNOWN).await;
    let problem = response.problem(500, "internal");
    assert_eq!(problem["detail"], "the server failed; the cause is in its log");
    assert!(!response.text.contains("secret"), "{}", response.text);
}

#[tokio::test]
async fn a_record_of_a_later_version_gives_503_and_hides_the_reason() {
    let server = with_failing_store(Fault::NewerRecord, 0);
    for response in [
        server.api.get(UNKNOWN).await,
        server.api.get(&format!("{UNKNOWN}/state")).await,
        server.api.post(&format!("{UNKNOWN}/stop"), "").await,
    ] {
        let problem = response.problem(503, "newer_record");
        assert_eq!(
            problem["detail"],
            "a later version of the server wrote this session, and this version cannot read it"
        );
        assert_eq!(response.header("retry-after"), "1");
        assert!(!response.text.contains("secret"), "{}", response.text);
    }
}
