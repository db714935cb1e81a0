//! How a session is read again without being sent again, with the clock set by the test.

use reqwest::Method;

use crate::support::{Answer, LocalServer, NOW, Process};
use tempfile::TempDir;

async fn ask(server: &LocalServer, method: Method, path: &str, tags: &[&str]) -> Answer {
    let request = server.api.request(method, path);
    let request = tags.iter().fold(request, |request, tag| request.header("if-none-match", *tag));
    Answer::of(request.send().await.unwrap()).await
}

async fn stop(server: &LocalServer, path: &str, at: &str) {
    let answer = server.api.post(&format!("{path}/stop"), &format!(r#"{{"at":"{at}"}}"#)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// The tag of a session, after a check that it is a strong one.
async fn tag(server: &LocalServer, path: &str) -> String {
    let answer = server.api.get(path).await;
    let tag = answer.header("etag");
    assert!(tag.len() > 10 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    tag.to_owned()
}

/// The seconds that `Cache-Control` gives, by their names.
fn seconds(answer: &Answer, name: &str) -> i64 {
    let control = answer.header("cache-control");
    let value = control.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    value.unwrap_or_else(|| panic!("{name} is missing: {control}")).parse().expect("a number")
}

#[tokio::test]
async fn the_tag_changes_with_a_stop_and_when_a_stop_takes_effect() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let mut tags = vec![tag(&server, &path).await];
    assert_eq!(tag(&server, &path).await, tags[0]);
    for at in ["2026-01-31T12:30:00Z", "2026-01-31T12:10:00Z"] {
        stop(&server, &path, at).await;
        tags.push(tag(&server, &path).await);
    }
    server.clock.set("2026-01-31T12:09:59.999Z");
    assert_eq!(tag(&server, &path).await, tags[2]);
    server.clock.set("2026-01-31T12:10:00.000Z");
    tags.push(tag(&server, &path).await);
    let other = server.api.create(r#"{"tick_ms":100}"#).await;
    tags.push(tag(&server, &other).await);
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 5, "{tags:?}");
}

#[tokio::test]
async fn the_tag_is_the_same_after_a_restart() {
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
async fn what_is_known_is_not_sent_again() {
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
            let answer = ask(&server, method, &path, tags).await;
            assert_eq!((answer.status, answer.text.as_str()), (304, ""), "{tags:?}");
            for name in ["etag", "cache-control"] {
                assert_eq!(answer.header(name), full.header(name), "{name} for {tags:?}");
            }
            assert_eq!(answer.header("content-type"), "");
        }
    }
}

#[tokio::test]
async fn what_is_not_known_is_sent() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let full = server.api.get(&path).await;
    let tag = full.header("etag").to_owned();
    let unquoted = tag.trim_matches('"');
    for tags in [&["\"other\""][..], &[unquoted], &["nonsense"], &[""], &["\"\""], &[&tag.to_uppercase()]] {
        let answer = ask(&server, Method::GET, &path, tags).await;
        assert_eq!((answer.status, &answer.text), (200, &full.text), "{tags:?}");
    }
    stop(&server, &path, "2026-01-31T12:10:00Z").await;
    assert_eq!(ask(&server, Method::GET, &path, &[&tag]).await.status, 200, "it is another now");
}

#[tokio::test]
async fn a_missing_session_is_missing_whatever_is_known() {
    let server = LocalServer::start();
    let unknown = "/v1/sessions/sess_00000000-0000-4000-8000-000000000000";
    let answer = ask(&server, Method::GET, unknown, &["*"]).await;
    answer.problem(404, "session_not_found");
    assert_eq!(answer.header("etag"), "");
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    let get = server.api.get(&path).await;
    let head = ask(&server, Method::HEAD, &path, &[]).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    for name in ["etag", "cache-control", "content-type", "content-length"] {
        assert!(!head.header(name).is_empty(), "{name} is missing");
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn nobody_may_keep_a_session_past_the_instant_at_which_time_changes_it() {
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
        let known = ask(&server, Method::GET, &path, &[full.header("etag")]).await;
        assert_eq!((full.status, known.status), (200, 304));
        for answer in [full, known] {
            let fresh = seconds(&answer, "max-age");
            assert!((0..=2).contains(&fresh) && (left < 2 || fresh > 0), "{now}: {answer:?}");
            for stale in ["stale-while-revalidate", "stale-if-error"] {
                // Caches count in whole seconds: what was answered in the last second may be taken for new.
                assert!(fresh + seconds(&answer, stale) <= (left - 1).max(0), "{now}: {answer:?}");
            }
        }
    }
}
