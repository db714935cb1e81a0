//! Tokens, keys and hashes appear nowhere but where they are handed out.

use std::fs::{self, File};

use data_encoding::HEXLOWER;
use tempfile::TempDir;
use tickseed_store::test_servers::RedisServer;

use super::*;
use crate::listener::Listener;
use crate::support::{Process, serve_command, wait_for_lines_with};

#[tokio::test]
async fn no_answer_no_event_and_no_line_of_the_log_contains_a_secret() {
    reveals_no_secret("embedded").await;
    let redis = RedisServer::start(&[]);
    reveals_no_secret(&redis.address()).await;
}

/// Uses every secret in every way on a server that logs everything.
async fn reveals_no_secret(store: &str) {
    let folder = TempDir::new().unwrap();
    let (keys, log) = (folder.path().join("keys"), folder.path().join("log"));
    fs::write(&keys, keys_file()).unwrap();
    let mut command = serve_command(folder.path());
    command
        .args(["--store", store, "--log", "trace,redis=trace", "--access", "keys", "--api-keys-file"])
        .arg(&keys);
    let mut server = Process::spawn(command.stderr(File::create(&log).unwrap()));
    let api = &server.api;
    let mut texts = Vec::new();

    let session = create(api, RUNNING).await;
    let mut listener = Listener::start(api, &session.path).await;
    texts.push(listener.event().await.data);
    let replaced = post_as(api, &session.token, &format!("{}/token", session.path), "").await;
    let (token, former) = (token_in(&replaced), session.token);
    texts.push(listener.event().await.data);
    for credential in [former.as_str(), &token, CREATOR, ADMIN, "tsk_wrong", "tst_wrong"] {
        for route in ["pause", "resume", "rate", "withdraw", "stop"] {
            let path = format!("{}/{route}", session.path);
            texts.push(post_as(api, credential, &path, r#"{"tick_ms":7,"x":1}"#).await.text);
            texts.push(post_as(api, credential, &format!("{path}?x=1"), "").await.text);
            texts.push(post_as(api, credential, &path, "").await.text);
        }
        texts.push(post_as(api, credential, "/v1/sessions", "{").await.text);
        let basic = format!("Basic {credential}");
        texts.push(post(api, "/v1/sessions", RUNNING, Some(&basic)).await.text);
    }
    for path in [session.path.clone(), format!("{}/state", session.path), UNKNOWN.to_owned()] {
        let request = api.request(Method::GET, &path).bearer_auth(&token);
        texts.push(Response::read(request.send().await.unwrap()).await.text);
    }
    texts.push(listener.event().await.data);
    fs::write(&keys, format!("{}admin control {ADMIN}\n", keys_file())).unwrap();
    server.signal("HUP");
    wait_for_lines_with(&log, "the former keys stay");
    server.end();
    texts.push(fs::read_to_string(&log).unwrap());

    let secrets = [&former, &token, CREATOR, ADMIN].map(str::to_owned);
    let hashes = secrets.clone().map(|secret| HEXLOWER.encode(&sha256(&secret)));
    for text in &texts {
        for secret in secrets.iter().chain(&hashes) {
            assert!(!text.contains(secret.as_str()), "{secret} is in {text}");
            // Not even without its prefix.
            assert!(!text.contains(secret.trim_start_matches(['t', 's', 'k', '_'])), "{secret} is in {text}");
        }
        assert!(!text.contains("creator"), "the name of a key is in {text}");
    }
    assert!(texts.len() > 90, "{}", texts.len());
}
