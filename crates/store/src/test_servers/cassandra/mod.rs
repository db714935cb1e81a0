//! Real nodes of Cassandra for tests, which can be killed, paused and restarted.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use scylla::client::session_builder::SessionBuilder;
use scylla::value::{CqlValue, Row};
use tempfile::TempDir;

/// The jars of Cassandra, which scripts/install-tools has put there.
const JARS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/cassandra-5.0.5");

const INSTALL: &str = "Cassandra is needed for this test: scripts/install-tools --stores";

/// How long a node may take to start, on a busy machine.
const START_TIMEOUT: Duration = Duration::from_mins(3);

/// How often the log of a starting node is read.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The ports of clients and of other nodes. Every node has an address of its own.
const PORTS: [u16; 2] = [9042, 7000];

/// A node with its own address and folder. It ends when this is dropped, or the process ends.
pub struct CassandraNode {
    /// Missing if somebody else removes the folder.
    _temporary: Option<TempDir>,
    folder: PathBuf,
    host: String,
    running: Option<Running>,
}

/// A node that runs, and the process that ends it.
struct Running {
    process: String,
    keeper: Child,
}

impl CassandraNode {
    /// Returns the node that all tests of this process share. It ends with the process.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<CassandraNode> = OnceLock::new();
        SHARED.get_or_init(|| {
            let folder = TempDir::new().expect("a folder can be made").keep();
            let host = format!("{}.1", free_network());
            let mut node = Self::new(None, folder, host, "");
            node.start(true);
            node
        })
    }

    fn new(temporary: Option<TempDir>, folder: PathBuf, host: String, more: &str) -> Self {
        let network = host.rsplit_once('.').map_or("", |(network, _)| network);
        let yaml = include_str!("cassandra.yaml");
        let yaml = yaml.replace("HOST", &host).replace("SEED", &format!("{network}.1"));
        let yaml = yaml.replace("FOLDER", &folder.display().to_string());
        fs::write(folder.join("cassandra.yaml"), yaml + more).expect("the settings can be written");
        fs::write(folder.join("logback.xml"), include_str!("logback.xml")).expect("they can be written");
        Self { _temporary: temporary, folder, host, running: None }
    }

    /// Returns the address of a keyspace, with options such as `migrate=true`.
    #[must_use]
    pub fn address(&self, keyspace: &str, options: &str) -> String {
        format!("cassandra://{}/{keyspace}?{options}", self.host)
    }

    /// Returns its host and port.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.host, PORTS[0])
    }

    /// Sends it a statement on a new connection. Returns the rows, with their values as CQL writes them.
    pub async fn ask(&self, text: &str) -> Vec<Vec<String>> {
        let driver = SessionBuilder::new().known_node(self.name()).build().await.expect("it answers");
        let answer = driver.query_unpaged(text, ()).await.expect("it carries the statement out");
        let Ok(rows) = answer.into_rows_result() else { return Vec::new() };
        let written =
            |value: Option<CqlValue>| value.map_or_else(|| "null".to_owned(), |value| value.to_string());
        let rows = rows.rows::<Row>().expect("they can be read").map(|row| row.expect("it can be read"));
        rows.map(|row| row.columns.into_iter().map(written).collect()).collect()
    }

    /// Kills it with SIGKILL. Its address stays its own and its files remain.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.end();
        }
    }

    /// Restarts it after [`kill`](Self::kill), and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs");
        self.start(false);
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
        let process = &self.running.as_ref().expect("it runs").process;
        let status = Command::new("kill").args([&format!("-{name}"), process]).status();
        assert!(status.expect("kill is there").success());
    }

    /// Starts it and waits until it is ready. Whoever ends it removes the folder, if it is nobody else's.
    fn start(&mut self, removes_folder: bool) {
        assert!(Path::new(JARS).exists(), "{INSTALL}");
        let log = self.folder.join("log");
        drop(fs::remove_file(&log));
        let remove = if removes_folder { self.folder.as_path() } else { Path::new("") };
        let mut keeper = Command::new("bash");
        keeper.args(["-c", include_str!("node.sh"), "node.sh", JARS]).args([&self.folder, remove]);
        let mut keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("bash is there");
        let mut process = String::new();
        let output = keeper.stdout.take().expect("it is a pipe");
        BufReader::new(output).read_line(&mut process).expect("it can be read");
        self.running = Some(Running { process: process.trim().to_owned(), keeper });
        self.wait_until_ready(&log);
    }

    fn wait_until_ready(&self, log: &Path) {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let written = fs::read_to_string(log).unwrap_or_default();
            if written.contains("Starting listening for CQL clients") {
                return;
            }
            let process = &self.running.as_ref().expect("it runs").process;
            let runs = Path::new("/proc").join(process).join("exe").exists();
            let end = written.lines().rev().take(20).collect::<Vec<_>>();
            assert!(runs, "Cassandra has ended (Java 17 is needed: {INSTALL}): {end:#?}");
            assert!(Instant::now() < deadline, "Cassandra does not get ready: {end:#?}");
            thread::sleep(LOOK_EVERY);
        }
    }
}

impl Running {
    /// Ends the node by closing the standard input of the process that watches over it.
    fn end(&mut self) {
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// A cluster of three nodes for one test.
pub struct CassandraCluster {
    /// Its nodes. The first is the one that the others have joined.
    pub nodes: Vec<CassandraNode>,
}

impl CassandraCluster {
    /// Starts the nodes one after the other, and waits until the last one answers. `more` is added to the settings of each.
    #[must_use]
    pub fn start(more: &str) -> Self {
        let network = free_network();
        let nodes = (1..=3).map(|number| {
            let temporary = TempDir::new().expect("a folder can be made");
            let (folder, host) = (temporary.path().to_owned(), format!("{network}.{number}"));
            let mut node = CassandraNode::new(Some(temporary), folder, host, more);
            node.start(false);
            node
        });
        Self { nodes: nodes.collect() }
    }

    /// Returns the address of a keyspace, with options such as `migrate=true`.
    #[must_use]
    pub fn address(&self, keyspace: &str, options: &str) -> String {
        let hosts: Vec<_> = self.nodes.iter().map(CassandraNode::name).collect();
        format!("cassandra://{}/{keyspace}?{options}", hosts.join(","))
    }
}

/// Returns the first three numbers of addresses of this machine that nobody uses.
fn free_network() -> String {
    let network = || format!("127.{}.{}", fastrand::u8(1..=250), fastrand::u8(1..=250));
    let is_free = |network: &String| {
        let is_free = |port| TcpListener::bind((format!("{network}.1"), port)).is_ok();
        PORTS.into_iter().all(is_free)
    };
    std::iter::repeat_with(network).find(is_free).expect("some addresses are free")
}
