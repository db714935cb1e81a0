//! Time, health, headers, and what a browser loads.

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Answer, Api, LocalServer, Process};

#[tokio::test]
async fn the_time_is_the_clocks_and_never_cached() {
    let server = LocalServer::start();
    let time = server.api.get("/v1/time").await;
    let expected = json!({
        "now_ms": 1_769_860_800_000_i64,
        "received_us": 1_769_860_800_000_000_i64,
        "sent_us": 1_769_860_800_000_000_i64,
        "server": server.instance_id,
    });
    assert_eq!((time.status, time.json()), (200, expected));
    assert_eq!(time.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_time_is_answered_whatever_the_query_string_is() {
    let server = LocalServer::start();
    let time = server.api.get("/v1/time").await;
    for query in ["?", "?17", "?n=17", "?n=17&n=18", "?at=now", "?%ff"] {
        let answer = server.api.get(&format!("/v1/time{query}")).await;
        assert_eq!((answer.status, answer.json()), (200, time.json()), "{query}");
        assert_eq!(answer.header("cache-control"), "no-store", "{query}");
    }
}

/// The name of the server that answers.
async fn server_of(api: &Api) -> String {
    let name = api.get("/v1/time").await.json()["server"].as_str().expect("the server has a name").to_owned();
    assert!((8..=16).contains(&name.len()), "{name}");
    name
}

#[tokio::test]
async fn a_server_keeps_its_name_for_as_long_as_its_process_runs() {
    let folder = TempDir::new().unwrap();
    let mut process = Process::start(folder.path());
    let name = server_of(&process.api).await;
    for _ in 0..20 {
        // Several connections, so that several threads answer.
        assert_eq!(server_of(&Api::new(process.api.base.clone())).await, name);
    }
    process.kill();
    let again = Process::start(folder.path());
    assert_ne!(server_of(&again.api).await, name, "it is another process, with the same data");
}

#[tokio::test]
async fn two_servers_of_one_process_have_names_of_their_own() {
    let (one, other) = (LocalServer::start(), LocalServer::start());
    assert_ne!(server_of(&one.api).await, server_of(&other.api).await);
}

#[tokio::test]
async fn health_and_readiness() {
    let server = LocalServer::start();
    for path in ["/healthz", "/readyz"] {
        let answer = server.api.get(path).await;
        assert_eq!((answer.status, answer.text.as_str()), (200, r#"{"status":"ok"}"#));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn what_can_be_read_answers_head_with_the_same_headers_and_no_body() {
    let server = LocalServer::start();
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    let state = format!("{session}/state?step=1");
    for path in ["/v1/time", "/healthz", "/readyz", "/openapi.json", "/docs/", &session, &state] {
        let get = server.api.get(path).await;
        let head = Answer::of(server.api.request(Method::HEAD, path).send().await.unwrap()).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        for name in ["content-type", "content-length", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
    }
}

/// What a page of another origin has its requests come with.
const ORIGIN: &str = "https://game.example";

/// What a browser is answered that asks whether such a page may send a request.
async fn preflight(api: &Api, path: &str, method: &str, headers: &str) -> Answer {
    let request = api
        .request(Method::OPTIONS, path)
        .header("origin", ORIGIN)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    Answer::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn browsers_are_told_that_games_on_other_origins_may_call_the_api() {
    let server = LocalServer::start();
    let api = &server.api;
    let events = format!("{}/events", api.create(r#"{"tick_ms":100}"#).await);
    let requests =
        [("/v1/sessions", "POST", "content-type"), (&events, "GET", "cache-control,last-event-id")];
    for (path, method, headers) in requests {
        let allowed = preflight(api, path, method, headers).await;
        assert_eq!(allowed.status, 200, "{}", allowed.text);
        assert_eq!(allowed.header("access-control-allow-origin"), "*");
        assert_eq!(allowed.header("access-control-allow-methods"), method);
        assert_eq!(allowed.header("access-control-allow-headers"), headers);
    }
    let unknown = preflight(api, "/v1/sessions", "DELETE", "x-anything").await;
    assert_eq!(unknown.status, 200, "what is not allowed is told by the request itself");
}

#[tokio::test]
async fn games_on_other_origins_may_read_answers_errors_and_events() {
    let server = LocalServer::start();
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    let events = format!("{session}/events");
    for (path, status) in [("/v1/time", 200), (&session, 200), ("/v1/sessions/x", 400), (&events, 200)] {
        // Only the headers are waited for: events have no end.
        let answer = server.api.request(Method::GET, path).header("origin", ORIGIN).send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{path}");
    }
}

#[tokio::test]
async fn games_on_other_origins_may_read_when_an_exchange_began_and_ended() {
    let server = LocalServer::start();
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    for path in ["/v1/time", "/v1/time?n=17", &session, "/docs/", "/v1/sessions/x", "/v1/nothing"] {
        let answer = server.api.get(path).await;
        assert_eq!(answer.header("timing-allow-origin"), "*", "{path}: {}", answer.status);
    }
    let known = server.api.get(&session).await.header("etag").to_owned();
    let unchanged = server.api.request(Method::GET, &session).header("if-none-match", known);
    let unchanged = Answer::of(unchanged.send().await.unwrap()).await;
    assert_eq!((unchanged.status, unchanged.header("timing-allow-origin")), (304, "*"));
}

#[tokio::test]
async fn the_documentation_is_a_page_whose_parts_are_all_here() {
    let server = LocalServer::start();
    let page = server.api.get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"), "redirected to /docs/");
    let parts: Vec<&str> = page
        .text
        .split('"')
        .filter(|part| [".js", ".css", ".png"].iter().any(|end| part.ends_with(end)))
        .collect();
    assert!(parts.len() >= 4, "{parts:?}");
    for part in parts {
        assert!(!part.contains("//"), "nothing is loaded from elsewhere: {part}");
        let part = server.api.get(&format!("/docs/{}", part.trim_start_matches("./"))).await;
        assert_eq!(part.status, 200);
        assert_eq!(part.header("x-content-type-options"), "nosniff");
    }
    let settings = server.api.get("/docs/swagger-initializer.js").await;
    assert!(settings.text.contains("/openapi.json"), "{}", settings.text);
}

#[tokio::test]
async fn the_demo_page_and_its_parts_are_in_the_binary() {
    let server = LocalServer::start();
    let page = server.api.get("/").await;
    assert_eq!(page.status, 200, "the page was not built in; run scripts/build-web-demo, then test again");
    assert_eq!(page.header("content-type"), "text/html");
    assert_eq!(page.header("cache-control"), "no-cache");
    assert!(page.header("content-security-policy").contains("script-src 'self' 'wasm-unsafe-eval'"));
    let script = page.text.split('"').find(|part| part.starts_with("/assets/index-"));
    let script = server.api.get(script.expect("the page loads a script")).await;
    assert_eq!((script.status, script.header("content-type")), (200, "text/javascript"));
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");

    let known = server.api.request(Method::GET, "/").header("if-none-match", page.header("etag"));
    assert_eq!(known.send().await.unwrap().status(), 304);
    let posted = Answer::of(server.api.request(Method::POST, "/").send().await.unwrap()).await;
    posted.problem(405, "method_not_allowed");
    assert_eq!(posted.header("allow"), "GET, HEAD");
}
