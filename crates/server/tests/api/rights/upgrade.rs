//! Rights beside the version before, which knows none.

use data_encoding::HEXLOWER;
use tempfile::TempDir;
use tickseed_store::test_servers::RedisServer;

use super::*;
use crate::support::{Process, serve_command};
use crate::upgrade::previous_command;

const STOPS: [&str; 3] = [
    r#"{"at":"2999-01-01T00:00:03Z"}"#,
    r#"{"at":"2999-01-01T00:00:02Z"}"#,
    r#"{"at":"2999-01-01T00:00:01Z"}"#,
];

#[tokio::test]
async fn no_right_is_lost_when_the_version_before_changes_a_session() {
    let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    let keys = folder.path().join("keys");
    std::fs::write(&keys, keys_file()).unwrap();
    let before = Process::spawn(previous_command(folder.path()).args(["--store", &redis.address()]));
    let mut command = serve_command(folder.path());
    command.args(["--store", &redis.address(), "--access", "keys", "--api-keys-file"]).arg(&keys);
    let after = Process::spawn(&mut command);

    let session = create(&after.api, RUNNING).await;
    let rights = format!(r#","control":"{}","key":"creator"}}"#, HEXLOWER.encode(&sha256(&session.token)));
    let assert_stored = |revision: u8| {
        let key = format!("session:{{{}}}", session.path.rsplit('/').next().unwrap());
        let record: Vec<u8> = redis.ask(&["GET", &key]);
        assert_eq!(record[..9], [2, 0, 0, 0, 0, 0, 0, 0, revision]);
        assert!(record.ends_with(rights.as_bytes()), "{}", String::from_utf8_lossy(&record));
    };
    assert_stored(1);
    let stop = format!("{}/stop", session.path);
    // It asks for no right, and shows none.
    let stopped = before.api.post(&stop, STOPS[0]).await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    assert_stored(2);
    assert!(!before.api.get(&session.path).await.text.contains("control"));

    post(&after.api, &stop, STOPS[1], None).await.problem(401, "credentials_required");
    post_as(&after.api, FOREIGN, &stop, STOPS[1]).await.problem(403, "right_missing");
    assert_eq!(post_as(&after.api, &session.token, &stop, STOPS[1]).await.status, 200);
    assert_stored(3);
    assert_eq!(before.api.post(&stop, STOPS[2]).await.status, 200);
    assert_eq!(post_as(&after.api, &session.token, &format!("{}/token", session.path), "").await.status, 200);
}

#[tokio::test]
async fn no_right_is_lost_in_a_rollback() {
    let folder = TempDir::new().unwrap();
    let tokens = |folder: &TempDir| {
        let mut command = serve_command(folder.path());
        Process::spawn(command.args(["--access", "token"]))
    };
    let mut upgraded = tokens(&folder);
    let session = create_without_key(&upgraded.api).await;
    upgraded.end();
    let stop = format!("{}/stop", session.path);
    let mut rolled_back = Process::spawn(&mut previous_command(folder.path()));
    assert_eq!(rolled_back.api.post(&stop, STOPS[0]).await.status, 200);
    rolled_back.kill();
    let upgraded = tokens(&folder);
    post(&upgraded.api, &stop, STOPS[1], None).await.problem(401, "credentials_required");
    assert_eq!(post_as(&upgraded.api, &session.token, &stop, STOPS[1]).await.status, 200);
}

async fn create_without_key(api: &Api) -> Controlled {
    let created = post(api, "/v1/sessions", RUNNING, None).await;
    Controlled { path: created.header("location").to_owned(), token: token_in(&created) }
}
