//! The settings of the limits, with the real binary.

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::{Process, serve_command, wait_for_lines_with};

fn failed_start(arguments: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let Output { status, stderr, .. } = serve_command(folder.path()).args(arguments).output().unwrap();
    assert!(!status.success());
    String::from_utf8(stderr).unwrap()
}

#[test]
fn a_wrong_setting_is_an_error_that_says_what_is_allowed() {
    for (arguments, message) in [
        (
            &["--rate-limit", "0"][..],
            "--rate-limit: must be a whole number from 1 to 1000000, or none for no limit, got 0",
        ),
        (
            &["--create-limit", "many"],
            "--create-limit: must be a whole number from 1 to 1000000, or none for no limit, got",
        ),
        (
            &["--max-ttl", "-1"],
            "--max-ttl: must be a whole number from 1 to 4294967295, or none for no limit, got -1",
        ),
        (
            &["--max-in-flight", "1000001"],
            "--max-in-flight: must be a whole number from 1 to 1000000, or none",
        ),
        (
            &["--trusted-proxies", "10.0.0.0/8,secret"],
            "--trusted-proxies: must be networks or addresses separated by",
        ),
        (&["--cors-origins", "game.example"], "--cors-origins: must be origins separated by commas"),
    ] {
        let error = failed_start(arguments);
        assert!(error.starts_with(&format!("error: {message}")), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_session_ttl_beyond_the_maximum_ends_the_start() {
    let error = failed_start(&["--max-ttl", "60"]);
    let expected = "error: --session-ttl (or TICKSEED_SESSION_TTL) is 86400, which is longer than --max-ttl (or \
                    TICKSEED_MAX_TTL), 60: lower";
    assert!(error.contains(expected), "{error}");
    let error = failed_start(&["--host", "0.0.0.0", "--access", "open", "--session-ttl", "0"]);
    assert!(
        error.contains("is 0, forever, which is longer than") && error.contains("the default of a"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_others_can_reach_limits_creations_and_the_life_of_sessions() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut command = serve_command(folder.path());
    let server = Process::from_log(command.args(["--host", "0.0.0.0", "--access", "open"]), &log);
    wait_for_lines_with(&log, "the store is open");
    let text = fs::read_to_string(&log).unwrap();
    let line = text.lines().find(|line| line.contains("limits")).unwrap_or_else(|| panic!("{text}"));
    for field in
        ["create_limit=\"60\"", "max_ttl=\"2592000\"", "max_start_ahead=\"31536000\"", "rate_limit=\"none\""]
    {
        assert!(line.contains(field), "{field}: {line}");
    }
    let far = server.api.post("/v1/sessions", r#"{"tick_ms":1,"start_at":"9000-01-01T00:00:00Z"}"#).await;
    far.invalid_field("start_at");
    let mut created = 1;
    while server.api.post("/v1/sessions", r#"{"tick_ms":1,"ttl_seconds":0}"#).await.status == 201 {
        created += 1;
        assert!(created < 1_000, "creations are not limited");
    }
    assert!(created >= 60, "{created}");
    assert_eq!(server.api.get("/v1/time").await.status, 200);
}

#[tokio::test]
async fn every_limit_can_be_set_and_those_without_effect_are_named() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("log");
    let mut command: Command = serve_command(folder.path());
    command.env("TICKSEED_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8").env("TICKSEED_RATE_BURST", "9");
    for (name, value) in [
        ("MAX_TTL", "86400"),
        ("MAX_START_AHEAD", "60"),
        ("CREATE_LIMIT", "5"),
        ("MAX_SESSIONS", "2"),
        ("MAX_CONNECTIONS", "70"),
        ("MAX_CONNECTIONS_PER_ADDRESS", "60"),
        ("MAX_STREAMS", "50"),
        ("MAX_STREAMS_PER_ADDRESS", "1"),
        ("MAX_IN_FLIGHT", "30"),
        ("CORS_ORIGINS", "https://game.example"),
        ("ACCESS", "open"),
    ] {
        command.env(format!("TICKSEED_{name}"), value);
    }
    let server = Process::from_log(&mut command, &log);
    wait_for_lines_with(&log, "the store is open");
    let text = fs::read_to_string(&log).unwrap();
    for words in [
        "trusted_proxies=10.0.0.0/8,fd00::/8",
        "max_connections=\"70\"",
        "max_connections_per_address=\"60\"",
        "max_streams=\"50\"",
        "max_in_flight=\"30\"",
        "settings without effect: --rate-burst (or TICKSEED_RATE_BURST); no --rate-limit is set",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    for _ in 0..2 {
        server.api.create(r#"{"tick_ms":100}"#).await;
    }
    server.api.post("/v1/sessions", r#"{"tick_ms":100}"#).await.problem(503, "too_many_sessions");
    assert_eq!(server.api.get("/v1/time").await.header("access-control-allow-origin"), "");
}
