//! The control token of a session, and its replacement.

use super::*;
use crate::listener::Listener;

#[tokio::test]
async fn a_replaced_token_gives_no_right() {
    let server = start(AccessMode::Token);
    let session = create(&server.api, RUNNING).await;
    let path = format!("{}/token", session.path);
    let replaced = post_as(&server.api, &session.token, &path, "").await;
    let token = token_in(&replaced);
    assert_ne!(token, session.token);
    assert_eq!(replaced.json().as_object().unwrap().len(), 2);
    let read = server.api.get(&session.path).await;
    assert_eq!(replaced.header("etag"), read.header("etag"));
    assert_eq!(read.json()["revision"], 2);

    let stop = format!("{}/stop", session.path);
    for refused in [&path, &stop] {
        post_as(&server.api, &session.token, refused, "").await.problem(403, "right_missing");
    }
    assert_eq!(post_as(&server.api, &token, &stop, "").await.status, 200);
    // A stopped session can still be deleted by its token one day.
    assert_ne!(token_in(&post_as(&server.api, &token, &path, "").await), token);
}

#[tokio::test]
async fn a_key_with_control_replaces_a_lost_token() {
    let server = start(AccessMode::Keys);
    let session = create(&server.api, RUNNING).await;
    let path = format!("{}/token", session.path);
    let token = token_in(&post_as(&server.api, ADMIN, &path, "").await);
    let pause = format!("{}/pause", session.path);
    post_as(&server.api, &session.token, &pause, "").await.problem(403, "right_missing");
    assert_eq!(post_as(&server.api, &token, &pause, "").await.status, 200);
}

#[tokio::test]
async fn of_two_replacements_at_once_one_is_refused() {
    let server = start(AccessMode::Token);
    let session = create(&server.api, RUNNING).await;
    let path = format!("{}/token", session.path);
    let replace = || post_as(&server.api, &session.token, &path, "");
    let responses = futures_util::future::join_all((0..8).map(|_| replace())).await;
    let replaced: Vec<_> = responses.iter().filter(|response| response.status == 200).collect();
    assert_eq!(replaced.len(), 1, "{responses:?}");
    for response in responses.iter().filter(|response| response.status != 200) {
        response.problem(403, "right_missing");
    }
    let stop = format!("{}/stop", session.path);
    assert_eq!(post_as(&server.api, &token_in(replaced[0]), &stop, "").await.status, 200);
}

#[tokio::test]
async fn a_replacement_honours_if_match_and_takes_no_fields() {
    let server = start(AccessMode::Token);
    let session = create(&server.api, RUNNING).await;
    let path = format!("{}/token", session.path);
    let with_tag = async |tag: &str| {
        let request = server.api.request(Method::POST, &path).bearer_auth(&session.token);
        Response::read(request.header("if-match", tag).send().await.unwrap()).await
    };
    with_tag(r#""another""#).await.problem(412, "changed_meanwhile");
    let message = post_as(&server.api, &session.token, &path, r#"{"control_token":"mine"}"#).await;
    assert!(!message.invalid_field("control_token").contains("mine"));
    let tag = server.api.get(&session.path).await.header("etag").to_owned();
    assert_eq!(with_tag(&tag).await.status, 200);
}

#[tokio::test]
async fn a_replacement_reaches_listeners_as_a_change_of_nothing() {
    let server = start(AccessMode::Token);
    let session = create(&server.api, RUNNING).await;
    let mut listener = Listener::start(&server.api, &session.path).await;
    let first = listener.event().await;
    let replaced = post_as(&server.api, &session.token, &format!("{}/token", session.path), "").await;
    let event = listener.event().await;
    assert_eq!((event.event.as_str(), event.revision()), ("changed", 2));
    assert_eq!(event.data.replace(r#""revision":2"#, r#""revision":1"#), first.data);
    assert_eq!(event.id, replaced.header("etag"));
}

#[tokio::test]
async fn a_session_with_a_notice_can_get_another_token_at_any_time() {
    let server = start(AccessMode::Token);
    let session =
        create(&server.api, r#"{"tick_ms":100,"start_at":"2026-01-31T11:59:00Z","notice_ms":86400000}"#)
            .await;
    let path = format!("{}/token", session.path);
    let settled = server.api.get(&session.path).await.header("tickseed-settled-until").to_owned();
    let replaced = post_as(&server.api, &session.token, &path, "").await;
    token_in(&replaced);
    assert_eq!(replaced.header("tickseed-settled-until"), settled, "the promise stays");
}

/// A random text is never a token by chance.
#[test]
fn tokens_differ() {
    let tokens: std::collections::HashSet<_> =
        (0..1_000).map(|_| NewSecret::control_token().unwrap().reveal().to_owned()).collect();
    assert_eq!(tokens.len(), 1_000);
}
