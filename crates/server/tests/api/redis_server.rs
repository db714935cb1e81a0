//! A real Redis of a test's own, which can be killed, stopped and started again.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use deadpool_redis::redis::{Client, FromRedisValue, cmd};
use tempfile::TempDir;

use crate::support::DEADLINE;

/// Below the ports that a system gives out by itself, so that nobody takes the one of a Redis that is down; the port that
/// the nodes of a cluster talk on is 10000 above.
const PORTS: std::ops::Range<u16> = 11_000..21_000;

const INSTALL: &str = "redis-server is needed for this test: apt-get install -y redis-server";

/// A Redis on a port of its own, with a folder of its own. It ends when this is dropped.
pub(crate) struct RedisServer {
    folder: TempDir,
    port: u16,
    scheme: &'static str,
    arguments: Vec<String>,
    child: Option<Child>,
}

impl RedisServer {
    /// Starts a Redis that keeps nothing on the disk, unless `arguments` (`--appendonly yes`, say) tell it to, and waits until
    /// it answers.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_at("redis", arguments)
    }

    /// As [`start`](Self::start), but with nothing but TLS; `arguments` have to name the certificates.
    pub(crate) fn start_with_tls(arguments: &[&str]) -> Self {
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
                // Another test was faster and has the port.
                Err(log) if log.contains("in use") => {}
                Err(log) => panic!("redis-server ended: {log}"),
            }
            assert!(Instant::now() < deadline, "no port is free");
        }
    }

    /// Where it is: `redis://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Its port.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The folder that it keeps its files in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Asks it something, on a connection of its own.
    pub(crate) fn ask<T: FromRedisValue>(&self, words: &[&str]) -> T {
        ask(&self.address(), words)
    }

    /// SIGKILL. Its port stays its own, and its files remain.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("it runs");
            child.wait().expect("it ends");
        }
    }

    /// Starts it on the same port and folder after [`kill`](Self::kill), and waits until it answers.
    pub(crate) fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs");
        self.try_start().unwrap_or_else(|log| panic!("redis-server ended: {log}"));
    }

    /// SIGSTOP: its connections stay, and nothing answers.
    pub(crate) fn pause(&self) {
        self.signal("STOP");
    }

    /// SIGCONT: it goes on as if no time had passed.
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status();
        assert!(status.expect("kill is there").success());
    }

    /// Starts it and waits until it is ready, or gives its log if it ends.
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

/// Asks the Redis at an address something, on a connection of its own.
pub(crate) fn ask<T: FromRedisValue>(address: &str, words: &[&str]) -> T {
    let mut connection =
        Client::open(address).and_then(|client| client.get_connection()).expect("it answers");
    let mut command = cmd(words[0]);
    command.arg(&words[1..]).query(&mut connection).expect("it does what it is asked")
}

fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(PORTS)).find(is_free).expect("some port is free")
}

/// A Redis Cluster of a test's own.
pub(crate) struct RedisCluster {
    pub(crate) nodes: Vec<RedisServer>,
}

impl RedisCluster {
    /// Starts a cluster of three masters, each with so many replicas, and waits until all know of all. Masters come first.
    pub(crate) fn start(replicas: usize, arguments: &[&str]) -> Self {
        // Replicas are named only once they have heard from their master.
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
        cluster.wait_until_all_know_of_all();
        cluster
    }

    /// Where it is: `redis+cluster://127.0.0.1:PORT,…`.
    pub(crate) fn address(&self) -> String {
        let hosts: Vec<_> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    fn wait_until_all_know_of_all(&self) {
        let deadline = Instant::now() + DEADLINE;
        let known = format!("cluster_known_nodes:{}\r\n", self.nodes.len());
        for node in &self.nodes {
            loop {
                let info: String = node.ask(&["CLUSTER", "INFO"]);
                let slots: Vec<Vec<deadpool_redis::redis::Value>> = node.ask(&["CLUSTER", "SLOTS"]);
                let replicas = self.nodes.len() / 3;
                // Of a stretch of slots: its first, its last, its master and its replicas.
                let all_named = slots.len() == 3 && slots.iter().all(|stretch| stretch.len() == 2 + replicas);
                if info.contains("cluster_state:ok") && info.contains(&known) && all_named {
                    break;
                }
                assert!(Instant::now() < deadline, "the cluster does not get ready: {info}");
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
