//! `tickseed backup` and `tickseed compact`.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use tempfile::TempDir;
use tickseed_session::SessionStore;
use tokio::time::timeout;

use super::{files, filled, open, status, stderr, tickseed};
use crate::support::{Api, DEADLINE, Process, send_signal};

fn backup(data: &Path, output: &Path) -> std::process::Output {
    let settings = [("TICKSEED_DATA_DIR", data.to_str().unwrap())];
    tickseed(&["backup", "--output", output.to_str().unwrap()], &settings).output().unwrap()
}

/// Creates sessions until `ends`, and returns their paths. Every creation must succeed.
async fn create_until(api: Api, ends: Arc<AtomicBool>) -> Vec<String> {
    let mut paths = Vec::new();
    while !ends.load(Ordering::Relaxed) {
        paths.push(api.create(r#"{"tick_ms":100}"#).await);
    }
    paths
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_server_has_everything_that_was_acknowledged_and_restores_with_one_copy() {
    let (data, backups) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut server = Process::start(data.path());
    let mut acknowledged = Vec::new();
    for _ in 0..50 {
        acknowledged.push(server.api.create(r#"{"tick_ms":100}"#).await);
    }
    let ends = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(create_until(server.api.clone(), Arc::clone(&ends)));
    let file = backups.path().join("backup.redb");
    let (from, to) = (data.path().to_owned(), file.clone());
    let output = tokio::task::spawn_blocking(move || backup(&from, &to)).await.unwrap();
    ends.store(true, Ordering::Relaxed);
    assert!(!writer.await.unwrap().is_empty(), "creating went on");
    let text = stderr(&output, true);
    assert!(text.contains("from the running server") && output.stdout.is_empty(), "{text}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(files(backups.path()), ["backup.redb"]);
    let again = stderr(&backup(data.path(), &file), false);
    assert!(again.contains("exists already, and is not overwritten without --force"), "{again}");

    // The disk is lost, and the backup takes its place.
    server.kill();
    fs::remove_file(data.path().join("sessions.redb")).unwrap();
    fs::copy(&file, data.path().join("sessions.redb")).unwrap();
    let restored = Process::start(data.path());
    for path in &acknowledged {
        assert_eq!(status(&restored.api, path).await, 200, "{path}");
    }
    restored.api.create(r#"{"tick_ms":100}"#).await;
}

#[tokio::test]
async fn a_backup_needs_no_server_and_copes_with_the_socket_of_a_killed_one() {
    let (data, backups) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut server = Process::start(data.path());
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    server.kill();
    assert_eq!(files(data.path()), ["sessions.redb", "sessions.sock"]);
    let file = backups.path().join("backup.redb");
    let text = stderr(&backup(data.path(), &file), true);
    assert!(
        text.contains("1 session and ") && text.contains("from the file, which no server uses"),
        "{text}"
    );
    let server = Process::start(data.path());
    assert_eq!(status(&server.api, &path).await, 200);
    fs::remove_file(&file).unwrap();
    assert!(stderr(&backup(data.path(), &file), true).contains("from the running server"));
}

/// A server that begins to hand a copy out, and then stops answering.
#[tokio::test]
async fn a_signal_ends_a_backup_that_waits_for_its_server_and_no_file_stays() {
    const HEAD: &[u8] = b"{\"version\":1,\"entries\":3,\"sessions\":3,\"bytes\":300}\n";
    const ENTRY: &[u8] = b"\0\0\0\0\x10\0\0\0\x01an id of a sessi{";
    for beginning in [&b""[..], HEAD, &[HEAD, ENTRY].concat()] {
        let (data, backups) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        drop(open(data.path()));
        let listener = UnixListener::bind(data.path().join("sessions.sock")).unwrap();
        let settings = [("TICKSEED_DATA_DIR", data.path().to_str().unwrap())];
        let file = backups.path().join("backup.redb");
        let mut command = tickseed(&["backup", "--output", file.to_str().unwrap()], &settings);
        let backup = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut client, _) = listener.accept().unwrap();
        // The request shows that the command waits, and so that it catches signals.
        let mut request = [0; 7];
        client.read_exact(&mut request).unwrap();
        client.write_all(beginning).unwrap();
        assert_eq!(files(backups.path()).len(), 1, "the file that is being made");
        let process = backup.id();
        send_signal(process, "INT");
        let ended = tokio::task::spawn_blocking(|| backup.wait_with_output().unwrap());
        let output = timeout(DEADLINE, ended).await;
        let output = output.inspect_err(|_| send_signal(process, "KILL")).expect("it ends").unwrap();
        assert_eq!(stderr(&output, false), "error: the backup was cancelled\n");
        assert!(files(backups.path()).is_empty(), "{:?}", files(backups.path()));
    }
}

#[tokio::test]
async fn compact_prints_the_sizes_and_a_kill_in_the_middle_loses_nothing() {
    let data = TempDir::new().unwrap();
    let sessions = filled(data.path(), 3_000).await;
    let (gone, kept) = sessions.split_at(2_800);
    let store = open(data.path());
    join_all(gone.iter().map(|session| store.delete(session.clone(), None))).await;
    drop(store);
    let file = data.path().join("sessions.redb");
    let length = || fs::metadata(&file).unwrap().len();
    let before = length();
    let settings = [("TICKSEED_DATA_DIR", data.path().to_str().unwrap())];
    let mut compaction = tickseed(&["compact"], &settings).spawn().unwrap();
    let deadline = Instant::now() + DEADLINE;
    // It has cut something off, and is at work or just done.
    while length() == before && compaction.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "nothing is cut off");
    }
    drop(compaction.kill());
    compaction.wait().unwrap();
    let store = open(data.path());
    for session in kept {
        assert_eq!(store.find(session.id).await.unwrap().as_ref(), Some(session));
    }
    assert_eq!(store.find(gone[0].id).await.unwrap(), None);
    drop(store);
    let output = tickseed(&["compact"], &settings).output().unwrap();
    stderr(&output, true);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with(&format!("after: {} bytes\n", length())) && length() < before / 2, "{text}");

    let redis = [("TICKSEED_STORE", "redis://u:opensesame@localhost")];
    let text = stderr(&tickseed(&["compact"], &redis).output().unwrap(), false);
    assert!(text.contains("must be embedded for this command") && !text.contains("opensesame"), "{text}");
    let _server = Process::start(data.path());
    let text = stderr(&tickseed(&["compact"], &settings).output().unwrap(), false);
    assert!(text.contains("is in use by another process; stop it"), "{text}");
}
