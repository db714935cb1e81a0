//! Two versions side by side: the previous version's binary and this one, during an upgrade and after a rollback.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tickseed_session::SessionId;
use tickseed_store::test_servers::RedisServer;
use tokio::time::timeout;

use crate::listener::Listener;
use crate::support::{Api, DEADLINE, LOOK_EVERY, PATIENT, Process, serve_on};

const SESSION: &str = r#"{"tick_ms":100,"seed":"é","metadata":{"z":1,"a":[0.1,null]}}"#;

/// The previous version's server.
fn previous() -> PathBuf {
    let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/previous/tickseed");
    assert!(binary.exists(), "this test needs the previous version's server: run scripts/build-previous");
    binary
}

/// Makes the command that serves with the previous version on a data folder.
pub(crate) fn previous_command(folder: &Path) -> Command {
    let mut command = Command::new(previous());
    command.env_clear().args(["serve", "--port", "0", "--data-dir"]).arg(folder).env(PATIENT.0, PATIENT.1);
    command
}

async fn stop(api: &Api, path: &str, at: &str) {
    let answer = api.post(&format!("{path}/stop"), &format!(r#"{{"at":"{at}"}}"#)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Waits until a server shows that a session stops at `at`. A server that has the session in memory may be a moment behind.
async fn shows_stop(api: &Api, path: &str, at: &str) {
    let shown = async {
        while api.get(path).await.json()["stopped_at"] != at {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, shown).await.expect("the stop shows");
}

/// Waits until a server shows this revision of a session.
async fn shows_revision(api: &Api, path: &str, revision: u64) {
    let shown = async {
        while api.get(path).await.json()["revision"] != revision {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, shown).await.expect("the revision shows");
}

/// Returns a session without a schedule and a notice as the previous version shows it, which knows nothing of either.
async fn without_schedule(api: &Api, path: &str) -> Value {
    let answer = api.get(path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let mut session = answer.json();
    let fields = session.as_object_mut().unwrap();
    for (name, unused) in [("schedule", json!([])), ("notice_ms", json!(0)), ("requires", json!([]))] {
        assert!(fields.remove(name).is_none_or(|value| value == unused), "{name}: {}", answer.text);
    }
    session
}

async fn assert_same_answer(one: &Api, other: &Api, path: &str) {
    assert_eq!(without_schedule(one, path).await, without_schedule(other, path).await);
}

/// Posts to a route of a session, which must succeed.
async fn change(api: &Api, path: &str, route: &str, body: &str) {
    let answer = api.post(&format!("{path}/{route}"), body).await;
    assert_eq!(answer.status, 200, "{route}: {}", answer.text);
}

#[tokio::test]
async fn the_embedded_store_survives_an_upgrade_and_a_rollback() {
    const STOPS: [&str; 3] =
        ["2999-01-01T00:00:03.000Z", "2999-01-01T00:00:02.000Z", "2999-01-01T00:00:01.000Z"];
    let folder = TempDir::new().unwrap();
    let mut before = Process::spawn(&mut previous_command(folder.path()));
    let old = before.api.create(SESSION).await;
    stop(&before.api, &old, STOPS[0]).await;
    let expected = before.api.get(&old).await.json();
    before.kill();

    let mut upgraded = Process::start(folder.path());
    assert_eq!(without_schedule(&upgraded.api, &old).await, expected);
    stop(&upgraded.api, &old, STOPS[1]).await;
    let new = upgraded.api.create(SESSION).await;
    // What has been taken back leaves no trace that the previous version could not read.
    change(&upgraded.api, &old, "pause", r#"{"at":"2998-01-01T00:00:00Z"}"#).await;
    change(&upgraded.api, &old, "withdraw", "").await;
    let expected = [&old, &new].map(|path| without_schedule(&upgraded.api, path));
    let expected = join_all(expected).await;
    upgraded.kill();

    let rolled_back = Process::spawn(&mut previous_command(folder.path()));
    for (path, expected) in [&old, &new].into_iter().zip(expected) {
        assert_eq!(rolled_back.api.get(path).await.json(), expected);
        stop(&rolled_back.api, path, STOPS[2]).await;
    }
}

#[tokio::test]
async fn two_versions_share_a_redis() {
    const STOPS: [&str; 2] = ["2999-01-01T00:00:02.000Z", "2999-01-01T00:00:01.000Z"];
    let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    let before = Process::spawn(previous_command(folder.path()).args(["--store", &redis.address()]));
    let after = Process::spawn(&mut serve_on(folder.path(), &redis));
    for [one, other] in [[&before.api, &after.api], [&after.api, &before.api]] {
        let path = one.create(SESSION).await;
        assert_same_answer(one, other, &path).await;
        let (mut listener, first) = Listener::start_with_first_event(other, &path).await;
        assert_eq!(first.event, "session");
        stop(one, &path, STOPS[0]).await;
        // The version before gives its events other ids.
        let stopped: Value = serde_json::from_str(&listener.event().await.data).unwrap();
        assert_eq!(stopped["stopped_at"], STOPS[0]);
        shows_stop(other, &path, STOPS[0]).await;
        stop(other, &path, STOPS[1]).await;
        shows_stop(one, &path, STOPS[1]).await;
        assert_same_answer(one, other, &path).await;
    }
}

/// Sessions that the previous version cannot read.
const NEWER: [&str; 2] = [
    r#"{"tick_ms":100,"seed":"é","notice_ms":5000}"#,
    r#"{"tick_ms":100,"seed":"é","schedule":[{"at":"2999-01-01T00:00:00Z","paused":true}]}"#,
];

/// Checks that the previous version refuses a session, and has not a word to say about its state.
async fn assert_refuses(previous: &Api, path: &str) {
    for question in [path.to_owned(), format!("{path}/state")] {
        previous.get(&question).await.problem(503, "newer_record");
    }
    previous.post(&format!("{path}/stop"), "").await.problem(503, "newer_record");
    let blocks = Listener::start(previous, path).await.remaining_blocks().await;
    assert!(blocks.len() == 1 && !blocks[0].retry.is_empty(), "the stream ends at once: {blocks:?}");
}

#[tokio::test]
async fn the_version_before_refuses_a_session_with_a_schedule_or_a_notice_and_never_writes_it() {
    let folder = TempDir::new().unwrap();
    let mut upgraded = Process::start(folder.path());
    let mut sessions = Vec::new();
    for body in NEWER {
        let path = upgraded.api.create(body).await;
        sessions.push((upgraded.api.get(&path).await.text, path));
    }
    let plain = upgraded.api.create(SESSION).await;
    upgraded.kill();

    let mut rolled_back = Process::spawn(&mut previous_command(folder.path()));
    for (_, path) in &sessions {
        assert_refuses(&rolled_back.api, path).await;
    }
    stop(&rolled_back.api, &plain, "2999-01-01T00:00:01.000Z").await;
    rolled_back.kill();

    let upgraded = Process::start(folder.path());
    for (text, path) in &sessions {
        assert_eq!(upgraded.api.get(path).await.text, *text);
        stop(&upgraded.api, path, "2999-01-01T00:00:01.000Z").await;
    }
    shows_stop(&upgraded.api, &plain, "2999-01-01T00:00:01.000Z").await;
}

#[tokio::test]
async fn the_version_before_refuses_a_session_for_as_long_as_it_has_a_schedule() {
    let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    let before = Process::spawn(previous_command(folder.path()).args(["--store", &redis.address()]));
    let after = Process::spawn(&mut serve_on(folder.path(), &redis));
    let path = before.api.create(SESSION).await;
    let (listener, first) = Listener::start_with_first_event(&before.api, &path).await;
    assert_eq!(first.event, "session");
    change(&after.api, &path, "pause", r#"{"at":"2999-01-01T00:00:00Z"}"#).await;
    let last = timeout(DEADLINE, listener.remaining_blocks()).await.expect("the stream ends");
    assert!(last.iter().all(|block| !block.is_event()), "it shows no session: {last:?}");
    assert_refuses(&before.api, &path).await;
    change(&after.api, &path, "withdraw", "").await;
    shows_revision(&before.api, &path, 3).await;
    assert_same_answer(&before.api, &after.api, &path).await;
    stop(&before.api, &path, "2999-01-01T00:00:01.000Z").await;
    shows_stop(&after.api, &path, "2999-01-01T00:00:01.000Z").await;
}

/// A Redis with a server on it, and a session in it.
struct Stored {
    redis: RedisServer,
    server: Process,
    path: String,
    _folder: TempDir,
}

impl Stored {
    async fn new() -> Self {
        let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
        let server = Process::spawn(&mut serve_on(folder.path(), &redis));
        let path = server.api.create(SESSION).await;
        Self { redis, server, path, _folder: folder }
    }

    fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    fn key(&self) -> String {
        format!("session:{{{}}}", self.id())
    }

    fn record(&self) -> Vec<u8> {
        self.redis.ask(&["GET", &self.key()])
    }

    /// The JSON of the record without its revision.
    fn fields(&self) -> String {
        let record = String::from_utf8(self.record()).unwrap();
        record.trim_start_matches('\u{1}').replace(r#","revision":1}"#, "}")
    }

    /// Stores a record and publishes it, as the server of another version does. The texts hold bytes below 128 and the seed.
    fn write(&self, record: &str) {
        self.redis.ask::<()>(&["SET", &self.key(), record]);
        let id: SessionId = self.id().parse().unwrap();
        let script = "return redis.call('PUBLISH', KEYS[1], ARGV[1]:gsub('..', function(hex) \
                      return string.char(tonumber(hex, 16)) end) .. ARGV[2])";
        let hex = format!("{:032x}", u128::from_be_bytes(*id.as_bytes()));
        // A server begins to listen soon after it has started.
        let since = Instant::now();
        while self.redis.ask::<u64>(&["EVAL", script, "1", "tickseed:0:replaced", &hex, record]) == 0 {
            assert!(since.elapsed() < DEADLINE, "the server listens");
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

#[tokio::test]
async fn a_record_of_a_later_version_is_refused_and_never_written() {
    for (form, engine_version) in [("\u{4}\0\0\0\0\0\0\0\u{2}", 1), ("\u{2}\0\0\0\0\0\0\0\u{2}", 2)] {
        let stored = Stored::new().await;
        let (api, path) = (&stored.server.api, &stored.path);
        let (mut listener, first) = Listener::start_with_first_event(api, path).await;
        assert_eq!(first.event, "session");
        let fields = stored.fields();
        let fields =
            fields.replace(r#""engine_version":1"#, &format!(r#""engine_version":{engine_version}"#));
        let record = format!("{form}{fields}");
        stored.write(&record);
        let last =
            timeout(DEADLINE, listener.block()).await.unwrap().expect("the stream says when to come back");
        assert!(!last.retry.is_empty() && listener.block().await.is_none(), "the stream ends: {last:?}");
        for question in [path.clone(), format!("{path}/state")] {
            api.get(&question).await.problem(503, "newer_record");
        }
        let blocks = Listener::start(api, path).await.remaining_blocks().await;
        assert!(blocks.len() == 1 && !blocks[0].retry.is_empty(), "the stream ends at once: {blocks:?}");
        api.post(&format!("{path}/stop"), "").await.problem(503, "newer_record");
        assert_eq!(stored.record(), record.as_bytes());
        assert_eq!(api.get("/readyz").await.status, 200, "other sessions can be served");
    }
}

#[tokio::test]
async fn fields_of_a_later_version_survive_a_stop() {
    let stored = Stored::new().await;
    let (api, path) = (&stored.server.api, &stored.path);
    let expected = api.get(path).await.json();
    let fields = stored.fields().replace(r#""created_at""#, r#""label":["é",1.5],"created_at""#);
    stored.write(&format!("\u{2}\0\0\0\0\0\0\0\u{1}{fields}"));
    assert_eq!(api.get(path).await.json(), expected, "the answer has only known fields");
    let fresh = Process::spawn(&mut serve_on(stored.redis.folder(), &stored.redis));
    assert_eq!(fresh.api.get(path).await.json(), expected);
    stop(&fresh.api, path, "2999-01-01T00:00:01.000Z").await;
    let record = String::from_utf8(stored.record()).unwrap();
    assert!(record.starts_with("\u{2}\0\0\0\0\0\0\0\u{2}{"), "{record:?}");
    assert!(
        record.ends_with(r#","label":["é",1.5]}"#) && record.contains(r#""stopped_at":32472144001000"#),
        "{record:?}"
    );
    shows_stop(api, path, "2999-01-01T00:00:01.000Z").await;
}
