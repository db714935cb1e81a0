//! The time, health checks, headers for browsers, the documentation and the demo page.

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tickseed_server::http::ProtectionOptions;

use crate::limits::LimitedServer;
use crate::support::{Api, LocalServer, Process, Response};

#[tokio::test]
async fn the_time_comes_from_the_clock_and_is_never_cached() {
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
async fn the_time_ignores_the_query_string() {
    // Its uptime stands still with its clock. Otherwise the server would take a clock that stands still for one that is set.
    let limited = LimitedServer::start(ProtectionOptions::default());
    let server = &limited.server;
    let time = server.api.get("/v1/time").await;
    for query in ["?", "?17", "?n=17", "?n=17&n=18", "?at=now", "?%ff"] {
        let response = server.api.get(&format!("/v1/time{query}")).await;
        assert_eq!((response.status, response.json()), (200, time.json()), "{query}");
        assert_eq!(response.header("cache-control"), "no-store", "{query}");
    }
}

/// Returns the instance id of the server that answers.
async fn instance_id_of(api: &Api) -> String {
    let time = api.get("/v1/time").await.json();
    let id = time["server"].as_str().expect("an instance id is a string").to_owned();
    assert!((8..=16).contains(&id.len()), "{id}");
    id
}

#[tokio::test]
async fn an_instance_id_lasts_as_long_as_its_process() {
    let folder = TempDir::new().unwrap();
    let mut process = Process::start(folder.path());
    let id = instance_id_of(&process.api).await;
    for _ in 0..20 {
        // Every new client opens a connection, so that several threads answer.
        assert_eq!(instance_id_of(&Api::new(process.api.base.clone())).await, id);
    }
    process.kill();
    let again = Process::start(folder.path());
    assert_ne!(instance_id_of(&again.api).await, id, "a new process has a new id, even on the same data");
}

#[tokio::test]
async fn two_servers_in_one_process_have_different_instance_ids() {
    let (one, other) = (LocalServer::start(), LocalServer::start());
    assert_ne!(instance_id_of(&one.api).await, instance_id_of(&other.api).await);
}

#[tokio::test]
async fn a_running_server_is_healthy_and_ready() {
    let server = LocalServer::start();
    for path in ["/healthz", "/readyz"] {
        let response = server.api.get(path).await;
        assert_eq!((response.status, response.text.as_str()), (200, r#"{"status":"ok"}"#));
        assert_eq!(response.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn head_gives_the_same_headers_as_get_and_no_body() {
    let server = LocalServer::start();
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    let state = format!("{session}/state?step=1");
    for path in ["/v1/time", "/healthz", "/readyz", "/openapi.json", "/docs/", &session, &state] {
        let get = server.api.get(path).await;
        let head = Response::read(server.api.request(Method::HEAD, path).send().await.unwrap()).await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        for name in ["content-type", "content-length", "cache-control"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
    }
}

/// The origin of a page from elsewhere.
const ORIGIN: &str = "https://game.example";

/// Sends a CORS preflight for a request from that page.
async fn preflight(api: &Api, path: &str, method: &str, headers: &str) -> Response {
    let request = api
        .request(Method::OPTIONS, path)
        .header("origin", ORIGIN)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers);
    Response::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn preflights_allow_games_on_other_origins_to_call_the_api() {
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
    assert_eq!(unknown.status, 200, "the request itself reports that the method is not allowed");
}

#[tokio::test]
async fn games_on_other_origins_may_read_responses_errors_and_events() {
    let server = LocalServer::start();
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    let events = format!("{session}/events");
    for (path, status) in [("/v1/time", 200), (&session, 200), ("/v1/sessions/x", 400), (&events, 200)] {
        // Waits only for the headers, because an event stream does not end.
        let response = server.api.request(Method::GET, path).header("origin", ORIGIN).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["access-control-allow-origin"], "*", "{path}");
    }
}

#[tokio::test]
async fn games_on_other_origins_may_read_resource_timings() {
    let server = LocalServer::start();
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    for path in ["/v1/time", "/v1/time?n=17", &session, "/docs/", "/v1/sessions/x", "/v1/nothing"] {
        let response = server.api.get(path).await;
        assert_eq!(response.header("timing-allow-origin"), "*", "{path}: {}", response.status);
    }
    let known = server.api.get(&session).await.header("etag").to_owned();
    let unchanged = server.api.request(Method::GET, &session).header("if-none-match", known);
    let unchanged = Response::read(unchanged.send().await.unwrap()).await;
    assert_eq!((unchanged.status, unchanged.header("timing-allow-origin")), (304, "*"));
}

#[tokio::test]
async fn the_documentation_page_loads_nothing_from_elsewhere() {
    let server = LocalServer::start();
    let page = server.api.get("/docs").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"), "redirected to /docs/");
    let assets: Vec<&str> = page
        .text
        .split('"')
        .filter(|part| [".js", ".css", ".png"].iter().any(|end| part.ends_with(end)))
        .collect();
    assert!(assets.len() >= 4, "{assets:?}");
    for asset in assets {
        assert!(!asset.contains("//"), "{asset} comes from elsewhere");
        let asset = server.api.get(&format!("/docs/{}", asset.trim_start_matches("./"))).await;
        assert_eq!(asset.status, 200);
        assert_eq!(asset.header("x-content-type-options"), "nosniff");
    }
    let settings = server.api.get("/docs/swagger-initializer.js").await;
    assert!(settings.text.contains("/openapi.json"), "{}", settings.text);
}

#[tokio::test]
async fn the_demo_page_and_its_assets_are_in_the_binary() {
    let server = LocalServer::start();
    let page = server.api.get("/").await;
    assert_eq!(
        page.status, 200,
        "the binary does not contain the page; run scripts/build-web-demo and test again"
    );
    assert_eq!(page.header("content-type"), "text/html");
    assert_eq!(page.header("cache-control"), "no-cache");
    assert!(page.header("content-security-policy").contains("script-src 'self' 'wasm-unsafe-eval'"));
    let script = page
        .text
        .split('"')
        .find_map(|part| part.strip_prefix('.').filter(|path| path.starts_with("/assets/index-")));
    let script = server.api.get(script.expect("the page loads a script")).await;
    // A worker has the policy of its own file.
    assert!(script.header("content-security-policy").contains("script-src 'self' 'wasm-unsafe-eval'"));
    assert_eq!((script.status, script.header("content-type")), (200, "text/javascript"));
    assert_eq!(script.header("cache-control"), "public, max-age=31536000, immutable");

    let known = server.api.request(Method::GET, "/").header("if-none-match", page.header("etag"));
    assert_eq!(known.send().await.unwrap().status(), 304);
    let posted = Response::read(server.api.request(Method::POST, "/").send().await.unwrap()).await;
    posted.problem(405, "method_not_allowed");
    assert_eq!(posted.header("allow"), "GET, HEAD");
}
