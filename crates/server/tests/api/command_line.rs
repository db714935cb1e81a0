//! The command line of the binary.

use std::process::{Command, Output};

use tempfile::TempDir;
use tickseed_engine::{BreakInterval, Rules, Seed, Step, Timeline};

use crate::support::{Process, serve_command};

const SESSION: [&str; 7] =
    ["state", "--seed", "a seed", "--start-at", "2026-01-31T12:00:00.500Z", "--tick-ms", "100"];

fn tickseed(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tickseed")).env_clear().args(arguments).output().unwrap()
}

fn state(arguments: &[&str]) -> (bool, String) {
    let output = tickseed(&[&SESSION, arguments].concat());
    let text = if output.status.success() { output.stdout } else { output.stderr };
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[test]
fn state_prints_the_state_that_the_engine_computes() {
    let mut timeline = Timeline::new(&Seed::new("a seed").unwrap(), Rules::default());
    let json = |timeline: &mut Timeline, step: u64| {
        format!("{}\n", serde_json::to_string(&timeline.state(Step::new(step).unwrap())).unwrap())
    };
    let expected = json(&mut timeline, 1_000_000);
    assert!(expected.starts_with(r#"{"step":1000000,"value":"#), "{expected}");
    assert_eq!(state(&["--step", "1000000"]), (true, expected.clone()));
    assert_eq!(state(&["--at", "2026-02-01T15:46:40.599Z"]), (true, expected));
    assert_eq!(
        state(&["--at", "2026-01-31T12:00:00.499Z"]),
        (true, "{\"step\":0,\"value\":0,\"round\":0,\"broken\":false}\n".to_owned())
    );

    let rules = Rules::new(BreakInterval::new(2, 9).unwrap(), 4).unwrap();
    let mut timeline = Timeline::new(&Seed::new("a seed").unwrap(), rules);
    let options = ["--step", "77", "--min", "2", "--max", "9", "--rounds-per-epoch", "4"];
    assert_eq!(state(&options), (true, json(&mut timeline, 77)));
}

#[test]
fn state_explains_invalid_arguments() {
    for (arguments, message) in [
        (&["--step", "-1"][..], "error: step must be from 0 to 253402300799999, got -1"),
        (&["--step", "253402300799999"], "error: step must be from 0 to 2516324399994, got 253402300799999"),
        (&["--step", "1", "--min", "0"], "error: break_interval.min must be from 1 to 1000000, got 0"),
        (
            &["--step", "1", "--rounds-per-epoch", "3"],
            "error: rounds_per_epoch must be an even number from 2 to 256",
        ),
        (
            &["--at", "soon"],
            "error: invalid value 'soon' for '--at <INSTANT>': must be an instant in the years 1970",
        ),
        (&[], "error: the following required arguments were not provided"),
        (
            &["--step", "1", "--at", "2026-01-31T12:00:00Z"],
            "error: the argument '--step <STEP>' cannot be used with",
        ),
    ] {
        let (success, text) = state(arguments);
        assert!(!success && text.starts_with(message), "{arguments:?}: {text}");
    }
}

#[test]
fn help_documents_every_setting() {
    let help = String::from_utf8(tickseed(&["serve", "--help"]).stdout).unwrap();
    // The help is wrapped at the width of the terminal.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for (flag, variable) in [
        ("--port", "PORT"),
        ("--host", "HOST"),
        ("--data-dir", "TICKSEED_DATA_DIR"),
        ("--session-ttl", "TICKSEED_SESSION_TTL"),
        ("--log", "TICKSEED_LOG"),
    ] {
        assert!(help.contains(flag) && help.contains(&format!("[env: {variable}=]")), "{flag}: {help}");
    }
}

#[tokio::test]
async fn settings_can_come_from_the_environment() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("a/b");
    let mut server = Process::spawn(
        Command::new(env!("CARGO_BIN_EXE_tickseed"))
            .env_clear()
            .arg("serve")
            .env("PORT", "0")
            .env("HOST", "localhost")
            .env("TICKSEED_DATA_DIR", &data)
            .env("TICKSEED_SESSION_TTL", "0"),
    );
    let path = server.api.create(r#"{"tick_ms":100}"#).await;
    assert!(server.api.get(&path).await.json().get("expires_at").is_none());
    assert!(data.join("sessions.redb").exists());
    server.kill();
}

#[test]
fn a_failed_start_explains_why() {
    let folder = TempDir::new().unwrap();
    let error_of = |command: &mut Command| {
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let port = error_of(serve_command(folder.path()).args(["--host", "192.0.2.1"]));
    assert!(
        port.contains(
            "error: cannot listen on 192.0.2.1:0, the address from --host (or HOST) and --port (or PORT): "
        ),
        "{port}"
    );
    let log = error_of(serve_command(folder.path()).args(["--log", "a=b=c"]));
    assert!(log.contains("error: the log filter \"a=b=c\" is invalid"), "{log}");
    std::fs::write(folder.path().join("sessions.redb"), "something else").unwrap();
    let file = error_of(&mut serve_command(folder.path()));
    let expected = "sessions.redb cannot be opened; --data-dir (or TICKSEED_DATA_DIR) names its folder: ";
    assert!(file.contains(expected), "{file}");
}
