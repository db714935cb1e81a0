//! `tickseed export` and `tickseed import`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tickseed_session::SessionStore;
use tickseed_store::test_servers::RedisServer;

use super::{files, filled, open, stderr, tickseed};
use crate::support::Process;

/// What no output but the export itself may contain: a seed, metadata, and the hash of a control token.
const SECRETS: [&str; 3] = ["a seed", "opensesame", "a5a5a5"];

fn assert_tells_no_secret(text: &str) {
    assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{text}");
}

#[tokio::test]
async fn a_pipe_moves_all_sessions_to_redis_and_a_file_brings_them_back() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let sessions = filled(from.path(), 30).await;
    let redis = RedisServer::start(&[]);
    let embedded = [("TICKSEED_STORE", "embedded"), ("TICKSEED_DATA_DIR", from.path().to_str().unwrap())];
    let address = redis.address();
    let in_redis = [("TICKSEED_STORE", &*address)];

    let mut export =
        tickseed(&["export"], &embedded).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut import = tickseed(&["import"], &in_redis);
    let imported = stderr(&import.stdin(export.stdout.take().unwrap()).output().unwrap(), true);
    let exported = stderr(&export.wait_with_output().unwrap(), true);
    for text in [&exported, &imported] {
        assert_tells_no_secret(text);
    }
    let digest = |text: &str| text.split_once("digest ").unwrap().1[..64].to_owned();
    assert_eq!(digest(&exported), digest(&imported));
    assert!(
        imported.contains("imported 30 sessions, in ") && imported.contains("read back 30 sessions: as in"),
        "{imported}"
    );

    let (file, data) = (to.path().join("sessions.jsonl"), to.path().join("data"));
    let (file, data) = (file.to_str().unwrap(), data.to_str().unwrap());
    let output = tickseed(&["export", "--output", file], &in_redis).output().unwrap();
    assert_eq!(digest(&stderr(&output, true)), digest(&exported));
    assert!(output.stdout.is_empty());
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let again = stderr(&tickseed(&["export", "--output", file], &in_redis).output().unwrap(), false);
    assert!(again.contains("exists already, and is not overwritten without --force"), "{again}");
    assert!(tickseed(&["export", "--output", file, "--force"], &in_redis).output().unwrap().status.success());

    let import = ["import", "--store", "embedded", "--data-dir", data, "--input", file];
    let dry = stderr(&tickseed(&[&import[..], &["--dry-run"]].concat(), &[]).output().unwrap(), true);
    assert!(dry.contains("would import 30 sessions") && !fs::exists(data).unwrap(), "{dry}");
    for expected in ["imported 30 sessions, in", "imported 0 sessions, 30 sessions already there, in"] {
        let text = stderr(&tickseed(&import, &[]).output().unwrap(), true);
        assert!(text.contains(expected) && text.contains("read back 30 sessions"), "{text}");
        assert_eq!(digest(&text), digest(&exported));
    }
    let store = open(data.as_ref());
    for session in sessions {
        assert_eq!(store.find(session.id).await.unwrap(), Some(session));
    }
}

#[tokio::test]
async fn a_file_with_mistakes_imports_nothing_and_a_stream_up_to_the_mistake() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    filled(from.path(), 3).await;
    let from = from.path().to_str().unwrap();
    let export = tickseed(&["export", "--store", "embedded", "--data-dir", from], &[]).output().unwrap();
    assert!(export.status.success());
    let (file, data) = (to.path().join("cut.jsonl"), to.path().join("data"));
    fs::write(&file, &export.stdout[..export.stdout.len() - 30]).unwrap();
    let import = ["import", "--store", "embedded", "--data-dir", data.to_str().unwrap()];
    let text = stderr(&tickseed(&import, &[]).args(["--input"]).arg(&file).output().unwrap(), false);
    assert!(
        text.contains("nothing was imported") && text.contains("line 5: the file ends within this line"),
        "{text}"
    );
    assert_tells_no_secret(&text);
    assert!(!data.exists());
    let mut command = tickseed(&import, &[]);
    let text = stderr(&command.stdin(fs::File::open(&file).unwrap()).output().unwrap(), false);
    assert!(text.contains("imported 3 sessions") && text.contains("line 5: the file ends within"), "{text}");
    assert!(text.contains("another import of the same export goes on from there"), "{text}");
    assert_tells_no_secret(&text);
    // A text in the wrong place is not shown either.
    let damaged = String::from_utf8(export.stdout)
        .unwrap()
        .replace("\"start_at\":", "\"start_at\":\"a seed\",\"later\":");
    fs::write(&file, damaged).unwrap();
    let text = stderr(&tickseed(&import, &[]).args(["--input"]).arg(&file).output().unwrap(), false);
    assert!(text.contains("line 2: record.start_at: invalid type: string \"…\", expected i64"), "{text}");
    assert_tells_no_secret(&text);
}

#[tokio::test]
async fn conflicts_and_limits_of_the_target_are_errors() {
    let (from, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let sessions = filled(from.path(), 3).await;
    let store = open(to.path());
    let stopped = sessions[0].stopped(tickseed_session::acceptance::now());
    let _ = store.create(stopped.clone()).await.unwrap();
    drop(store);
    let file = from.path().join("sessions.jsonl");
    let (from, to) = (from.path().to_str().unwrap(), to.path().to_str().unwrap());
    let export = ["export", "--store", "embedded", "--data-dir", from, "--output", file.to_str().unwrap()];
    assert!(tickseed(&export, &[]).output().unwrap().status.success());
    let import = ["import", "--store", "embedded", "--data-dir", to, "--input", file.to_str().unwrap()];
    let text = stderr(&tickseed(&import, &[("TICKSEED_MAX_SESSIONS", "2")]).output().unwrap(), false);
    assert!(text.contains("the store has 2 sessions, and may not have more; raise --max-sessions"), "{text}");
    let text = stderr(&tickseed(&import, &[]).output().unwrap(), false);
    let conflict = format!(
        "left out: {}: another record has its id: revision 2 in the store, 1 in the file",
        stopped.id
    );
    assert!(
        text.contains(&conflict) && text.contains("1 session not imported because of a conflict"),
        "{text}"
    );
    assert_tells_no_secret(&text);
}

#[tokio::test]
async fn an_export_makes_no_store_and_says_why_it_cannot_read_one_in_use() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let export = ["export", "--store", "embedded", "--data-dir", data.to_str().unwrap(), "--output"];
    let output = folder.path().join("sessions.jsonl");
    let mut command = tickseed(&export, &[]);
    let text = stderr(&command.arg(&output).output().unwrap(), false);
    assert!(text.contains("error: there is no ") && !data.exists(), "{text}");
    let _server = Process::start(&data);
    let text = stderr(&command.output().unwrap(), false);
    assert!(
        text.contains("is in use by another process") && text.contains("tickseed backup copies the store"),
        "{text}"
    );
    assert_eq!(files(folder.path()), ["data"], "nothing half-written is left");
    let missing = stderr(&tickseed(&["export"], &[]).output().unwrap(), false);
    assert!(missing.contains("--store <ADDRESS>"), "{missing}");
}

/// The whole output goes to a pipe that nobody reads any more.
#[tokio::test]
async fn an_export_whose_reader_has_gone_fails() {
    let folder = TempDir::new().unwrap();
    filled(folder.path(), 200).await;
    let script = "\"$0\" export --store embedded --data-dir \"$1\" | true; exit \"${PIPESTATUS[0]}\"";
    let mut command = Command::new("bash");
    command.args(["-c", script, env!("CARGO_BIN_EXE_tickseed")]).arg(folder.path());
    let text = stderr(&command.output().unwrap(), false);
    assert!(text.contains("the output cannot be written"), "{text}");
}
