//! Secrets in the log of a server on Redis.

use tempfile::TempDir;
use tickseed_store::test_servers::RedisServer;

use super::create;
use crate::support::{Process, serve_command};

const PASSWORD: &str = "opensesame";

fn with_login(server: &RedisServer, login: &str) -> String {
    server.address().replace("redis://", &format!("redis://{login}@"))
}

#[tokio::test]
async fn even_the_most_detailed_log_hides_the_password() {
    let (folder, server) = (TempDir::new().unwrap(), RedisServer::start(&["--requirepass", PASSWORD]));
    let log = folder.path().join("log");
    let mut command = serve_command(folder.path());
    command.args(["--log", "trace", "--store", &with_login(&server, &format!(":{PASSWORD}"))]);
    let mut process = Process::spawn(command.stderr(std::fs::File::create(&log).unwrap()));
    create(&process.api).await;
    process.end();
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.contains("Redis at") && !log.contains(PASSWORD), "{log}");
}
