//! A real PostgreSQL for one test, which can be killed, paused, restarted and promoted.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use tickseed_session::acceptance::DEADLINE;

use super::Certificate;
use super::port::free_port;

const INSTALL: &str = "PostgreSQL is needed for this test: scripts/install-tools --stores";

/// Where Debian keeps the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";

/// The account that Debian makes. PostgreSQL refuses to run as root.
const ACCOUNT: &str = "postgres";

/// The database, and the user who owns it.
const DATABASE: &str = "tickseed";

/// Sparing, because many run at the same time.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=8MB",
    "max_connections=300",
    "wal_receiver_timeout=2s",
];

/// A PostgreSQL with its own port and folder. It ends when this is dropped.
pub struct PostgresServer {
    folder: TempDir,
    port: u16,
    settings: Vec<String>,
    child: Option<Child>,
}

impl PostgresServer {
    /// Starts a PostgreSQL and waits until it answers. `settings` are as in its configuration: `synchronous_commit=off`.
    #[must_use]
    pub fn start(settings: &[&str]) -> Self {
        Self::start_in(settings, init)
    }

    /// As [`start`](Self::start), but it offers TLS.
    #[must_use]
    pub fn start_with_tls(certificate: &Certificate) -> Self {
        let settings = ["ssl=on", "ssl_cert_file=certificate.pem", "ssl_key_file=key.pem"];
        Self::start_in(&settings, |folder| {
            init(folder);
            for (file, name) in [(certificate.file(), "certificate.pem"), (certificate.key_file(), "key.pem")]
            {
                let copy = folder.join(name);
                fs::copy(file, &copy).expect("the certificate can be copied");
                give_to_account(&copy);
                run(Command::new("chmod").arg("600").arg(&copy));
            }
        })
    }

    /// Starts a standby of this server, which follows it.
    #[must_use]
    pub fn start_standby(&self, settings: &[&str]) -> Self {
        let port = self.port.to_string();
        Self::start_in(settings, |folder| {
            let mut copy = as_account("pg_basebackup");
            copy.args([
                "--host",
                "127.0.0.1",
                "--port",
                &port,
                "--username",
                DATABASE,
                "--checkpoint",
                "fast",
            ]);
            run(copy.args(["--no-sync", "--write-recovery-conf", "--pgdata"]).arg(folder));
        })
    }

    fn start_in(settings: &[&str], make: impl Fn(&Path)) -> Self {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let folder = TempDir::new().expect("a folder can be made");
            give_to_account(folder.path());
            make(&folder.path().join("data"));
            let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
            let mut server = Self { folder, port: free_port(), settings, child: None };
            match server.try_start() {
                Ok(()) => return server,
                // Another test has taken the port.
                Err(log) if log.contains("in use") => {}
                Err(log) => panic!("postgres ended: {log}"),
            }
            assert!(Instant::now() < deadline, "no port is free");
        }
    }

    /// Returns its address: `postgres://tickseed@127.0.0.1:PORT/tickseed`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("postgres://{DATABASE}@127.0.0.1:{}/{DATABASE}", self.port)
    }

    /// Returns its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Carries out statements, and returns the values of their rows, separated by `|`.
    pub fn ask(&self, statements: &str) -> String {
        let answer = self.psql(DATABASE, statements);
        answer.unwrap_or_else(|error| panic!("{statements}: {error}"))
    }

    fn psql_to(&self, database: &str) -> Command {
        let port = self.port.to_string();
        let mut psql = Command::new(program("psql"));
        psql.args(["--host", "127.0.0.1", "--port", &port, "--username", DATABASE, "--dbname", database]);
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]);
        psql
    }

    fn psql(&self, database: &str, statements: &str) -> Result<String, String> {
        let output = self.psql_to(database).args(["--command", statements]).output().expect(INSTALL);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// Begins a transaction with these statements, and leaves it open until the result is dropped.
    #[must_use]
    pub fn hold(&self, statements: &str) -> OpenTransaction {
        let mut psql = self.psql_to(DATABASE);
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(INSTALL);
        let mut input = child.stdin.take().expect("it is piped");
        writeln!(input, "BEGIN;\n{statements};\n\\echo held").expect("psql reads");
        let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut line = String::new();
        while line.trim() != "held" {
            line.clear();
            assert!(output.read_line(&mut line).expect("psql writes") > 0, "psql has ended");
        }
        OpenTransaction { child, _input: input }
    }

    /// Makes a standby accept writes, and waits until it does.
    pub fn promote(&self) {
        assert_eq!(self.ask("SELECT pg_promote()"), "t");
    }

    /// Lets this user in only with a password.
    pub fn demand_passwords_of(&self, user: &str) {
        let file = self.folder.path().join("data/pg_hba.conf");
        let rules = fs::read_to_string(&file).expect("the rules can be read");
        fs::write(&file, format!("host all {user} all scram-sha-256\n{rules}"))
            .expect("the rules can be written");
        self.ask("SELECT pg_reload_conf()");
    }

    /// Kills it with SIGKILL. Its port stays reserved and its files remain.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // First itself, so that it starts no others.
            child.kill().expect("it runs");
            signal("KILL", child.id(), true);
            child.wait().expect("it ends");
        }
    }

    /// Restarts it on the same port and folder after [`kill`](Self::kill), and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let deadline = Instant::now() + DEADLINE;
        while let Err(log) = self.try_start() {
            // Those of its processes that were killed may not have ended yet.
            assert!(Instant::now() < deadline, "postgres ended: {log}");
        }
    }

    /// Pauses it with SIGSTOP: its connections stay, and nothing answers.
    pub fn pause(&self) {
        self.signal_all("STOP");
    }

    /// Continues it with SIGCONT, as if no time had passed.
    pub fn go_on(&self) {
        self.signal_all("CONT");
    }

    fn signal_all(&self, name: &str) {
        let id = self.child.as_ref().expect("it runs").id();
        signal(name, id, false);
        signal(name, id, true);
    }

    /// Starts it and waits until it is ready. Returns its log if it ends.
    fn try_start(&mut self) -> Result<(), String> {
        let log = self.folder.path().join("log");
        let output = fs::File::create(&log).expect("the log can be written");
        let mut command = as_account("postgres");
        command.arg("-D").arg(self.folder.path().join("data"));
        for setting in SETTINGS.iter().copied().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        command.args(["-c", &format!("port={}", self.port)]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output);
        let mut child = command.spawn().expect(INSTALL);
        let deadline = Instant::now() + DEADLINE;
        loop {
            let written = fs::read_to_string(&log).unwrap_or_default();
            if written.contains("ready to accept") {
                self.child = Some(child);
                self.make_database();
                return Ok(());
            }
            if child.try_wait().expect("it can be waited for").is_some() {
                return Err(fs::read_to_string(&log).unwrap_or_default());
            }
            assert!(Instant::now() < deadline, "postgres does not get ready: {written}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Makes the database, unless it is there, or this is a standby.
    fn make_database(&self) {
        let create = format!("CREATE DATABASE {DATABASE}");
        if let Err(error) = self.psql("postgres", &create) {
            assert!(error.contains("already exists") || error.contains("read-only"), "{error}");
        }
    }
}

/// Makes an empty database server in a folder.
fn init(folder: &Path) {
    run(as_account("initdb")
        .args(["--no-sync", "--auth=trust", "--username", DATABASE, "--pgdata"])
        .arg(folder));
}

/// A transaction that holds its locks until this is dropped.
pub struct OpenTransaction {
    child: Child,
    /// psql ends when it has read all of its input.
    _input: ChildStdin,
}

impl Drop for OpenTransaction {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may be paused. An immediate end removes its shared memory, which a kill does not.
            for name in ["CONT", "QUIT"] {
                signal(name, child.id(), false);
            }
            signal("CONT", child.id(), true);
            drop(child.wait());
        }
    }
}

/// Sends a signal to a process, or to its children, of which there may be none.
fn signal(name: &str, id: u32, to_children: bool) {
    let id = id.to_string();
    let mut command = if to_children { Command::new("pkill") } else { Command::new("kill") };
    command.arg(format!("-{name}"));
    drop(if to_children { command.args(["-P", &id]) } else { command.arg(&id) }.status());
}

/// Returns a command that runs a program of PostgreSQL, as an ordinary account.
fn as_account(name: &str) -> Command {
    let program = program(name);
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]).arg(program);
    command
}

fn run(command: &mut Command) {
    let output = command.output().expect(INSTALL);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn give_to_account(folder: &Path) {
    if is_root() {
        run(Command::new("chown").arg(ACCOUNT).arg(folder));
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id is there");
    output.stdout.trim_ascii() == b"0"
}

/// Finds a program of the newest version that Debian has installed, or else on the path.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).max();
    let installed =
        newest.map(|version| Path::new(VERSIONS).join(version.to_string()).join("bin").join(name));
    installed.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(name))
}
