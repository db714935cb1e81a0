//! A real Redis for one test, which can be killed, paused and restarted.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use deadpool_redis::redis::{Client, FromRedisValue, cmd};
use tempfile::TempDir;

use tickseed_session::acceptance::DEADLINE;

use super::port::free_port;

const INSTALL: &str = "redis-server is needed for this test: apt-get install -y redis-server";

/// A Redis with its own port and folder. It ends when this is dropped.
pub struct RedisServer {
    folder: TempDir,
    port: u16,
    scheme: &'static str,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a Redis and waits until it answers. It keeps nothing on the disk, unless `arguments` say so (`--appendonly yes`).
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_at("redis", arguments)
    }

    /// As [`start`](Self::start), but only with TLS. `arguments` must name the certificates.
    pub fn start_with_tls(arguments: &[&str]) -> Self {
        Self::start_at("rediss", arguments)
    }

    fn start_at(scheme: &'static str, arguments: &[&str]) -> Self {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let folder = TempDir::new().expect("a folder can be made");
            let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            let mut server = Self { folder, port: free_port(), scheme, arguments, child: None };
            match server.try_start() {
                Ok(()) => return server,
                // Another test has taken the port.
                Err(log) if log.contains("in use") => {}
                Err(log) => panic!("redis-server ended: {log}"),
            }
            assert!(Instant::now() < deadline, "no port is free");
        }
    }

    /// Returns its address: `redis://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Returns its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the folder of its files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sends it a command on a new connection.
    pub fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        ask(&self.address(), words)
    }

    /// Kills it with SIGKILL. Its port stays reserved and its files remain.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
    }

    /// Restarts it on the same port and folder after [`kill`](Self::kill), and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs");
        self.try_start().unwrap_or_else(|log| panic!("redis-server ended: {log}"));
    }

    /// Pauses it with SIGSTOP: its connections stay, and nothing answers.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// Continues it with SIGCONT, as if no time had passed.
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(status.expect("kill is there").success());
    }

    /// Starts it and waits until it is ready. Returns its log if it ends.
    fn try_start(&mut self) -> Result<(), String> {
        let log = self.folder().join("log");
        drop(fs::remove_file(&log));
        let mut child = self.command(&log).spawn().expect(INSTALL);
        let deadline = Instant::now() + DEADLINE;
        loop {
            let written = fs::read_to_string(&log).unwrap_or_default();
            if written.contains("Ready to accept connections") {
                self.child = Some(child);
                return Ok(());
            }
            if child.try_wait().expect("it can be waited for").is_some() {
                return Err(fs::read_to_string(&log).unwrap_or_default());
            }
            assert!(Instant::now() < deadline, "redis-server does not get ready: {written}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn command(&self, log: &Path) -> Command {
        let port = self.port.to_string();
        let ports = if self.scheme == "rediss" { ["0", &port] } else { [&port, "0"] };
        let mut command = Command::new("redis-server");
        command.args(["--port", ports[0], "--tls-port", ports[1], "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--dir"]).arg(self.folder()).arg("--logfile").arg(log);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Sends a command to the Redis at an address, on a new connection.
pub fn ask<T: FromRedisValue>(address: &str, words: &[&str]) -> T {
    let mut connection =
        Client::open(address).and_then(|client| client.get_connection()).expect("it answers");
    let mut command = cmd(words[0]);
    command.arg(&words[1..]).query(&mut connection).expect("it carries the command out")
}

/// A Redis Cluster for one test.
pub struct RedisCluster {
    /// Its nodes, masters first.
    pub nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts a cluster of three masters with this many replicas each, and waits until every node knows all others.
    #[must_use]
    pub fn start(replicas: usize, arguments: &[&str]) -> Self {
        // Nodes list a replica only after it has heard from its master.
        let quickly = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "1"];
        let arguments = [&["--cluster-enabled", "yes"], &quickly[..], arguments].concat();
        let nodes: Vec<_> = (0..3 * (1 + replicas)).map(|_| RedisServer::start(&arguments)).collect();
        let hosts: Vec<_> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create"]).args(&hosts);
        create.args(["--cluster-yes", "--cluster-replicas", &replicas.to_string()]);
        let created = create.output().expect(INSTALL);
        assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
        let cluster = Self { nodes };
        cluster.wait_until_all_know_each_other();
        cluster
    }

    /// Returns its address: `redis+cluster://127.0.0.1:PORT,…`.
    #[must_use]
    pub fn address(&self) -> String {
        let hosts: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    fn wait_until_all_know_each_other(&self) {
        let deadline = Instant::now() + DEADLINE;
        let known = format!("cluster_known_nodes:{}\r\n", self.nodes.len());
        for node in &self.nodes {
            loop {
                let info: String = node.ask(&["CLUSTER", "INFO"]);
                let slots: Vec<Vec<deadpool_redis::redis::Value>> = node.ask(&["CLUSTER", "SLOTS"]);
                let replicas = self.nodes.len() / 3;
                // A range of slots: its first, its last, its master and its replicas.
                let all_named = slots.len() == 3 && slots.iter().all(|range| range.len() == 2 + replicas);
                if info.contains("cluster_state:ok") && info.contains(&known) && all_named {
                    break;
                }
                assert!(Instant::now() < deadline, "the cluster does not get ready: {info}");
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
