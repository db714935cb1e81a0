//! Who may create and change sessions: the three modes of access, control tokens and API keys.

mod keys_file;
mod matrix;
mod secrets;
mod start;
mod stores;
mod tokens;
mod upgrade;

use data_encoding::HEXLOWER;
use reqwest::Method;
use serde_json::Value;
use tickseed_server::access::{Access, AccessMode, ApiKeys, NewSecret, sha256};
use tickseed_server::app::Options;

use crate::support::{Api, LocalServer, Response};

const UNKNOWN: &str = "/v1/sessions/sess_00000000-0000-4000-8000-000000000000";

/// A session that has been running for a minute by the clock of the tests.
const RUNNING: &str = r#"{"tick_ms":100,"start_at":"2026-01-31T11:59:00Z"}"#;

/// A key with the right to create sessions, and one with the right to change them.
const CREATOR: &str = "tsk_11111111111111111111111111111111";
const ADMIN: &str = "tsk_22222222222222222222222222222222";

/// A control token of no session.
const FOREIGN: &str = "tst_00000000000000000000000000000000";

/// Returns a line of a file of API keys.
pub(crate) fn key_line(name: &str, rights: &str, key: &str) -> String {
    format!("{name} {rights} {}\n", HEXLOWER.encode(&sha256(key)))
}

/// The file of the keys above.
fn keys_file() -> String {
    key_line("creator", "create,list", CREATOR) + &key_line("admin", "control", ADMIN)
}

/// Starts a server in this process that knows the keys above.
fn start(mode: AccessMode) -> LocalServer {
    let access = Access::new(mode, ApiKeys::parse(keys_file().as_bytes()).unwrap());
    LocalServer::with_options(Options { access, ..Options::default() })
}

/// Posts JSON with a value of `Authorization`, if there is one.
async fn post(api: &Api, path: &str, body: &str, authorization: Option<&str>) -> Response {
    let mut request = api.request(Method::POST, path);
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let request = request.header("content-type", "application/json").body(body.to_owned());
    Response::read(request.send().await.expect("the server answers")).await
}

/// Posts JSON with a token or a key.
async fn post_as(api: &Api, credential: &str, path: &str, body: &str) -> Response {
    post(api, path, body, Some(&format!("Bearer {credential}"))).await
}

/// A session and its control token.
struct Controlled {
    path: String,
    token: String,
}

/// Creates a session on a server that hands out tokens.
async fn create(api: &Api, body: &str) -> Controlled {
    let created = post_as(api, CREATOR, "/v1/sessions", body).await;
    assert_eq!(created.status, 201, "{}", created.text);
    Controlled { path: created.header("location").to_owned(), token: token_in(&created) }
}

/// Returns the control token in a response.
fn token_in(response: &Response) -> String {
    let Value::String(token) = response.json()["control_token"].clone() else {
        panic!("no token: {}", response.text)
    };
    assert!(token.starts_with("tst_") && token.len() == 36, "{token}");
    assert_eq!(response.header("cache-control"), "no-store");
    token
}
