//! Extensions.

use reqwest::Method;

use super::{KNOWN, UNKNOWN};
use crate::listener::Listener;
use crate::support::{LocalServer, Response};

const HOUR: &str = r#"{"ttl_seconds":3600}"#;

async fn extend(server: &LocalServer, path: &str, body: &str) -> Response {
    server.api.post(&format!("{path}/extend"), body).await
}

#[tokio::test]
async fn a_session_exists_for_longer_from_now_or_from_its_start() {
    let server = LocalServer::start();
    let later = r#"{"tick_ms":100,"start_at":"2026-02-01T00:00:00Z","ttl_seconds":60}"#;
    for (body, expires_at) in [(KNOWN, "2026-01-31T13:10:00.000Z"), (later, "2026-02-01T01:00:00.000Z")] {
        server.clock.set("2026-01-31T12:00:00.000Z");
        let path = server.api.create(body).await;
        let before = server.api.get(&path).await.json();
        server.clock.set("2026-01-31T12:10:00.000Z");
        let extended = extend(&server, &path, HOUR).await;
        assert_eq!(
            (extended.status, extended.header("cache-control")),
            (200, "no-store"),
            "{}",
            extended.text
        );
        let read = server.api.get(&path).await;
        assert_eq!((&extended.text, extended.header("etag")), (&read.text, read.header("etag")));
        let mut expected = before;
        expected["expires_at"] = expires_at.into();
        expected["revision"] = 2.into();
        assert_eq!(extended.json(), expected, "nothing else has changed");
        // The end of before is over, and the new one has yet to come.
        let last = expires_at.replace(":00.000Z", ":00.001Z");
        server
            .clock
            .set(&expires_at.replace("10:00.000Z", "09:59.999Z").replace("01:00:00.000Z", "00:59:59.999Z"));
        assert_eq!(server.api.get(&path).await.status, 200);
        server.clock.set(&last);
        server.api.get(&path).await.problem(404, "session_not_found");
        extend(&server, &path, HOUR).await.problem(404, "session_not_found");
    }
}

#[tokio::test]
async fn an_end_only_ever_moves_to_a_later_time() {
    let server = LocalServer::start();
    let path = server.api.create(KNOWN).await;
    for ttl in [1, 3599, 3600] {
        let refused = extend(&server, &path, &format!(r#"{{"ttl_seconds":{ttl}}}"#)).await;
        let problem = refused.problem(409, "expiry_not_later");
        assert_eq!(problem["expires_at"], "2026-01-31T13:00:00.000Z");
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .starts_with("the session expires at 2026-01-31T13:00:00.000Z; ")
        );
    }
    assert_eq!(extend(&server, &path, r#"{"ttl_seconds":3601}"#).await.status, 200);
    let forever = extend(&server, &path, r#"{"ttl_seconds":0}"#).await;
    assert_eq!((forever.status, forever.json().get("expires_at")), (200, None));
    for ttl in [0, 4_294_967_295_u32] {
        let refused = extend(&server, &path, &format!(r#"{{"ttl_seconds":{ttl}}}"#)).await;
        let problem = refused.problem(409, "expiry_not_later");
        assert!(problem.get("expires_at").is_none());
        assert_eq!(problem["detail"], "the session never expires, so it cannot be extended");
    }
    server.clock.set("2099-01-31T12:00:00.000Z");
    assert_eq!(server.api.get(&path).await.json()["revision"], 3);
}

#[tokio::test]
async fn invalid_requests_are_refused_with_what_is_allowed() {
    let server = LocalServer::start();
    extend(&server, UNKNOWN, "{}").await.problem(404, "session_not_found");
    let path = server.api.create(KNOWN).await;
    for (body, expected) in [
        ("{}", "ttl_seconds is required"),
        ("", "ttl_seconds is required"),
        (r#"{"ttl_seconds":-1}"#, "ttl_seconds must be an integer from 0 to 4294967295, got -1"),
        (r#"{"ttl_seconds":"60"}"#, "ttl_seconds must be an integer from 0 to 4294967295, got \"60\""),
    ] {
        assert_eq!(extend(&server, &path, body).await.invalid_field("ttl_seconds"), expected);
    }
    let body = r#"{"ttl_seconds":7200}"#;
    server.api.post(&format!("{path}/extend?ttl_seconds=1"), body).await.invalid_field("ttl_seconds");
    let tag = server.api.get(&path).await.header("etag").to_owned();
    let with_tag = async |tag: &str| {
        let request = server.api.request(Method::POST, &format!("{path}/extend")).header("if-match", tag);
        let request = request.header("content-type", "application/json").body(body);
        Response::read(request.send().await.unwrap()).await
    };
    with_tag("\"other\"").await.problem(412, "changed_meanwhile");
    assert_eq!(with_tag(&tag).await.status, 200);
    with_tag(&tag).await.problem(412, "changed_meanwhile");
}

#[tokio::test]
async fn listeners_hear_of_the_new_end() {
    let server = LocalServer::start();
    let body = r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z","ttl_seconds":60}"#;
    let path = server.api.create(body).await;
    let (mut listener, _) = Listener::start_with_first_event(&server.api, &path).await;
    let extended = extend(&server, &path, r#"{"ttl_seconds":120}"#).await;
    let event = listener.event().await;
    assert_eq!((event.event.as_str(), &event.data), ("changed", &extended.text));
    assert_eq!(event.id, extended.header("etag"));
    server.clock.set("2026-01-31T12:02:00.000Z");
    assert_eq!(listener.event().await.event, "expired");
}

/// A session with a notice can be extended at once, because that changes no state.
#[tokio::test]
async fn the_notice_does_not_apply() {
    let server = LocalServer::start();
    let path = server.api.create(r#"{"tick_ms":100,"notice_ms":86400000,"ttl_seconds":60}"#).await;
    let before = server.api.get(&path).await.header("tickseed-settled-until").to_owned();
    let extended = extend(&server, &path, HOUR).await;
    assert_eq!(extended.status, 200, "{}", extended.text);
    assert!(!before.is_empty() && extended.header("tickseed-settled-until") >= before.as_str());
    let stop = server.api.post(&format!("{path}/stop"), "").await;
    assert_eq!(stop.status, 200, "{}", stop.text);
}

/// A stopped session is kept for as long as somebody wants to look at it.
#[tokio::test]
async fn a_stopped_session_can_be_extended() {
    let server = LocalServer::start();
    let path = server.api.create(KNOWN).await;
    assert_eq!(server.api.post(&format!("{path}/stop"), "").await.status, 200);
    let stopped_at = server.api.get(&path).await.json()["stopped_at"].clone();
    let extended = extend(&server, &path, r#"{"ttl_seconds":7200}"#).await.json();
    assert_eq!((&extended["stopped_at"], extended["status"].as_str()), (&stopped_at, Some("stopped")));
    assert_eq!(extended["expires_at"], "2026-01-31T14:00:00.000Z");
}
