//! Until when an answer is settled, and how long a cache may keep it.

use reqwest::Method;

use super::{KNOWN, NOTICED, change, server_with};
use crate::support::{LocalServer, Response};

const HEADER: &str = "tickseed-settled-until";

/// Asks for a session with this `If-None-Match`.
async fn revalidate(server: &LocalServer, path: &str, tag: &str) -> Response {
    let request = server.api.request(Method::GET, path).header("if-none-match", tag);
    Response::read(request.send().await.unwrap()).await
}

#[tokio::test]
async fn every_answer_about_a_session_with_a_notice_says_until_when_it_is_settled() {
    let server = LocalServer::start();
    let created = server.api.post("/v1/sessions", NOTICED).await;
    assert_eq!(created.header(HEADER), "2026-01-31T12:00:15.000Z");
    let path = created.header("location").to_owned();
    server.clock.set("2026-01-31T12:00:10.000Z");
    let read = server.api.get(&path).await;
    let head = Response::read(server.api.request(Method::HEAD, &path).send().await.unwrap()).await;
    let known = revalidate(&server, &path, created.header("etag")).await;
    assert_eq!((read.status, head.status, known.status), (200, 200, 304));
    let post = async |route: &str, body: &str| {
        let response = server.api.post(&format!("{path}/{route}"), body).await;
        assert_eq!(response.status, 200, "{}", response.text);
        response
    };
    let answers = [
        read,
        head,
        known,
        server.api.get(&format!("{path}/state")).await,
        server.api.get(&format!("{path}/state?step=7")).await,
        post("pause", r#"{"at":"2026-01-31T12:01:00Z"}"#).await,
        post("resume", r#"{"at":"2026-01-31T12:02:00Z"}"#).await,
        post("rate", r#"{"at":"2026-01-31T12:03:00Z","tick_ms":50}"#).await,
        post("withdraw", "").await,
        post("stop", r#"{"at":"2026-01-31T12:04:00Z"}"#).await,
        server.api.get(&path).await,
    ];
    for answer in &answers {
        assert_eq!(answer.header(HEADER), "2026-01-31T12:00:25.000Z", "{answer:?}");
        assert!(!answer.text.contains("settled"), "never in the body: {}", answer.text);
        let exposed = answer.header("access-control-expose-headers");
        assert!(exposed.split(", ").any(|name| name == HEADER), "{exposed}");
    }
}

#[tokio::test]
async fn a_304_renews_the_promise() {
    let (server, path) = server_with(NOTICED, "2026-01-31T12:00:10.000Z").await;
    let tag = server.api.get(&path).await.header("etag").to_owned();
    for (now, settled_until) in [
        ("2026-01-31T12:00:10.001Z", "2026-01-31T12:00:25.001Z"),
        ("2026-01-31T12:30:00.000Z", "2026-01-31T12:30:15.000Z"),
    ] {
        server.clock.set(now);
        let known = revalidate(&server, &path, &tag).await;
        assert_eq!((known.status, known.header(HEADER), known.header("etag")), (304, settled_until, &*tag));
        assert_eq!(known.header("cache-control"), server.api.get(&path).await.header("cache-control"));
    }
}

#[tokio::test]
async fn without_a_notice_nothing_is_promised() {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:10.000Z").await;
    for answer in [
        server.api.post("/v1/sessions", KNOWN).await,
        server.api.get(&path).await,
        server.api.get(&format!("{path}/state")).await,
        change(&server.api, &path, "pause", "").await,
        server.api.post(&format!("{path}/stop"), "").await,
    ] {
        assert_eq!(answer.header(HEADER), "", "{answer:?}");
    }
}

#[tokio::test]
async fn no_promise_reaches_beyond_the_year_9999() {
    let (server, path) = server_with(NOTICED, "9999-12-31T23:59:44.999Z").await;
    let body = NOTICED.replace("\"notice_ms\"", "\"ttl_seconds\":0,\"notice_ms\"");
    let permanent = server.api.create(&body).await;
    assert_eq!(server.api.get(&permanent).await.header(HEADER), "9999-12-31T23:59:59.999Z");
    server.clock.set("9999-12-31T23:59:45.000Z");
    let read = server.api.get(&permanent).await;
    assert_eq!((read.status, read.header(HEADER)), (200, ""));
    server.api.get(&path).await.problem(404, "session_not_found");
}

#[tokio::test]
async fn a_cache_may_keep_a_session_for_a_third_of_its_notice() {
    let server = LocalServer::start();
    for (notice_ms, expected) in [
        (0, "public, max-age=2, stale-while-revalidate=8, stale-if-error=300"),
        (4_999, "public, max-age=2, stale-while-revalidate=8, stale-if-error=300"),
        (5_000, "public, max-age=1, stale-while-revalidate=1, stale-if-error=300"),
        (15_000, "public, max-age=4, stale-while-revalidate=4, stale-if-error=300"),
        (86_400_000, "public, max-age=60, stale-while-revalidate=60, stale-if-error=300"),
    ] {
        let path = server.api.create(&format!(r#"{{"tick_ms":100,"notice_ms":{notice_ms}}}"#)).await;
        let read = server.api.get(&path).await;
        let known = revalidate(&server, &path, read.header("etag")).await;
        assert_eq!((read.header("cache-control"), known.status), (expected, 304), "{notice_ms}");
        assert_eq!(known.header("cache-control"), expected);
    }
}

#[tokio::test]
async fn no_cache_may_keep_a_session_past_its_next_change() {
    for body in [KNOWN, NOTICED] {
        let (server, path) = server_with(body, "2026-01-31T12:00:10.000Z").await;
        change(&server.api, &path, "pause", r#"{"at":"2026-01-31T12:01:00.500Z"}"#).await;
        change(&server.api, &path, "resume", r#"{"at":"2026-01-31T12:02:00.500Z"}"#).await;
        for (now, left) in [
            ("2026-01-31T12:00:54.500Z", 5),
            ("2026-01-31T12:00:58.501Z", 0),
            ("2026-01-31T12:01:00.499Z", 0),
            ("2026-01-31T12:01:00.500Z", 59),
            ("2026-01-31T12:01:58.000Z", 1),
        ] {
            server.clock.set(now);
            let read = server.api.get(&path).await;
            let seconds = |name: &str| -> i64 {
                let control = read.header("cache-control");
                let value = control.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
                value.unwrap().parse().unwrap()
            };
            let fresh = seconds("max-age");
            assert!(fresh > 0 || left == 0, "{now}: {read:?}");
            for stale in ["stale-while-revalidate", "stale-if-error"] {
                assert!(fresh + seconds(stale) <= left, "{now}: {read:?}");
            }
        }
    }
}
