//! The settings as the server prints them, with secrets masked.

use std::process::{Command, Output};

use tempfile::TempDir;

use super::Logged;

fn check_config(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    command.env_clear().current_dir(folder.path()).envs(variables.iter().copied());
    let output = command.arg("check-config").args(arguments).output().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made");
    output
}

#[test]
fn valid_settings_are_printed_without_secrets() {
    let store = [("TICKSEED_STORE", "redis://user:opensesame@nowhere.invalid:7/3"), ("PORT", "99")];
    let output = check_config(&["--cache-mb", "7"], &store);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{text}");
    for line in [
        "--port (PORT): 99 (environment)",
        "--host (HOST): 127.0.0.1 (default)",
        "--cache-mb (TICKSEED_CACHE_MB): 7 (flag)",
        "--store (TICKSEED_STORE): … (environment)",
        "--metrics-addr (TICKSEED_METRICS_ADDR): not set (default)",
        "store: Redis at nowhere.invalid:7",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}: {text}");
    }
    assert!(!text.contains("opensesame") && !text.contains("user"), "{text}");
}

#[test]
fn invalid_settings_are_named_and_the_status_is_2() {
    for (arguments, message) in [
        (&["--port", "x"][..], "error: --port: must be a whole number"),
        (&["--store", "reddis://h"], "error: --store: a store is one of"),
        (&["--metrics-addr", "9100"], "error: --metrics-addr: must be a host and a port"),
        (&["--access-log", "yes"], "error: --access-log: must be on or off"),
        (&["--log-format", "xml"], "error: --log-format: must be text or json"),
        (&["--clock-confirmed-until", "soon"], "error: --clock-confirmed-until: must be an instant"),
    ] {
        let output = check_config(arguments, &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.starts_with(message), "{text}");
    }
}

#[test]
fn settings_without_effect_are_named() {
    let output = check_config(&[], &[("REDIS_PASSWORD", "opensesame")]);
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(text.contains("warning: settings without effect: --redis-password"), "{text}");
    assert!(text.contains("--redis-password (REDIS_PASSWORD): …"), "{text}");
    assert!(output.status.success() && !text.contains("opensesame"), "{text}");
}

#[test]
fn settings_that_would_end_a_start_are_named() {
    let keys = TempDir::new().unwrap();
    let file = keys.path().join("keys");
    std::fs::write(&file, "tester create no-hash\n").unwrap();
    let file = file.to_str().unwrap();
    for (arguments, message) in [
        (&["--host", "0.0.0.0"][..], "other machines may reach the address from --host (or HOST)"),
        (&["--host", "no-such-host.invalid"], "other machines may reach the address from --host (or HOST)"),
        (
            &["--trusted-proxies", "127.0.0.1"],
            "--trusted-proxies (or TICKSEED_TRUSTED_PROXIES) names a proxy",
        ),
        (&["--access", "keys"], "nobody can create a session without --api-keys-file"),
        (&["--api-keys-file", file], "no setting says who needs a key"),
        (&["--access", "keys", "--api-keys-file", file], "line 1"),
        (&["--host", "::", "--access", "open", "--session-ttl", "0"], "--max-ttl"),
    ] {
        let output = check_config(arguments, &[]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), output.stdout.is_empty()),
            (Some(2), true),
            "{arguments:?}: {text}"
        );
        assert!(text.starts_with("error: ") && text.contains(message), "{arguments:?}: {text}");
    }
    for arguments in [&["--host", "localhost"][..], &["--host", "0.0.0.0", "--access", "token"]] {
        let output = check_config(arguments, &[]);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    std::fs::write(file, "").unwrap();
    let output = check_config(&["--access", "keys", "--api-keys-file", file], &[]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && text.contains("nobody can create a session"), "{text}");
}

#[tokio::test]
async fn a_start_logs_every_setting() {
    let server =
        Logged::start(|command| command.env("REDIS_PASSWORD", "opensesame").args(["--session-ttl", "77"]));
    let log = server.end();
    let line = log.lines().find(|line| line.contains("these are the settings")).expect("there is a line");
    for setting in ["--session-ttl=77", "--cache-mb=64", "--redis-password=…", "--access-log=off"] {
        assert!(line.contains(setting), "{setting}: {line}");
    }
    assert!(!log.contains("opensesame"), "{log}");
}
