//! Conditional requests and caching of sessions, with a clock that the test sets.

use reqwest::Method;

use crate::support::{LocalServer, NOW, Process, Response};
use tempfile::TempDir;

/// Sends a request with these values of `If-None-Match`.
async fn send(server: &LocalServer, method: Method, path: &str, tags: &[&str]) -> Response {
    let request = server.api.request(method, path);
    let request = tags.iter().fold(request, |request, tag| request.header("if-none-match", *tag));
    Response::read(request.send().await.unwrap()).await
}

async fn stop(server: &LocalServer, path: &str, at: &str) {
    let response = server.api.post(&format!("{path}/stop"), &format!(r#"{{"at":"{at}"}}"#)).await;
    assert_eq!(response.status, 200, "{}", response.text);
}

/// Returns the entity tag of a session. Checks that it is a strong one.
async fn entity_tag(server: &LocalServer, path: &str) -> String {
    let response = server.api.get(path).await;
    let tag = response.header("etag");
    assert!(tag.len() > 10 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    tag.to_owned()
}

/// Returns the seconds of one directive in `Cache-Control`.
fn seconds(response: &Response, name: &str) -> i64 {
    let control = response.header("cache-control");
    let value = control.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("{name} is missing: {control}")).parse().expect("a number")
}

#[tokio::test]
async fn the_entity_tag_changes_when_a_stop_is_made_and_when_it_takes_effect() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let mut tags = vec![entity_tag(&server, &path).await];
    assert_eq!(entity_tag(&server, &path).await, tags[0]);
    for at in ["2026-01-31T12:30:00Z", "2026-01-31T12:10:00Z"] {
        stop(&server, &path, at).await;
        tags.push(entity_tag(&server, &path).await);
    }
    server.clock.set("2026-01-31T12:09:59.999Z");
    assert_eq!(entity_tag(&server, &path).await, tags[2]);
    server.clock.set("2026-01-31T12:10:00.000Z");
    tags.push(entity_tag(&server, &path).await);
    let other = server.api.create(r#"{"tick_ms":100}"#).await;
    tags.push(entity_tag(&server, &other).await);
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 5, "{tags:?}");
}

#[tokio::test]
async fn the_entity_tag_survives_a_restart() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let path = server.api.create(r#"{"tick_ms":100,"metadata":{"b":0.1,"a":-0.0}}"#).await;
    let before = server.api.get(&path).await;
    server.kill();
    let server = Process::start(folder.path());
    let after = server.api.get(&path).await;
    assert_eq!((after.header("etag"), after.text.as_str()), (before.header("etag"), before.text.as_str()));
}

#[tokio::test]
async fn a_matching_entity_tag_gives_304() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let full = server.api.get(&path).await;
    let tag = full.header("etag").to_owned();
    let cases: [&[&str]; 8] = [
        &[&tag],
        &["*"],
        &[&format!("W/{tag}")],
        &[&format!("\"other\", {tag}")],
        &[&format!("{tag},\"other\"")],
        &[&format!("W/\"other\" , W/{tag}")],
        &["\"other\"", &tag],
        &[&format!("\"with, comma\", {tag}")],
    ];
    for tags in cases {
        for method in [Method::GET, Method::HEAD] {
            let response = send(&server, method, &path, tags).await;
            assert_eq!((response.status, response.text.as_str()), (304, ""), "{tags:?}");
            for name in ["etag", "cache-control"] {
                assert_eq!(response.header(name), full.header(name), "{name} for {tags:?}");
            }
            assert_eq!(response.header("content-type"), "");
        }
    }
}

#[tokio::test]
async fn any_other_entity_tag_gives_the_whole_session() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let full = server.api.get(&path).await;
    let tag = full.header("etag").to_owned();
    let unquoted = tag.trim_matches('"');
    for tags in [&["\"other\""][..], &[unquoted], &["nonsense"], &[""], &["\"\""], &[&tag.to_uppercase()]] {
        let response = send(&server, Method::GET, &path, tags).await;
        assert_eq!((response.status, &response.text), (200, &full.text), "{tags:?}");
    }
    stop(&server, &path, "2026-01-31T12:10:00Z").await;
    assert_eq!(send(&server, Method::GET, &path, &[&tag]).await.status, 200, "the session has changed");
}

#[tokio::test]
async fn a_missing_session_gives_404_for_every_entity_tag() {
    let server = LocalServer::start();
    let unknown = "/v1/sessions/sess_00000000-0000-4000-8000-000000000000";
    let response = send(&server, Method::GET, unknown, &["*"]).await;
    response.problem(404, "session_not_found");
    assert_eq!(response.header("etag"), "");
}

#[tokio::test]
async fn head_of_a_session_gives_the_headers_of_get_without_the_body() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let get = server.api.get(&path).await;
    let head = send(&server, Method::HEAD, &path, &[]).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    for name in ["etag", "cache-control", "content-type", "content-length"] {
        assert!(!head.header(name).is_empty(), "{name} is missing");
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn no_cache_may_keep_a_session_past_its_stop_or_expiry() {
    let server = LocalServer::start();
    let body = r#"{"tick_ms":1,"start_at":"2026-01-31T12:00:00Z","ttl_seconds":3600}"#;
    let path = server.api.create(body).await;
    stop(&server, &path, "2026-01-31T12:30:00.500Z").await;
    let instants = [
        (NOW, 1_800),
        ("2026-01-31T12:25:00.500Z", 300),
        ("2026-01-31T12:29:51.000Z", 9),
        ("2026-01-31T12:29:57.501Z", 2),
        ("2026-01-31T12:29:59.000Z", 1),
        ("2026-01-31T12:30:00.499Z", 0),
        ("2026-01-31T12:30:00.500Z", 1_799),
        ("2026-01-31T12:59:58.001Z", 1),
        ("2026-01-31T12:59:59.999Z", 0),
    ];
    for (now, left) in instants {
        server.clock.set(now);
        let full = server.api.get(&path).await;
        let known = send(&server, Method::GET, &path, &[full.header("etag")]).await;
        assert_eq!((full.status, known.status), (200, 304));
        for response in [full, known] {
            let fresh = seconds(&response, "max-age");
            assert!((0..=2).contains(&fresh) && (left < 2 || fresh > 0), "{now}: {response:?}");
            for stale in ["stale-while-revalidate", "stale-if-error"] {
                // Caches count in whole seconds, so they may take a response from the last second for new.
                assert!(fresh + seconds(&response, stale) <= (left - 1).max(0), "{now}: {response:?}");
            }
        }
    }
}
