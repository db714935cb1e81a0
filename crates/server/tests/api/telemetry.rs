//! What a server tells its operator: the log, metrics, its settings, and what it does about a clock that is wrong.

mod access_log;
mod check_config;
mod clock;
mod json_log;
mod metrics;
mod monitoring;
mod readiness;
mod tls;

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::{Api, Process, serve_command, wait_for_lines_with};

/// The real binary, its log in a file.
struct Logged {
    server: Process,
    log: PathBuf,
    _folder: TempDir,
}

impl Logged {
    /// Starts a server and waits until its store is open.
    fn start(configure: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("log");
        let server = Process::from_log(configure(&mut serve_command(folder.path())), &log);
        wait_for_lines_with(&log, "the store is open");
        Self { server, log, _folder: folder }
    }

    /// Returns the log so far.
    fn text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Ends the server and returns its whole log.
    fn end(mut self) -> String {
        self.server.end();
        self.text()
    }

    /// Returns the port for metrics.
    fn metrics(&self) -> Api {
        let text = self.text();
        let (_, fields) = text.split_once(" metrics=").expect("the log names the address");
        Api::new(format!("http://{}", fields.split_whitespace().next().unwrap()))
    }
}

/// Returns a file of this repository.
fn repository(path: &str) -> PathBuf {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path)
}
