//! A server on a Redis that answers, but refuses writes: the log, the readiness and the responses say why, and everything is over
//! by itself when the cause is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use tempfile::TempDir;
use tickseed_store::test_servers::RedisServer;

use super::create;
use crate::listener::Listener;
use crate::support::{Api, DEADLINE, LOOK_EVERY, Process, serve_command, wait_for_lines_with};

/// A server on a Redis of its own.
struct Setup {
    redis: RedisServer,
    server: Process,
    log: PathBuf,
    _folder: TempDir,
}

impl Setup {
    fn start(login: &str) -> Self {
        let (folder, redis) = (TempDir::new().unwrap(), RedisServer::start(&[]));
        redis.ask::<()>(&[
            "ACL",
            "SETUSER",
            "tickseed",
            "on",
            ">opensesame",
            "allkeys",
            "allchannels",
            "+@all",
        ]);
        let (log, address) =
            (folder.path().join("log"), redis.address().replace("redis://", &format!("redis://{login}")));
        let mut command = serve_command(folder.path());
        command.args(["--store", &address]).stderr(File::create(&log).unwrap());
        Self { redis, server: Process::spawn(&mut command), log, _folder: folder }
    }

    fn set(&self, setting: &str, value: &str) {
        self.redis.ask::<()>(&["CONFIG", "SET", setting, value]);
    }

    fn lines_with(&self, words: &str) -> usize {
        lines_with(&self.log, words)
    }

    /// Waits until creating a session fails for this reason, and checks that everything says so.
    async fn assert_refused(&self, reason: &str) {
        let since = Instant::now();
        let refused = loop {
            let response = self.server.api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
            // A connection that was cut off is replaced first.
            if response.text.contains("store_not_writable") {
                break response;
            }
            assert!(since.elapsed() < DEADLINE, "{}", response.text);
            tokio::time::sleep(LOOK_EVERY).await;
        };
        for response in [refused, self.server.api.get("/readyz").await] {
            let problem = response.problem(503, "store_not_writable");
            assert!(problem["detail"].as_str().unwrap().contains(reason), "{problem}");
            assert_eq!(response.header("retry-after"), "1");
        }
        assert_eq!(self.server.api.get("/healthz").await.status, 200);
        for _ in 0..20 {
            self.server.api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
        }
        self.assert_one_line_with(&format!("writes fail: {reason}"));
    }

    /// Waits until the server is ready again.
    async fn assert_recovers(&self) {
        wait_until_ready(&self.server.api).await;
        create(&self.server.api).await;
        self.assert_one_line_with("writes work again");
    }

    fn assert_one_line_with(&self, words: &str) {
        assert_eq!(wait_for_lines_with(&self.log, words), 1, "{words}");
    }
}

fn lines_with(log: &Path, words: &str) -> usize {
    fs::read_to_string(log).unwrap().lines().filter(|line| line.contains(words)).count()
}

async fn wait_until_ready(api: &Api) {
    let since = Instant::now();
    while api.get("/readyz").await.status != 200 {
        assert!(since.elapsed() < DEADLINE, "the server does not recover");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn a_full_redis_refuses_new_sessions_and_stops_reach_listeners() {
    let setup = Setup::start("");
    let api = &setup.server.api;
    let path = create(api).await;
    let (mut listener, _) = Listener::start_with_first_event(api, &path).await;
    setup.set("maxmemory", "1");
    setup.assert_refused("Redis is full").await;
    let stopped = api.post(&format!("{path}/stop"), "").await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    assert_eq!(listener.event().await.event, "stopped");
    setup.set("maxmemory", "0");
    setup.assert_recovers().await;
}

#[tokio::test]
async fn a_full_redis_lets_stops_with_an_idempotency_key_through() {
    const PAUSE: &str = r#"{"at":"2999-01-01T00:00:00Z"}"#;
    let key = |number| format!("\"a key that nobody else can guess {number}\"");
    let setup = Setup::start("");
    let api = &setup.server.api;
    let path = create(api).await;
    let pause = format!("{path}/pause");
    let paused = api.post_once(&pause, &key(1), PAUSE).await;
    assert_eq!(paused.status, 200, "{}", paused.text);
    setup.set("maxmemory", "1");
    setup.assert_refused("Redis is full").await;
    let repeated = api.post_once(&pause, &key(1), PAUSE).await;
    assert_eq!((repeated.status, &repeated.text), (200, &paused.text), "this answer has been kept");
    let stop = format!("{path}/stop");
    let stopped = api.post_once(&stop, &key(2), "").await;
    assert_eq!(stopped.status, 200, "{}", stopped.text);
    // This one has not, so the stop is carried out again, which changes nothing.
    api.post_once(&stop, &key(2), "").await.problem(409, "session_stopped");
    let created = api.post_once("/v1/sessions", &key(3), r#"{"tick_ms":100}"#).await;
    created.problem(503, "store_not_writable");
    setup.set("maxmemory", "0");
    setup.assert_recovers().await;
}

#[tokio::test]
async fn a_redis_that_becomes_a_replica_is_read_only() {
    let setup = Setup::start("");
    // Nobody is the master at this address.
    setup.redis.ask::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    setup.assert_refused("Redis is read-only").await;
    setup.redis.ask::<()>(&["REPLICAOF", "NO", "ONE"]);
    setup.assert_recovers().await;
}

#[tokio::test]
async fn a_redis_can_have_too_few_replicas() {
    let setup = Setup::start("");
    setup.set("min-replicas-to-write", "1");
    setup.assert_refused("Redis has too few replicas").await;
    setup.set("min-replicas-to-write", "0");
    setup.assert_recovers().await;
}

#[tokio::test]
async fn a_redis_can_be_unable_to_save() {
    let setup = Setup::start("");
    // Where the snapshot belongs there is a folder.
    let snapshot = setup.redis.folder().join("dump.rdb");
    fs::create_dir(&snapshot).unwrap();
    setup.set("save", "3600 1");
    save(&setup.redis, "err").await;
    setup.assert_refused("Redis cannot save to its disk").await;
    fs::remove_dir(&snapshot).unwrap();
    save(&setup.redis, "ok").await;
    setup.assert_recovers().await;
}

/// Saves a snapshot and waits for this result.
async fn save(redis: &RedisServer, result: &str) {
    redis.ask::<()>(&["BGSAVE"]);
    let (since, status) = (Instant::now(), format!("rdb_last_bgsave_status:{result}"));
    while !redis.ask::<String>(&["INFO", "persistence"]).contains(&status) {
        assert!(since.elapsed() < DEADLINE, "no snapshot with the result {result}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test]
async fn a_redis_can_withdraw_a_permission() {
    let setup = Setup::start("tickseed:opensesame@");
    let user = |rule: &str| setup.redis.ask::<()>(&["ACL", "SETUSER", "tickseed", rule]);
    user("-set");
    setup.assert_refused("Redis denies this server a permission").await;
    user("+set");
    setup.assert_recovers().await;
}

#[tokio::test]
async fn a_redis_can_change_its_password() {
    let setup = Setup::start("tickseed:opensesame@");
    let user = |rules: &[&str]| setup.redis.ask::<()>(&[&["ACL", "SETUSER", "tickseed"], rules].concat());
    user(&["resetpass", ">changed"]);
    setup.redis.ask::<()>(&["CLIENT", "KILL", "USER", "tickseed"]);
    let since = Instant::now();
    while setup.lines_with("writes fail: Redis refuses the login of this server") == 0 {
        setup.server.api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
        assert!(since.elapsed() < DEADLINE, "the refusal is logged");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    assert_eq!(setup.server.api.get("/readyz").await.status, 503);
    user(&["resetpass", ">opensesame"]);
    setup.assert_recovers().await;
}
