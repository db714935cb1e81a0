//! The commands that move sessions between stores, and keep the file of the embedded store.

mod backup;
mod export;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use futures_util::future::join_all;
use tickseed_session::acceptance::session_with_notice;
use tickseed_session::{ControlHash, Created, Metadata, Session, SessionStore, SystemClock};
use tickseed_store::EmbeddedStore;

use crate::support::Api;

/// Runs a command of the binary with these settings and nothing else in its environment.
fn tickseed(arguments: &[&str], settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickseed"));
    command.env_clear().args(arguments).envs(settings.iter().copied()).stdin(Stdio::null());
    command
}

/// Returns the standard error of a command, and checks whether it succeeded.
fn stderr(output: &Output, succeeds: bool) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.success(), succeeds, "{text}");
    text
}

fn open(folder: &Path) -> EmbeddedStore {
    EmbeddedStore::open(folder, Arc::new(SystemClock)).unwrap()
}

/// Makes an embedded store with sessions that never expire.
async fn filled(folder: &Path, count: usize) -> Vec<Session> {
    let store = open(folder);
    let metadata = Metadata::new(&serde_json::from_str(r#"{"canary":"opensesame"}"#).unwrap()).unwrap();
    let make = |_| Session {
        metadata: Some(metadata.clone()),
        control: Some(ControlHash::new([0xa5; ControlHash::BYTES])),
        ..session_with_notice()
    };
    let sessions: Vec<_> = (0..count).map(make).collect();
    let creates = join_all(sessions.iter().map(|session| store.create(session.clone()))).await;
    assert!(creates.into_iter().all(|created| created.unwrap() == Created::Yes));
    sessions
}

async fn status(api: &Api, path: &str) -> u16 {
    api.get(path).await.status
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
