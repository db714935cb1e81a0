//! The log as JSON.

use std::fs;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Process, serve_command};

/// Reads every line of a log. Each must be an object with the fields that all lines have.
fn objects(log: &str) -> Vec<Value> {
    let object = |line: &str| -> Value {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        for name in ["timestamp", "level", "message", "target"] {
            assert!(object[name].is_string(), "{name}: {line}");
        }
        object
    };
    log.lines().map(object).collect()
}

#[tokio::test]
async fn each_line_is_an_object_with_the_fields_of_the_text() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut command = serve_command(folder.path());
    command.args(["--log-format", "json"]).stderr(fs::File::create(&log).unwrap());
    let mut server = Process::spawn(&mut command);
    server.api.create(r#"{"tick_ms":100}"#).await;
    server.end();
    let objects = objects(&fs::read_to_string(&log).unwrap());
    let start = objects.iter().find(|object| object["message"] == "tickseed starts").expect("it starts");
    assert_eq!(
        (start["level"].as_str(), start["version"].as_str()),
        (Some("INFO"), Some(env!("CARGO_PKG_VERSION")))
    );
    assert!(start["cores"].is_u64() && start["address"].is_string(), "{start}");
}

#[test]
fn the_error_that_ends_the_process_is_an_object_too() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("sessions.redb"), "something else").unwrap();
    let mut command = serve_command(folder.path());
    let output = command.env("TICKSEED_LOG_FORMAT", "json").stdin(Stdio::null()).output().unwrap();
    assert!(!output.status.success());
    let objects = objects(&String::from_utf8(output.stderr).unwrap());
    let last = objects.last().unwrap();
    assert_eq!(last["level"], "ERROR");
    assert!(last["message"].as_str().unwrap().contains("sessions.redb cannot be opened"), "{last}");
}
