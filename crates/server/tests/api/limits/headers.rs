//! The headers that protect pages and responses.

use tickseed_server::http::ProtectionOptions;

use super::local;

#[tokio::test]
async fn responses_of_the_api_may_be_used_by_isolated_pages_and_pages_may_not_be_framed() {
    let server = local(ProtectionOptions::default());
    let session = server.api.create(r#"{"tick_ms":100}"#).await;
    for path in ["/v1/time", &session, "/v1/sessions/x", "/v1/nothing"] {
        let response = server.api.get(path).await;
        assert_eq!(response.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        assert_eq!(response.header("x-content-type-options"), "nosniff", "{path}");
    }
    for path in ["/", "/docs/", "/docs/swagger-ui.css"] {
        let response = server.api.get(path).await;
        assert_eq!(response.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(response.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(response.header("cross-origin-resource-policy"), "", "{path}");
        let policy = response.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("script-src 'unsafe-inline'"), "{path}: {policy}");
    }
    let page = server.api.get("/").await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("'wasm-unsafe-eval'") && !policy.contains("unsafe-inline"), "{policy}");
}
