//! The list of all sessions.

use std::collections::BTreeSet;

use reqwest::Method;

use super::{KNOWN, delete, list, path_set, paths, walk};
use crate::support::{LocalServer, Response};

#[tokio::test]
async fn sessions_are_listed_as_they_are_read_and_the_newest_first() {
    let server = LocalServer::start();
    assert_eq!(list(&server.api, "").await, (vec![], None));
    let mut created = Vec::new();
    for (number, body) in [
        KNOWN,
        r#"{"tick_ms":50,"metadata":{"b":1,"a":[0.1]},"notice_ms":15000}"#,
        r#"{"tick_ms":100,"schedule":[{"at":"2999-01-01T00:00:00Z","paused":true}],"ttl_seconds":0}"#,
    ]
    .into_iter()
    .enumerate()
    {
        // Ids of one millisecond are in no particular order.
        server.clock.set(&format!("2026-01-31T12:00:00.{number:03}Z"));
        created.push(server.api.create(body).await);
    }
    assert_eq!(server.api.post(&format!("{}/stop", created[0]), "").await.status, 200);
    created.reverse();
    let (sessions, next) = list(&server.api, "").await;
    assert_eq!((paths(&sessions), next), (created.clone(), None));
    for (session, path) in sessions.iter().zip(&created) {
        let read = server.api.get(path).await;
        assert_eq!(*session, read.json());
    }
    let text = server.api.get("/v1/sessions").await.text;
    for path in &created {
        assert!(text.contains(&server.api.get(path).await.text), "the bytes are the same: {text}");
    }
    let head = server.api.request(Method::HEAD, "/v1/sessions").send().await.unwrap();
    let head = Response::read(head).await;
    assert_eq!((head.status, head.text.as_str(), head.header("cache-control")), (200, "", "no-store"));
}

#[tokio::test]
async fn a_part_has_fifty_sessions_unless_the_request_says_otherwise() {
    let server = LocalServer::start();
    let mut created = BTreeSet::new();
    for _ in 0..105 {
        created.insert(server.api.create(KNOWN).await);
    }
    for (query, expected) in [("", 50), ("?limit=1", 1), ("?limit=99", 99), ("?limit=100", 100)] {
        let (sessions, next) = list(&server.api, query).await;
        assert_eq!((sessions.len(), next.is_some()), (expected, true), "{query}");
    }
    for query in ["", "limit=7", "limit=35", "limit=100"] {
        let sessions = walk(&server.api, query).await;
        assert_eq!(path_set(&sessions), created, "{query}");
        let ids: Vec<_> = sessions.iter().map(|session| session["id"].as_str().unwrap()).collect();
        assert!(ids.is_sorted_by(|newer, older| newer > older));
    }
}

#[tokio::test]
async fn a_walk_visits_each_session_once_while_others_are_created_and_deleted() {
    let server = LocalServer::start();
    let (mut kept, mut deleted) = (BTreeSet::new(), Vec::new());
    for number in 0..30 {
        server.clock.set(&format!("2026-01-31T12:00:{number:02}.000Z"));
        kept.insert(server.api.create(r#"{"tick_ms":100}"#).await);
        deleted.push(server.api.create(r#"{"tick_ms":100}"#).await);
    }
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let cursor_in_query = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let (sessions, next) = list(&server.api, &format!("?limit=4{cursor_in_query}")).await;
        found.extend(sessions);
        // The cursor may be that of a session which is deleted.
        for path in deleted.drain(..deleted.len().min(2)).chain(paths(&found).last().cloned()) {
            if !kept.contains(&path) {
                delete(&server.api, &path, &[]).await;
            }
        }
        for at in ["2026-01-31T11:59:59.000Z", "2026-01-31T12:00:15.000Z", "2026-01-31T12:01:00.000Z"] {
            server.clock.set(at);
            if found.len() < 40 {
                server.api.create(KNOWN).await;
            }
        }
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    let missing: Vec<_> = kept.difference(&path_set(&found)).cloned().collect();
    assert_eq!(missing, Vec::<String>::new());
}

#[tokio::test]
async fn an_expired_session_is_not_listed() {
    let server = LocalServer::start();
    let short =
        server.api.create(r#"{"tick_ms":100,"start_at":"2026-01-31T12:00:00Z","ttl_seconds":60}"#).await;
    let long = server.api.create(KNOWN).await;
    server.clock.set("2026-01-31T12:00:59.999Z");
    assert_eq!(path_set(&list(&server.api, "").await.0), BTreeSet::from([short, long.clone()]));
    server.clock.set("2026-01-31T12:01:00.000Z");
    assert_eq!(paths(&list(&server.api, "").await.0), [long]);
}

#[tokio::test]
async fn a_bad_foreign_or_truncated_cursor_is_refused() {
    let server = LocalServer::start();
    for _ in 0..3 {
        server.api.create(KNOWN).await;
    }
    let (_, next) = list(&server.api, "?limit=1").await;
    let next = next.unwrap();
    let foreign = list(&server.api, "?limit=1&status=running").await.1.unwrap();
    assert_ne!(next, foreign);
    for cursor in
        ["", "x", "0", &next[1..], &next[..next.len() - 1], &next.to_uppercase(), &foreign, "%00", "é"]
    {
        let refused = server.api.get(&format!("/v1/sessions?limit=1&cursor={cursor}")).await;
        let message = refused.invalid_field("cursor");
        assert!(message.starts_with("cursor must be the next_cursor of an earlier response, with the same"));
    }
    server.api.get(&format!("/v1/sessions?status=stopped&cursor={foreign}")).await.invalid_field("cursor");
    assert_eq!(list(&server.api, &format!("?limit=2&cursor={next}")).await.0.len(), 2);
}

#[tokio::test]
async fn other_fields_are_refused_with_what_is_allowed() {
    let server = LocalServer::start();
    for (query, field, expected) in [
        ("limit=0", "limit", "limit must be an integer from 1 to 100, got \"0\""),
        ("limit=101", "limit", "limit must be an integer from 1 to 100, got \"101\""),
        ("limit=", "limit", "limit must be an integer from 1 to 100, got \"\""),
        ("limit=1e1", "limit", "limit must be an integer from 1 to 100, got \"1e1\""),
        ("status=Running", "status", "status must be running, paused or stopped, got \"Running\""),
        ("limit=1&limit=1", "limit", "limit appears more than once"),
        ("page=2", "page", "page is not a known field; known fields: limit, status, key, cursor"),
    ] {
        assert_eq!(server.api.get(&format!("/v1/sessions?{query}")).await.invalid_field(field), expected);
    }
    // It may be the key itself.
    let refused = server.api.get("/v1/sessions?key=my%20secret").await;
    let message = refused.invalid_field("key");
    assert!(message.contains("1 to 64 ASCII letters") && !message.contains("secret"), "{message}");
    // Nothing can be said about the cursor of a list that nobody can ask for.
    server.api.get("/v1/sessions?status=x&cursor=y").await.invalid_field("status");
}
