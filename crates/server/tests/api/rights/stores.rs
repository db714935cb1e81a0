//! Rights in the stores: after a restart, on another server, and with sessions that have none.

use data_encoding::HEXLOWER;
use tempfile::TempDir;
use tickseed_store::test_servers::RedisServer;

use super::*;
use crate::support::{PATIENT, Process, serve_command};

/// Starts a server on a folder that asks for tokens and knows the keys of the tests.
fn on_folder(folder: &TempDir, mode: &str) -> Process {
    let keys = folder.path().join("keys");
    std::fs::write(&keys, keys_file()).unwrap();
    let mut command = serve_command(folder.path());
    command.env("TICKSEED_ACCESS", mode).env("TICKSEED_API_KEYS_FILE", keys);
    Process::spawn(&mut command)
}

#[tokio::test]
async fn a_token_outlives_the_server() {
    let folder = TempDir::new().unwrap();
    let mut server = on_folder(&folder, "keys");
    let session = create(&server.api, RUNNING).await;
    server.end();
    let server = on_folder(&folder, "token");
    let path = format!("{}/pause", session.path);
    post_as(&server.api, FOREIGN, &path, "").await.problem(403, "right_missing");
    assert_eq!(post_as(&server.api, &session.token, &path, "").await.status, 200);
}

#[tokio::test]
async fn a_session_from_an_open_server_belongs_to_keys_with_control() {
    let folder = TempDir::new().unwrap();
    let mut server = Process::start(folder.path());
    let path = server.api.create(RUNNING).await;
    server.end();
    let mut server = on_folder(&folder, "token");
    let pause = format!("{path}/pause");
    post(&server.api, &pause, "", None).await.problem(401, "credentials_required");
    post_as(&server.api, FOREIGN, &pause, "").await.problem(403, "right_missing");
    post_as(&server.api, CREATOR, &pause, "").await.problem(403, "right_missing");
    assert_eq!(post_as(&server.api, ADMIN, &pause, "").await.status, 200);
    let token = token_in(&post_as(&server.api, ADMIN, &format!("{path}/token"), "").await);
    assert_eq!(post_as(&server.api, &token, &format!("{path}/resume"), "").await.status, 200);
    server.end();
    // An open server asks for no token, and keeps the one it has.
    let mut server = Process::start(folder.path());
    assert_eq!(server.api.post(&pause, r#"{"replace_later":true}"#).await.status, 200);
    server.end();
    let server = on_folder(&folder, "token");
    assert_eq!(post_as(&server.api, &token, &format!("{path}/stop"), "").await.status, 200);
}

#[tokio::test]
async fn a_new_token_counts_at_once_on_every_server() {
    let (redis, folder) = (RedisServer::start(&[]), TempDir::new().unwrap());
    let keys = folder.path().join("keys");
    std::fs::write(&keys, keys_file()).unwrap();
    let start = || {
        let mut command = serve_command(folder.path());
        command.env("TICKSEED_ACCESS", "keys").env("TICKSEED_API_KEYS_FILE", &keys);
        Process::spawn(command.env("TICKSEED_STORE", redis.address()).env(PATIENT.0, PATIENT.1))
    };
    let (one, other) = (start(), start());
    for _ in 0..20 {
        let session = create(&one.api, RUNNING).await;
        let path = format!("{}/token", session.path);
        // The other server has the session in memory.
        assert_eq!(other.api.get(&session.path).await.status, 200);
        let token = token_in(&post_as(&one.api, &session.token, &path, "").await);
        post_as(&other.api, &session.token, &path, "").await.problem(403, "right_missing");
        assert_eq!(post_as(&other.api, &token, &path, "").await.status, 200);
    }
    let session = create(&one.api, RUNNING).await;
    let key = format!("session:{{{}}}", session.path.rsplit('/').next().unwrap());
    let record: Vec<u8> = redis.ask(&["GET", &key]);
    let record = String::from_utf8_lossy(&record).into_owned();
    assert!(record.starts_with('\u{2}'), "{record:?}");
    let rights = format!(r#","control":"{}","key":"creator"}}"#, HEXLOWER.encode(&sha256(&session.token)));
    assert!(record.ends_with(&rights), "{record:?}");
    assert!(!record.contains(&session.token));
}
