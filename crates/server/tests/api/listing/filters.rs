//! The list of some sessions.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use tempfile::TempDir;
use tickseed_server::app::Options;
use tickseed_session::acceptance::session;
use tickseed_session::{Created, KeyName, MOST_EXAMINED, Session, SessionStore};
use tickseed_store::EmbeddedStore;

use super::{KNOWN, list, path_set, paths, walk};
use crate::support::{LocalServer, TestClock};

#[tokio::test]
async fn the_status_is_that_of_now() {
    let server = LocalServer::start();
    let [running, paused, stopped] =
        [server.api.create(KNOWN).await, server.api.create(KNOWN).await, server.api.create(KNOWN).await];
    let at = r#"{"at":"2026-01-31T12:05:00Z"}"#;
    assert_eq!(server.api.post(&format!("{paused}/pause"), at).await.status, 200);
    assert_eq!(server.api.post(&format!("{stopped}/stop"), at).await.status, 200);
    let all = BTreeSet::from([running.clone(), paused.clone(), stopped.clone()]);
    for (now, expected) in [
        ("2026-01-31T12:04:59.999Z", [all.clone(), BTreeSet::new(), BTreeSet::new()]),
        ("2026-01-31T12:05:00.000Z", [running, paused, stopped].map(|path| BTreeSet::from([path]))),
    ] {
        server.clock.set(now);
        for (status, expected) in ["running", "paused", "stopped"].into_iter().zip(expected) {
            let found = walk(&server.api, &format!("limit=1&status={status}")).await;
            assert_eq!(path_set(&found), expected, "{status} at {now}");
            assert!(found.iter().all(|session| session["status"] == status));
        }
        assert_eq!(path_set(&walk(&server.api, "").await), all);
    }
}

/// Starts a server on a store with these sessions.
async fn server_with(sessions: Vec<Session>) -> (LocalServer, TempDir) {
    let (folder, clock) = (TempDir::new().unwrap(), TestClock::new());
    let store = EmbeddedStore::open(folder.path(), Arc::new(clock.clone())).unwrap();
    let created = join_all(sessions.into_iter().map(|session| store.create(session))).await;
    assert!(created.into_iter().all(|created| created.unwrap() == Created::Yes));
    (LocalServer::with_store(Arc::new(store), clock, Options::default()), folder)
}

fn created_by(name: &str) -> Session {
    Session { key: Some(KeyName::new(name).unwrap()), ..session(0) }
}

fn path_of(session: &Session) -> String {
    format!("/v1/sessions/{}", session.id)
}

#[tokio::test]
async fn a_key_has_the_sessions_that_it_has_created() {
    let (mine, yours, nobodys) = (created_by("studio-1"), created_by("studio-2"), session(0));
    let expected = [("studio-1", path_of(&mine)), ("studio-2", path_of(&yours))];
    let (server, _folder) = server_with(vec![mine, yours, nobodys]).await;
    for (key, path) in &expected {
        let found = walk(&server.api, &format!("key={key}")).await;
        assert_eq!(paths(&found), std::slice::from_ref(path));
        assert!(found[0].get("key").is_none() && found[0].get("control").is_none());
        assert_eq!(walk(&server.api, &format!("key={key}&status=running")).await.len(), 1);
        assert_eq!(walk(&server.api, &format!("key={key}&status=stopped")).await.len(), 0);
    }
    assert_eq!(walk(&server.api, "key=studio-3").await.len(), 0);
    assert_eq!(walk(&server.api, "").await.len(), 3);
}

/// The last sessions that a walk comes to are the only ones that it looks for.
#[tokio::test]
async fn a_request_looks_at_a_bounded_number_of_sessions() {
    const OTHERS: usize = 2 * MOST_EXAMINED + 10;
    let mut sessions: Vec<_> = std::iter::repeat_with(|| session(0)).take(OTHERS).collect();
    sessions.sort_unstable_by_key(|session| session.id);
    for wanted in &mut sessions[..3] {
        wanted.key = KeyName::new("studio").ok();
    }
    let wanted: BTreeSet<_> = sessions[..3].iter().map(path_of).collect();
    let (server, _folder) = server_with(sessions).await;
    let (first, next) = list(&server.api, "?key=studio").await;
    assert_eq!((first.len(), next.is_some()), (0, true), "a part can be empty although the list goes on");
    let (second, next) = list(&server.api, &format!("?key=studio&cursor={}", next.unwrap())).await;
    assert_eq!((second.len(), next.is_some()), (0, true));
    let (third, next) = list(&server.api, &format!("?key=studio&cursor={}", next.unwrap())).await;
    assert_eq!((path_set(&third), next), (wanted.clone(), None));
    assert_eq!(path_set(&walk(&server.api, "key=studio&limit=2").await), wanted);
}
