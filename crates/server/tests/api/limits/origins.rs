//! Which pages may use the API.

use reqwest::Method;
use tickseed_server::http::ProtectionOptions;

use super::local;
use crate::support::{LocalServer, Response};

const LISTED: &str = "https://game.example";

fn restricted() -> LocalServer {
    let origins = "https://game.example,http://localhost:5173".parse().unwrap();
    local(ProtectionOptions { origins, ..ProtectionOptions::default() })
}

async fn get_from(server: &LocalServer, path: &str, origin: Option<&str>) -> Response {
    let request = server.api.request(Method::GET, path);
    let request = origin.iter().fold(request, |request, origin| request.header("origin", *origin));
    Response::read(request.send().await.unwrap()).await
}

const SHARING: [&str; 3] =
    ["access-control-allow-origin", "access-control-expose-headers", "timing-allow-origin"];

#[tokio::test]
async fn only_listed_origins_may_read_responses_of_any_route() {
    let server = restricted();
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    let paths =
        ["/v1/time", &session, "/v1/sessions/x", "/v1/nothing", "/", "/docs/", "/openapi.json", "/healthz"];
    for path in paths {
        for origin in [LISTED, "http://localhost:5173"] {
            let response = get_from(&server, path, Some(origin)).await;
            assert_eq!(response.header("access-control-allow-origin"), origin, "{path}");
            assert_eq!(response.header("timing-allow-origin"), origin, "{path}");
            assert!(response.header("vary").contains("origin"), "{path}: {}", response.header("vary"));
        }
        for origin in [
            None,
            Some("https://evil.example"),
            Some("null"),
            Some("https://game.example:8443"),
            Some("HTTPS://GAME.EXAMPLE"),
        ] {
            let response = get_from(&server, path, origin).await;
            for name in SHARING {
                assert_eq!(response.header(name), "", "{path} {origin:?} {name}");
            }
            assert!(response.header("vary").contains("origin"), "{path}");
        }
        let response = get_from(&server, path, Some(LISTED)).await;
        assert_eq!(response.header("access-control-allow-credentials"), "", "never");
    }
}

async fn preflight(server: &LocalServer, origin: &str) -> Response {
    let request = server
        .api
        .request(Method::OPTIONS, "/v1/sessions")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,idempotency-key,if-match");
    Response::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn preflights_allow_credentials_conditions_and_idempotency_keys() {
    let expected = "authorization,content-type,idempotency-key,if-match";
    for (server, origin) in
        [(restricted(), LISTED), (local(ProtectionOptions::default()), "https://any.example")]
    {
        let allowed = preflight(&server, origin).await;
        assert_eq!(allowed.header("access-control-allow-headers"), expected);
        assert_eq!(allowed.header("access-control-allow-methods"), "POST");
        assert!([origin, "*"].contains(&allowed.header("access-control-allow-origin")));
        assert_eq!(allowed.header("access-control-allow-credentials"), "");
    }
    let refused = preflight(&restricted(), "https://evil.example").await;
    for name in
        ["access-control-allow-origin", "access-control-allow-headers", "access-control-allow-methods"]
    {
        assert_eq!(refused.header(name), "", "{name}");
    }
    assert!(refused.header("vary").contains("origin"));
}

#[tokio::test]
async fn by_default_a_response_does_not_depend_on_the_origin() {
    let server = local(ProtectionOptions::default());
    let with = get_from(&server, "/v1/time", Some("https://any.example")).await;
    let without = get_from(&server, "/v1/time", None).await;
    for response in [with, without] {
        assert_eq!(response.header("access-control-allow-origin"), "*");
        assert_eq!(response.header("vary"), "");
    }
}
