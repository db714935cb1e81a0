//! Deletions and extensions survive restarts and kills.

use std::collections::BTreeSet;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::{delete, path_set, walk};
use crate::support::{Process, Response};

#[tokio::test]
async fn deletions_and_extensions_survive_a_restart() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let (gone, kept) =
        (server.api.create(r#"{"tick_ms":100}"#).await, server.api.create(r#"{"tick_ms":100}"#).await);
    assert_eq!(delete(&server.api, &gone, &[]).await.status, 204);
    let extended = server.api.post(&format!("{kept}/extend"), r#"{"ttl_seconds":0}"#).await;
    assert_eq!(extended.status, 200, "{}", extended.text);
    server.end();

    let server = Process::start(folder.path());
    server.api.get(&gone).await.problem(404, "session_not_found");
    assert_eq!(server.api.get(&kept).await.text, extended.text);
    assert_eq!(path_set(&walk(&server.api, "").await), BTreeSet::from([kept]));
}

#[tokio::test]
async fn no_acknowledged_deletion_is_lost_when_the_server_is_killed() {
    const SESSIONS: usize = 400;
    const KILLED_AFTER: usize = 100;
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let mut paths = Vec::new();
    for _ in 0..SESSIONS {
        paths.push(server.api.create(r#"{"tick_ms":100}"#).await);
    }
    let (sender, mut acknowledged) = mpsc::unbounded_channel();
    let mut clients = JoinSet::new();
    for paths in paths.chunks(SESSIONS / 20) {
        let (api, paths, sender) = (server.api.clone(), paths.to_vec(), sender.clone());
        clients.spawn(async move {
            for path in paths {
                let Ok(response) = api.request(reqwest::Method::DELETE, &path).send().await else { return };
                assert_eq!(Response::read(response).await.status, 204);
                drop(sender.send(path));
            }
        });
    }
    drop(sender);
    let mut deleted = BTreeSet::new();
    while let Some(path) = acknowledged.recv().await {
        deleted.insert(path);
        if deleted.len() == KILLED_AFTER {
            server.kill();
        }
    }
    assert!((KILLED_AFTER..SESSIONS).contains(&deleted.len()), "{} were deleted", deleted.len());

    let server = Process::start(folder.path());
    let left = path_set(&walk(&server.api, "limit=100").await);
    assert!(left.is_disjoint(&deleted), "what was deleted is gone");
    for path in &paths {
        let expected = if left.contains(path) { 200 } else { 404 };
        assert_eq!(server.api.get(path).await.status, expected, "the list and the reads agree");
    }
}
