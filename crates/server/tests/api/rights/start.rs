//! The start of a server that other machines may reach.

use std::fs;
use std::net::TcpListener;

use tempfile::TempDir;

use super::keys_file;
use crate::support::{Process, serve_command};

/// Returns whether this machine has such an address: some have no IPv6.
fn can_listen(host: &str) -> bool {
    TcpListener::bind((host, 0)).is_ok()
}

/// Returns the error of a start that fails.
fn failed_start(variables: &[(&str, &str)]) -> String {
    let folder = TempDir::new().unwrap();
    let output = serve_command(folder.path()).envs(variables.iter().copied()).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_server_that_other_machines_reach_does_not_start_without_a_choice() {
    for host in ["0.0.0.0", "::"].into_iter().filter(|host| can_listen(host)) {
        let error = failed_start(&[("HOST", host)]);
        for line in ["TICKSEED_ACCESS=token", "TICKSEED_ACCESS=keys", "TICKSEED_ACCESS=open"] {
            assert!(error.lines().any(|other| other == line), "{host}: {error}");
        }
        assert!(
            error.contains("error: other machines may reach the address from --host (or HOST)"),
            "{error}"
        );
    }
}

/// A proxy in front of a loopback address is what the public reaches.
#[tokio::test]
async fn behind_a_proxy_a_server_on_a_loopback_address_does_not_start_without_a_choice_either() {
    let error = failed_start(&[("TICKSEED_TRUSTED_PROXIES", "127.0.0.1")]);
    assert!(
        error.contains("error: --trusted-proxies (or TICKSEED_TRUSTED_PROXIES) names a proxy"),
        "{error}"
    );
    assert!(error.lines().any(|line| line == "TICKSEED_ACCESS=token"), "{error}");
    for mode in ["open", "token"] {
        let folder = TempDir::new().unwrap();
        let mut command = serve_command(folder.path());
        let server =
            Process::spawn(command.env("TICKSEED_TRUSTED_PROXIES", "127.0.0.1").env("TICKSEED_ACCESS", mode));
        assert_eq!(server.api.post("/v1/sessions", super::RUNNING).await.status, 201, "{mode}");
    }
}

#[tokio::test]
async fn with_a_choice_it_starts_on_any_address() {
    let folder = TempDir::new().unwrap();
    let keys = folder.path().join("keys");
    fs::write(&keys, keys_file()).unwrap();
    for (mode, status) in [("open", 201), ("token", 201), ("keys", 401)] {
        let mut command = serve_command(folder.path());
        command.env("HOST", "0.0.0.0").env("TICKSEED_ACCESS", mode);
        if mode == "keys" {
            command.env("TICKSEED_API_KEYS_FILE", &keys);
        }
        let server = Process::spawn(&mut command);
        let api = crate::support::Api::new(server.api.base.replace("0.0.0.0", "127.0.0.1"));
        assert_eq!(api.post("/v1/sessions", super::RUNNING).await.status, status, "{mode}");
    }
}

#[tokio::test]
async fn on_a_loopback_address_the_default_is_open() {
    for host in ["127.0.0.1", "localhost", "::1"].into_iter().filter(|host| can_listen(host)) {
        let folder = TempDir::new().unwrap();
        let server = Process::spawn(serve_command(folder.path()).env("HOST", host));
        let created = server.api.post("/v1/sessions", super::RUNNING).await;
        assert_eq!(created.status, 201);
        assert!(!created.text.contains("control_token"), "{host}: {}", created.text);
    }
}

#[test]
fn settings_of_access_that_do_not_fit_end_the_start() {
    for (variables, message) in [
        (
            &[("TICKSEED_ACCESS", "keys")][..],
            "error: with --access keys (or TICKSEED_ACCESS), nobody can create",
        ),
        (
            &[("TICKSEED_API_KEYS_FILE", "keys")],
            "error: --api-keys-file (or TICKSEED_API_KEYS_FILE) is set, and no setting says who needs a key",
        ),
        (&[("TICKSEED_ACCESS", "Token")], "error: TICKSEED_ACCESS: must be open, token or keys"),
    ] {
        let error = failed_start(variables);
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn the_log_says_how_the_server_is_used() {
    let folder = TempDir::new().unwrap();
    let (keys, log) = (folder.path().join("keys"), folder.path().join("log"));
    fs::write(&keys, keys_file()).unwrap();
    for (mode, words) in [
        ("token", &["access=token api_keys=2"][..]),
        ("open", &["access=open api_keys=0", "--api-keys-file (or TICKSEED_API_KEYS_FILE); --access"]),
    ] {
        let mut command = serve_command(folder.path());
        command.env("TICKSEED_ACCESS", mode).arg("--api-keys-file").arg(&keys);
        let mut server = Process::spawn(command.stderr(fs::File::create(&log).unwrap()));
        server.end();
        let text = fs::read_to_string(&log).unwrap();
        assert!(words.iter().all(|words| text.contains(words)), "{text}");
    }
}
