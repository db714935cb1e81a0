//! The file of API keys, its renewal on SIGHUP, and the command that makes keys.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::support::{Process, serve_command, wait_for_lines_with};

/// Runs `tickseed key new` and returns the key and the line for the file.
fn new_key(name: &str, rights: &str) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    let output =
        command.env_clear().args(["key", "new", "--name", name, "--rights", rights]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [key, line] = lines[..] else { panic!("{text}") };
    (key.strip_prefix("key: ").unwrap().to_owned(), line.strip_prefix("line: ").unwrap().to_owned())
}

#[tokio::test]
async fn keys_are_replaced_on_sighup_and_stay_if_the_file_has_a_mistake() {
    let folder = TempDir::new().unwrap();
    let (file, log) = (folder.path().join("keys"), folder.path().join("log"));
    let (first, first_line) = new_key("studio", "create,control");
    let (second, second_line) = new_key("studio.2", "create");
    fs::write(&file, format!("# the game\n{first_line} # until May\n")).unwrap();
    let mut command = serve_command(folder.path());
    command.env("TICKSEED_ACCESS", "keys").arg("--api-keys-file").arg(&file);
    let mut server = Process::spawn(command.stderr(fs::File::create(&log).unwrap()));
    let create = async |key: &str| post_as(&server.api, key, "/v1/sessions", RUNNING).await.status;
    assert_eq!((create(&first).await, create(&second).await), (201, 401));

    // Both keys for a while, so that the game can change from one to the other.
    fs::write(&file, format!("{first_line}\n{second_line}\n")).unwrap();
    server.signal("HUP");
    wait_for_lines_with(&log, "the API keys were read again keys=2");
    assert_eq!((create(&first).await, create(&second).await), (201, 201));

    fs::write(&file, format!("{second_line}\n\nstudio create {first}\n")).unwrap();
    server.signal("HUP");
    wait_for_lines_with(&log, "the former keys stay");
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains("line 3 of the file of API keys: the third column must be the SHA-256"), "{text}");
    assert_eq!((create(&first).await, create(&second).await), (201, 201));

    fs::write(&file, second_line).unwrap();
    server.signal("HUP");
    wait_for_lines_with(&log, "the API keys were read again keys=1");
    assert_eq!((create(&first).await, create(&second).await), (401, 201));
    server.end();
    let text = fs::read_to_string(&log).unwrap();
    assert!(!text.contains("tsk_") && !text.contains("SIGHUP has no effect"), "{text}");
}

#[test]
fn a_mistake_in_the_file_ends_the_start() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("keys");
    fs::write(&file, "# keys\nstudio create,write 00\n").unwrap();
    let error = |arguments: &[&str]| {
        let mut command = serve_command(folder.path());
        let output = command.env("TICKSEED_ACCESS", "token").args(arguments).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let mistake = error(&["--api-keys-file", file.to_str().unwrap()]);
    assert!(mistake.contains("error: line 2 of the file of API keys: the"), "{mistake}");
    let missing = error(&["--api-keys-file", folder.path().join("none").to_str().unwrap()]);
    let expected =
        "error: cannot read the file that --api-keys-file (or TICKSEED_API_KEYS_FILE) names: No such file";
    assert!(missing.contains(expected), "{missing}");
}

#[test]
fn key_new_explains_its_mistakes() {
    for (arguments, message) in [
        (["--name", "a b", "--rights", "create"], "error: --name: must be 1 to 64 ASCII letters, digits"),
        (
            ["--name", "a", "--rights", "create, list"],
            "error: --rights: must be a list of create, control and list, separated by commas",
        ),
        (["--name", "a", "--rights", ""], "error: --rights: must"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
        let output = command.env_clear().args(["key", "new"]).args(arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.starts_with(message), "{arguments:?}: {text}");
    }
}
