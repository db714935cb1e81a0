//! Two versions side by side: the previous version's binary and this one, during an upgrade and after a rollback.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use tickseed_session::SessionId;
use tickseed_store::test_servers::RedisServer;
use tokio::time::timeout;

use crate::listener::Listener;
use crate::support::{Api, DEADLINE, Process, serve_command};

const SESSION: &str = r#"{"tick_ms":100,"seed":"é","metadata":{"z":1,"a":[0.1,null]}}"#;

/// The previous version's server.
fn previous() -> PathBuf {
    let binary = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/previous/tickseed");
    assert!(binary.exists(), "this test needs the previous version's server: run scripts/build-previous");
    binary
}

fn previous_command(folder: &Path) -> Command {
    let mut command = Command::new(previous());
    command.env_clear().args(["serve", "--port", "0", "--data-dir"]).arg(folder);
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
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, shown).await.expect("the stop shows");
}

async fn assert_same_answer(one: &Api, other: &Api, path: &str) {
    let (one, other) = (one.get(path).await, other.get(path).await);
    assert_eq!((one.status, &one.text, one.header("etag")), (200, &other.text, other.header("etag")));
}

#[tokio::test]
async fn the_embedded_store_survives_an_upgrade_and_a_rollback() {
    const STOPS: [&str; 3] =
        ["2999-01-01T00:00:03.000Z", "2999-01-01T00:00:02.000Z", "2999-01-01T00:00:01.000Z"];
    let folder = TempDir::new().unwrap();
    let mut before = Process::spawn(&mut previous_command(folder.path()));
    let old = before.api.create(SESSION).await;
    stop(&before.api, &old, STOPS[0]).await;
    let expected = before.api.get(&old).await.text;
    before.kill();

    let mut upgraded = Process::start(folder.path());
    assert_eq!(upgraded.api.get(&old).await.text, expected);
    stop(&upgraded.api, &old, STOPS[1]).await;
    let new = upgraded.api.create(SESSION).await;
    let expected = [upgraded.api.get(&old).await.text, upgraded.api.get(&new).await.text];
    upgraded.kill();

    let rolled_back = Process::spawn(&mut previous_command(folder.path()));
    for (path, expected) in [&old, &new].into_iter().zip(expected) {
        assert_eq!(rolled_back.api.get(path).await.text, expected);
        stop(&rolled_back.api, path, STOPS[2]).await;
    }
}

#[tokio::test]
async fn two_versions_share_a_redis() {
    const STOPS: [&str; 2] = ["2999-01-01T00:00:02.000Z", "2999-01-01T00:00:01.000Z"];
    let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
    let before = Process::spawn(previous_command(folder.path()).args(["--store", &redis.address()]));
    let after = Process::spawn(serve_command(folder.path()).args(["--store", &redis.address()]));
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
        let server = Process::spawn(serve_command(folder.path()).args(["--store", &redis.address()]));
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
        let heard: u64 = self.redis.ask(&["EVAL", script, "1", "tickseed:0:replaced", &hex, record]);
        assert_eq!(heard, 1, "the server listens");
    }
}

#[tokio::test]
async fn a_record_of_a_later_version_is_refused_and_never_written() {
    for (form, engine_version) in [("\u{3}\0\0\0\0\0\0\0\u{2}", 1), ("\u{2}\0\0\0\0\0\0\0\u{2}", 2)] {
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
    let fresh =
        Process::spawn(serve_command(stored.redis.folder()).args(["--store", &stored.redis.address()]));
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
