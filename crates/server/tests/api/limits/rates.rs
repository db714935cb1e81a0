//! How many requests a client may send.

use std::num::NonZeroU32;
use std::time::Duration;

use reqwest::Method;
use tickseed_server::access::{Access, AccessMode, ApiKeys};
use tickseed_server::http::{ProtectionOptions, RateLimit};

use super::{LimitedServer, local};
use crate::rights::key_line;
use crate::support::Response;

/// A session that does not exist, which is as good as another one here.
const SESSION: &str = "/v1/sessions/sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21";

fn rate(per_second: u32, burst: u32) -> ProtectionOptions {
    let number = |number| NonZeroU32::new(number).unwrap();
    let rate = RateLimit { per_second: number(per_second), burst: number(burst) };
    ProtectionOptions { rate: Some(rate), ..ProtectionOptions::default() }
}

fn creates(per_minute: u32) -> ProtectionOptions {
    ProtectionOptions { creates_per_minute: NonZeroU32::new(per_minute), ..ProtectionOptions::default() }
}

#[tokio::test]
async fn a_client_that_sends_too_much_is_told_when_to_come_back() {
    let limited = LimitedServer::start(rate(2, 4));
    for _ in 0..4 {
        assert_eq!(limited.get_from("192.0.2.1", SESSION).await.status, 404);
    }
    let refused = limited.get_from("192.0.2.1", SESSION).await;
    let problem = refused.problem(429, "rate_limited");
    assert_eq!(
        problem["detail"],
        "too many requests: this address may send 4 requests in 2 s; try again in 1 s"
    );
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("ratelimit-policy"), r#""requests";q=4;w=2"#);
    assert_eq!(refused.header("ratelimit"), r#""requests";r=0;t=1"#);
    assert_eq!(refused.header("cache-control"), "no-store");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    let exposed = refused.header("access-control-expose-headers");
    for name in ["ratelimit", "ratelimit-policy", "retry-after"] {
        assert!(exposed.split(", ").any(|exposed| exposed == name), "{exposed}");
    }
    // Others are not affected, and a token comes back after half a second.
    assert_eq!(limited.get_from("192.0.2.2", SESSION).await.status, 404);
    limited.clock.pass(Duration::from_millis(499));
    assert_eq!(limited.get_from("192.0.2.1", SESSION).await.status, 429);
    limited.clock.pass(Duration::from_millis(1));
    assert_eq!(limited.get_from("192.0.2.1", SESSION).await.status, 404);
    assert_eq!(limited.get_from("192.0.2.1", SESSION).await.status, 429);
}

#[tokio::test]
async fn the_time_has_a_limit_of_its_own_that_is_ten_times_as_large() {
    let limited = LimitedServer::start(rate(1, 1));
    for _ in 0..10 {
        assert_eq!(limited.get_from("192.0.2.1", "/v1/time?n=1").await.status, 200);
    }
    let refused = limited.get_from("192.0.2.1", "/v1/time").await;
    refused.problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), r#""time";q=10;w=1"#);
    assert_eq!(limited.get_from("192.0.2.1", SESSION).await.status, 404, "sessions have their own bucket");
}

#[tokio::test]
async fn health_the_page_and_its_documents_are_never_limited() {
    let limited = LimitedServer::start(rate(1, 1));
    for path in ["/healthz", "/readyz", "/", "/docs/", "/openapi.json"] {
        for _ in 0..3 {
            assert_eq!(limited.get_from("192.0.2.1", path).await.status, 200, "{path}");
        }
    }
    let preflight = limited.server.api.request(Method::OPTIONS, "/v1/sessions");
    let preflight = preflight.header("access-control-request-method", "POST");
    for _ in 0..3 {
        assert_eq!(preflight.try_clone().unwrap().send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn an_ipv6_network_is_one_client() {
    let limited = LimitedServer::start(rate(1, 1));
    assert_eq!(limited.get_from("2001:db8:1:2::1", SESSION).await.status, 404);
    assert_eq!(limited.get_from("[2001:db8:1:2:ffff::9]:4711", SESSION).await.status, 429);
    assert_eq!(limited.get_from("2001:db8:1:3::1", SESSION).await.status, 404);
}

/// The API keys `opensesame` and `another`.
fn two_keys() -> Access {
    let file = key_line("one", "create", "opensesame") + &key_line("two", "create", "another");
    Access::new(AccessMode::Token, ApiKeys::parse(file.as_bytes()).unwrap())
}

async fn get_with_key(limited: &LimitedServer, address: &str, authorization: &str) -> Response {
    let request = limited.server.api.request(Method::GET, SESSION).header("x-forwarded-for", address);
    Response::read(request.header("authorization", authorization).send().await.unwrap()).await
}

#[tokio::test]
async fn a_key_has_a_limit_across_all_addresses() {
    let limited = LimitedServer::with_access(rate(2, 2), two_keys());
    let ask = async |address: &str, key: &str| get_with_key(&limited, address, key).await;
    assert_eq!(ask("192.0.2.1", "Bearer opensesame").await.status, 404);
    assert_eq!(ask("192.0.2.2", "bearer opensesame").await.status, 404);
    let refused = ask("192.0.2.3", "Bearer opensesame").await;
    let problem = refused.problem(429, "rate_limited");
    assert!(problem["detail"].as_str().unwrap().contains("this key may send 2 requests in 1 s"), "{problem}");
    assert!(!refused.text.contains("sesame"));
    assert_eq!(refused.header("ratelimit-policy"), r#""requests-of-key";q=2;w=1"#);
    assert_eq!(ask("192.0.2.3", "Bearer another").await.status, 404);
    assert_eq!(ask("192.0.2.4", "Basic opensesame").await.status, 404);
}

/// Otherwise anybody could fill the memory for buckets with keys that nobody has made.
#[tokio::test]
async fn a_credential_that_nobody_knows_has_no_bucket_of_its_own() {
    const TOKEN: &str = "Bearer tst_00000000000000000000000000000000";
    let limited = LimitedServer::with_access(rate(2, 2), two_keys());
    for (network, authorization) in [("192.0.2", "Bearer invented"), ("203.0.113", TOKEN)] {
        for last in 1..=6 {
            let address = format!("{network}.{last}");
            assert_eq!(get_with_key(&limited, &address, authorization).await.status, 404, "{authorization}");
        }
    }
    // They count for their address.
    for (authorization, status) in [("Bearer a", 404), ("Bearer b", 404), (TOKEN, 429)] {
        assert_eq!(get_with_key(&limited, "198.51.100.1", authorization).await.status, status);
    }
}

#[tokio::test]
async fn creations_have_a_limit_for_each_minute_and_address() {
    let limited = LimitedServer::start(creates(3));
    for _ in 0..3 {
        assert_eq!(limited.create_from("192.0.2.1").await.status, 201);
    }
    let refused = limited.create_from("192.0.2.1").await;
    refused.problem(429, "rate_limited");
    assert_eq!(refused.header("ratelimit-policy"), r#""creates";q=3;w=60"#);
    assert_eq!(refused.header("retry-after"), "20");
    assert_eq!(limited.create_from("192.0.2.2").await.status, 201);
    // Everything else goes on.
    for _ in 0..5 {
        assert_eq!(limited.get_from("192.0.2.1", SESSION).await.status, 404);
    }
    limited.clock.pass(Duration::from_secs(20));
    assert_eq!(limited.create_from("192.0.2.1").await.status, 201);
    assert_eq!(limited.create_from("192.0.2.1").await.status, 429);
}

#[tokio::test]
async fn without_trusted_proxies_nobody_can_choose_an_address() {
    let server = local(rate(1, 2));
    let ask = async |name: &str, value: &str| {
        server.api.request(Method::GET, SESSION).header(name, value).send().await.unwrap().status()
    };
    assert_eq!(ask("x-forwarded-for", "192.0.2.1").await, 404);
    assert_eq!(ask("forwarded", "for=192.0.2.2").await, 404);
    assert_eq!(ask("x-forwarded-for", "192.0.2.3").await, 429);
}

#[tokio::test]
async fn clients_that_lie_about_their_address_share_the_limit_of_the_proxy() {
    let limited = LimitedServer::start(rate(1, 2));
    let ask = async |forwarded: &str| {
        let request = limited.server.api.request(Method::GET, SESSION).header("x-forwarded-for", "192.0.2.1");
        request.header("forwarded", forwarded).send().await.unwrap().status()
    };
    assert_eq!([ask("for=203.0.113.1").await, ask("for=203.0.113.2").await], [404, 404]);
    assert_eq!(ask("for=203.0.113.3").await, 429);
    assert_eq!(ask("for=192.0.2.1").await, 404);
}

#[tokio::test]
async fn another_spelling_of_a_path_has_the_same_limit() {
    let limited = LimitedServer::start(rate(1, 3));
    let spellings = [
        SESSION.to_owned(),
        SESSION.replace("/v1/", "/%761/"),
        SESSION.replace("sessions", "%73essions"),
        SESSION.replace("/v1/", "/v%31/"),
    ];
    for (index, path) in spellings.iter().enumerate() {
        let status = limited.get_from("192.0.2.1", path).await.status;
        assert_eq!(status, if index < 3 { 404 } else { 429 }, "{path}");
    }
    let limited = LimitedServer::start(creates(1));
    for (path, status) in [("/v1/%73essions", 201), ("/%761/sessions", 429), ("/v1/sessions", 429)] {
        let request = limited.server.api.request(Method::POST, path).header("x-forwarded-for", "192.0.2.1");
        let request = request.header("content-type", "application/json").body(r#"{"tick_ms":100}"#);
        assert_eq!(request.send().await.unwrap().status(), status, "{path}");
    }
}
