//! Time, health, headers, and what a browser loads.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, LocalServer};

#[tokio::test]
async fn the_time_is_the_clocks_and_never_cached() {
    let server = LocalServer::start();
    let time = server.api.get("/v1/time").await;
    let expected = json!({
        "now_ms": 1_769_860_800_000_i64,
        "received_us": 1_769_860_800_000_000_i64,
        "sent_us": 1_769_860_800_000_000_i64,
    });
    assert_eq!((time.status, time.json()), (200, expected));
    assert_eq!(time.header("cache-control"), "no-store");
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

#[tokio::test]
async fn games_on_other_origins_may_call_the_api() {
    let server = LocalServer::start();
    let preflight = async |method: &str, headers: &str| {
        let request = server
            .api
            .request(Method::OPTIONS, "/v1/sessions")
            .header("origin", "https://game.example")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", headers);
        Answer::of(request.send().await.unwrap()).await
    };
    let allowed = preflight("POST", "content-type").await;
    assert_eq!(allowed.status, 200, "{}", allowed.text);
    assert_eq!(allowed.header("access-control-allow-origin"), "*");
    assert_eq!(allowed.header("access-control-allow-headers"), "content-type");
    let unknown = preflight("DELETE", "x-anything").await;
    assert_eq!(unknown.status, 200, "what is not allowed is told by the request itself");

    let refused = server.api.request(Method::GET, "/v1/sessions/x").header("origin", "https://game.example");
    let refused = Answer::of(refused.send().await.unwrap()).await;
    refused.invalid_field("id");
    assert_eq!(refused.header("access-control-allow-origin"), "*", "errors can be read as well");
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
