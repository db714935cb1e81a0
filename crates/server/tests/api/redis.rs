//! A server on Redis: its settings, its start and its log.

mod access;
mod recovery;
mod refused_writes;
mod replaced;
mod settings;
mod start;

use std::fs::{self, File};
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::{Api, DEADLINE, LOOK_EVERY, Process, serve_command};

/// Creates a session and returns its path. Retries, because Redis on a busy machine may take longer than a server waits.
async fn create(api: &Api) -> String {
    let created = async {
        loop {
            let response = api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
            if response.status == 201 {
                return response.header("location").to_owned();
            }
            response.problem(503, "store_unavailable");
        }
    };
    timeout(DEADLINE, created).await.expect("a session is created")
}

/// A server on Redis that writes its log to a file.
struct LoggingServer {
    process: Process,
    log: PathBuf,
    _folder: TempDir,
}

impl LoggingServer {
    /// Starts a server on the Redis at this address.
    fn start(address: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("log");
        let mut command = serve_command(folder.path());
        command.args(["--store", address]).stderr(File::create(&log).unwrap());
        Self { process: Process::spawn(&mut command), log, _folder: folder }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until this many lines of the log contain these words.
    async fn logs(&self, words: &str, times: usize) {
        let logged = async {
            while self.log().lines().filter(|line| line.contains(words)).count() < times {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let result = timeout(DEADLINE, logged).await;
        result.unwrap_or_else(|_| panic!("{words:?} is not logged {times} times: {}", self.log()));
    }
}
