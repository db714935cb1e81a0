//! `If-Match`: changes of a session that the caller has seen.

use reqwest::Method;

use super::{CHANGES, KNOWN, UNKNOWN, change, server_with};
use crate::support::{LocalServer, Response};

/// Posts with these values of `If-Match`.
async fn post(server: &LocalServer, address: &str, body: &str, tags: &[&str]) -> Response {
    let request = server.api.request(Method::POST, address).header("content-type", "application/json");
    let request = tags.iter().fold(request, |request, tag| request.header("if-match", *tag));
    Response::read(request.body(body.to_owned()).send().await.unwrap()).await
}

/// Returns a request that each route accepts on a running session with a pause to come.
fn valid_body(route: &str) -> &'static str {
    match route {
        "rate" => r#"{"tick_ms":50,"replace_later":true}"#,
        "pause" => r#"{"replace_later":true}"#,
        "resume" => r#"{"at":"2026-01-31T12:05:00.001Z"}"#,
        _ => "",
    }
}

/// Starts a server with a running session that has a pause to come.
async fn server_with_pause() -> (LocalServer, String) {
    let (server, path) = server_with(KNOWN, "2026-01-31T12:00:10.000Z").await;
    change(&server.api, &path, "pause", r#"{"at":"2026-01-31T12:05:00Z"}"#).await;
    (server, path)
}

#[tokio::test]
async fn each_route_changes_only_a_version_that_the_caller_names() {
    for route in CHANGES {
        let (server, path) = server_with_pause().await;
        let address = format!("{path}/{route}");
        let tag = server.api.get(&path).await.header("etag").to_owned();
        let weak = format!("W/{tag}");
        for tags in
            [&["\"other\""][..], &[&weak], &["\"other\", \"another\""], &["\"\""], &[&weak, "\"other\""]]
        {
            let problem =
                post(&server, &address, valid_body(route), tags).await.problem(412, "changed_meanwhile");
            assert_eq!(problem["detail"], "the session is none of the versions that If-Match names");
            assert_eq!(problem["title"], "Precondition Failed");
        }
        assert_eq!(server.api.get(&path).await.header("etag"), tag, "nothing has changed");
        let changed = post(&server, &address, valid_body(route), &[&tag]).await;
        assert_eq!(changed.status, 200, "{route}: {}", changed.text);
        let again = post(&server, &address, valid_body(route), &[&tag]).await;
        again.problem(412, "changed_meanwhile");
    }
}

#[tokio::test]
async fn lists_and_the_asterisk_are_understood() {
    for list in ["*", "\"other\", TAG", "TAG,\"other\"", "W/TAG, TAG", "\"a,b\" ,TAG"] {
        let (server, path) = server_with_pause().await;
        let tag = server.api.get(&path).await.header("etag").to_owned();
        let response = post(&server, &format!("{path}/withdraw"), "", &[&list.replace("TAG", &tag)]).await;
        assert_eq!(response.status, 200, "{list}: {}", response.text);
    }
    let (server, path) = server_with_pause().await;
    let tag = server.api.get(&path).await.header("etag").to_owned();
    let response = post(&server, &format!("{path}/withdraw"), "", &["\"other\"", &tag]).await;
    assert_eq!(response.status, 200, "several headers are one list: {}", response.text);
}

#[tokio::test]
async fn the_tag_of_any_status_stands_for_the_same_session() {
    let (server, path) = server_with_pause().await;
    let running = server.api.get(&path).await.header("etag").to_owned();
    server.clock.set("2026-01-31T12:05:00.000Z");
    let paused = server.api.get(&path).await.header("etag").to_owned();
    assert_ne!(running, paused);
    let resumed = post(&server, &format!("{path}/resume"), "", &[&running]).await;
    assert_eq!(resumed.status, 200, "{}", resumed.text);
    let stopped = post(&server, &format!("{path}/stop"), "", &[&paused]).await;
    stopped.problem(412, "changed_meanwhile");
    let stopped = post(&server, &format!("{path}/stop"), "", &[resumed.header("etag")]).await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);
}

#[tokio::test]
async fn a_new_session_can_be_changed_under_the_condition_that_nobody_else_has() {
    let server = LocalServer::start();
    let created = server.api.post("/v1/sessions", KNOWN).await;
    server.clock.set("2026-01-31T12:00:10.000Z");
    let address = format!("{}/pause", created.header("location"));
    assert_eq!(post(&server, &address, "", &[created.header("etag")]).await.status, 200);
}

#[tokio::test]
async fn a_malformed_condition_is_an_invalid_field_that_names_the_header() {
    let (server, path) = server_with_pause().await;
    for value in ["", "abc", "\"abc", "*, \"a\"", "W/", "\"a\" \"b\"", "w/\"a\""] {
        let response = post(&server, &format!("{path}/pause"), valid_body("pause"), &[value]).await;
        let message = response.invalid_field("If-Match");
        let expected = "If-Match must be * or a list of entity tags in double quotes, got ";
        assert!(message.starts_with(expected), "{message}");
    }
    let response = post(&server, &format!("{path}/pause"), r#"{"at":5}"#, &["abc"]).await;
    let problem = response.problem(400, "invalid_fields");
    assert_eq!(
        (&problem["errors"][0]["field"], &problem["errors"][1]["field"]),
        (&"at".into(), &"If-Match".into())
    );
}

#[tokio::test]
async fn the_condition_comes_after_the_fields_and_before_the_conflicts() {
    let (server, path) = server_with_pause().await;
    post(&server, &format!("{UNKNOWN}/pause"), "", &["*"]).await.problem(404, "session_not_found");
    post(&server, &format!("{UNKNOWN}/pause"), "", &["abc"]).await.problem(404, "session_not_found");
    post(&server, &format!("{path}/pause"), r#"{"x":1}"#, &["\"other\""]).await.invalid_field("x");
    server.api.post(&format!("{path}/stop"), "").await;
    for route in CHANGES {
        let address = format!("{path}/{route}");
        post(&server, &address, valid_body(route), &["\"other\""]).await.problem(412, "changed_meanwhile");
        post(&server, &address, valid_body(route), &["*"]).await.problem(409, "session_stopped");
    }
}
