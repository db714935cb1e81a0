//! The list, deletions and extensions, next to a server of the previous version, which lacks them.

use std::collections::BTreeSet;
use std::time::Instant;

use tempfile::TempDir;
use tickseed_store::test_servers::RedisServer;

use super::{delete, path_set, walk};
use crate::listener::Listener;
use crate::several::pair::{Observation, wait_until};
use crate::support::{Api, DEADLINE, LOOK_EVERY, Process, serve_command};
use crate::upgrade::previous_command;

const SESSION: &str = r#"{"tick_ms":100,"ttl_seconds":3600}"#;

async fn wait_until_listed(api: &Api, expected: &BTreeSet<String>) {
    let since = Instant::now();
    while path_set(&walk(api, "").await) != *expected {
        assert!(since.elapsed() < DEADLINE, "the list is not complete");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn sessions_of_the_version_before_are_listed_once_a_server_has_started_after_it() {
    let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    let store = redis.address();
    let mut before = Process::spawn(previous_command(folder.path()).args(["--store", &store]));
    let mut expected = BTreeSet::from([before.api.create(SESSION).await]);
    let after = Process::spawn(serve_command(folder.path()).args(["--store", &store]));
    wait_until_listed(&after.api, &expected).await;
    // This one comes too late for the look through all keys.
    expected.extend([before.api.create(SESSION).await, after.api.create(SESSION).await]);
    before.end();
    let last = Process::spawn(serve_command(folder.path()).args(["--store", &store]));
    for server in [&last, &after] {
        wait_until_listed(&server.api, &expected).await;
    }
}

#[tokio::test]
async fn the_version_before_takes_a_deletion_for_the_end_of_a_session() {
    let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    let before = Process::spawn(previous_command(folder.path()).args(["--store", &redis.address()]));
    let after = Process::spawn(serve_command(folder.path()).args(["--store", &redis.address()]));
    for creator in [&before, &after] {
        let path = creator.api.create(SESSION).await;
        wait_until(&before.api, &path, Observation::is_running).await;
        let (mut listener, _) = Listener::start_with_first_event(&before.api, &path).await;
        let extended = after.api.post(&format!("{path}/extend"), r#"{"ttl_seconds":7200}"#).await;
        assert_eq!(extended.status, 200, "{}", extended.text);
        let event = listener.event().await;
        assert_eq!(event.json()["expires_at"], extended.json()["expires_at"], "{event:?}");
        // The version before goes on to change it.
        let stopped = before.api.post(&format!("{path}/stop"), "").await;
        assert_eq!(stopped.status, 200, "{}", stopped.text);
        assert_eq!(listener.event().await.event, "stopped");
        wait_until(&after.api, &path, Observation::is_stopped).await;
        assert_eq!(delete(&after.api, &path, &[]).await.status, 204);
        assert_eq!(listener.event().await.event, "expired");
        before.api.get(&path).await.problem(404, "session_not_found");
        before.api.post(&format!("{path}/stop"), "").await.problem(404, "session_not_found");
    }
}

#[tokio::test]
async fn the_file_of_the_version_before_is_listed_at_once() {
    let folder = TempDir::new().unwrap();
    let mut before = Process::spawn(&mut previous_command(folder.path()));
    let expected = BTreeSet::from([before.api.create(SESSION).await, before.api.create(SESSION).await]);
    before.kill();
    let mut after = Process::start(folder.path());
    assert_eq!(path_set(&walk(&after.api, "").await), expected);
    let gone = expected.first().unwrap();
    assert_eq!(delete(&after.api, gone, &[]).await.status, 204);
    after.kill();
    let before = Process::spawn(&mut previous_command(folder.path()));
    before.api.get(gone).await.problem(404, "session_not_found");
    assert_eq!(before.api.get(expected.last().unwrap()).await.status, 200);
}
