//! The real binary on a machine whose clock is wrong, or is set while it runs. libfaketime pretends that.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use tickseed_store::test_servers::RedisServer;

use crate::operation::eventually;
use crate::support::{Api, PATIENT, Process, serve_command, wait_for_lines_with};

/// The clock of a machine, which a test sets.
struct FakeClock {
    folder: TempDir,
}

impl FakeClock {
    /// Makes a clock that is this many seconds ahead.
    fn ahead(seconds: &str) -> Self {
        let clock = Self { folder: TempDir::new().unwrap() };
        clock.set_ahead(seconds);
        clock
    }

    /// Sets the clock to this many seconds ahead of the real time, such as `+0.2`.
    fn set_ahead(&self, seconds: &str) {
        // Another file in its place, so that nobody reads half of it.
        let new = self.folder.path().join("new");
        fs::write(&new, seconds).unwrap();
        fs::rename(new, self.file()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ahead")
    }

    /// Makes a command use this clock.
    fn apply_to<'command>(&self, command: &'command mut Command) -> &'command mut Command {
        command.env("LD_PRELOAD", library()).env("FAKETIME_TIMESTAMP_FILE", self.file());
        // Read the file again for every question. The uptime of the machine is not set with its clock.
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command.env("DONT_FAKE_MONOTONIC", "1")
    }
}

/// Returns the library for this processor.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut libraries = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    libraries
        .find(|library| library.exists())
        .expect("libfaketime is needed for this test: apt-get install -y faketime")
}

/// A server on a Redis, or with a store of its own, whose clock the test sets.
struct Server {
    process: Process,
    clock: FakeClock,
    log: PathBuf,
    folder: TempDir,
}

impl Server {
    fn start(ahead: &str, configure: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        Self::start_in(TempDir::new().unwrap(), ahead, configure)
    }

    fn start_in(folder: TempDir, ahead: &str, configure: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let (clock, log) = (FakeClock::ahead(ahead), folder.path().join("log"));
        let mut command = serve_command(folder.path());
        let process = Process::from_log(clock.apply_to(configure(&mut command)), &log);
        wait_for_lines_with(&log, "the store is open");
        Self { process, clock, log, folder }
    }

    fn on(redis: &RedisServer, ahead: &str) -> Self {
        Self::start(ahead, |command| command.args(["--store", &redis.address()]).env(PATIENT.0, PATIENT.1))
    }

    const fn api(&self) -> &Api {
        &self.process.api
    }

    async fn is_ready(&self) -> bool {
        self.api().get("/readyz").await.status == 200
    }

    /// Waits until the server is not ready, because its clock is wrong.
    async fn becomes_unready(&self) {
        let refused = async || self.api().get("/readyz").await.text.contains("clock_unsure");
        eventually("the clock has been measured", refused).await;
    }

    async fn time(&self) -> Value {
        self.api().get("/v1/time").await.json()
    }

    /// Ends the server, and returns its folder.
    fn end(mut self) -> TempDir {
        self.process.end();
        self.folder
    }
}

#[tokio::test]
async fn two_servers_whose_clocks_differ_are_not_both_ready() {
    let redis = RedisServer::start(&[]);
    let (right, wrong) = (Server::on(&redis, "+0"), Server::on(&redis, "+2"));
    wrong.becomes_unready().await;
    eventually("the other server is ready", async || right.is_ready().await).await;
    let problem = wrong.api().get("/readyz").await.problem(503, "clock_unsure");
    let detail = problem["detail"].as_str().unwrap();
    let distance = detail.split_once("may be ").and_then(|(_, rest)| rest.split_once(" ms"));
    let distance: u64 = distance.expect(detail).0.parse().unwrap();
    assert!((1_900..60_000).contains(&distance) && detail.contains("NTP"), "{detail}");
    assert_eq!(wrong.api().get("/healthz").await.status, 200);
    wait_for_lines_with(&wrong.log, "/readyz responds with 503");
    // It is ready by itself when its clock is right.
    wrong.clock.set_ahead("+0");
    eventually("both are ready", async || wrong.is_ready().await && right.is_ready().await).await;
    for ahead in ["-0.3", "+0.3", "-3600", "+3600"] {
        wrong.clock.set_ahead(ahead);
        assert!(!wrong.is_ready().await, "a clock that is set is noticed at once: {ahead}");
        wrong.clock.set_ahead("+0");
        eventually("it is ready again", async || wrong.is_ready().await).await;
    }
}

#[tokio::test]
async fn memory_does_not_make_a_server_with_a_wrong_clock_ready() {
    let redis = RedisServer::start(&[]);
    let wrong = Server::start("-1", |command| {
        command.args(["--store", &redis.address(), "--ready-from-memory", "on"])
    });
    wrong.becomes_unready().await;
}

#[tokio::test]
async fn a_clock_that_is_set_gives_its_time_under_another_name() {
    let server = Server::start("+0", |command| command);
    let mut names = Vec::new();
    for (ahead, seconds) in [("+0", 0.0), ("+0.2", 0.2), ("-3600", -3_600.2), ("+0", 3_600.0)] {
        let before = names.last().map(|(_, sent_us)| *sent_us);
        server.clock.set_ahead(ahead);
        let time = server.time().await;
        let (name, sent_us) = (time["server"].to_string(), time["sent_us"].as_f64().unwrap());
        assert!(names.iter().all(|(known, _)| *known != name), "{ahead}: {names:?}");
        let stepped = before.map_or(0.0, |before| (sent_us - before) / 1e6);
        assert!(stepped >= seconds && stepped < seconds + 30.0, "{ahead}: {stepped}");
        assert_eq!(server.time().await["server"].to_string(), name, "it keeps that name");
        names.push((name, sent_us));
    }
}

/// Returns how long sweeping waits, in seconds.
async fn sweeping_waits(server: &Server) -> f64 {
    let text = fs::read_to_string(&server.log).unwrap();
    let (_, fields) = text.split_once(" metrics=").expect("the log names the address");
    let metrics = Api::new(format!("http://{}", fields.split_whitespace().next().unwrap()));
    let text = metrics.get("/metrics").await.text;
    let value = text.lines().find_map(|line| line.strip_prefix("tickseed_sweeping_waits_seconds "));
    value.expect("the metric is there").parse().unwrap()
}

const WITH_METRICS: [&str; 2] = ["--metrics-addr", "127.0.0.1:0"];

#[tokio::test]
async fn a_clock_that_steps_ahead_makes_sweeping_wait() {
    let server = Server::start("+0", |command| command.args(WITH_METRICS));
    let path = server.api().create(r#"{"tick_ms":100,"ttl_seconds":600}"#).await;
    assert!(sweeping_waits(&server).await < 0.5);
    server.clock.set_ahead("+3600");
    assert_eq!(server.api().get(&path).await.status, 404, "by this clock, it has expired");
    let waits = sweeping_waits(&server).await;
    assert!((3_500.0..=3_601.0).contains(&waits), "{waits}");
    for ahead in ["+0.2", "-3600"] {
        server.clock.set_ahead(ahead);
        assert!(sweeping_waits(&server).await < 0.5, "nothing is removed too early: {ahead}");
        assert_eq!(server.api().get(&path).await.status, 200, "{ahead}");
    }
}

#[tokio::test]
async fn a_start_two_days_ahead_removes_nothing_until_the_operator_confirms_the_clock() {
    const TWO_DAYS: &str = "+172800";
    const DOUBT: &str = "so expired sessions are kept for now";
    let server = Server::start("+0", |command| command);
    let path = server.api().create(r#"{"tick_ms":100,"ttl_seconds":600}"#).await;
    let folder = server.end();

    let ahead = Server::start_in(folder, TWO_DAYS, |command| command.args(WITH_METRICS));
    assert_eq!(ahead.api().get(&path).await.status, 404);
    wait_for_lines_with(&ahead.log, DOUBT);
    let waits = sweeping_waits(&ahead).await;
    assert!((21_000.0..=21_600.0).contains(&waits), "six hours at most: {waits}");
    let folder = ahead.end();

    let right = Server::start_in(folder, "+0", |command| command);
    assert_eq!(right.api().get(&path).await.status, 200, "it has not been removed");
    let folder = right.end();

    let confirmed = Server::start_in(folder, TWO_DAYS, |command| {
        command.args(["--clock-confirmed-until", "9999-01-01T00:00:00Z"])
    });
    wait_for_lines_with(&confirmed.log, "removed expired sessions");
    assert!(!fs::read_to_string(&confirmed.log).unwrap().contains(DOUBT));
    let folder = confirmed.end();
    let right = Server::start_in(folder, "+0", |command| command);
    assert_eq!(right.api().get(&path).await.status, 404, "it is gone");
}
