//! A server on Redis: its settings, its start, and its log.

mod access;
mod settings;
mod start;

use tokio::time::timeout;

use crate::support::{Api, DEADLINE};

/// Creates a session and returns its path. On a busy machine Redis may take longer than a server waits, so this retries.
async fn create(api: &Api) -> String {
    let created = async {
        loop {
            let answer = api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
            if answer.status == 201 {
                return answer.header("location").to_owned();
            }
            answer.problem(503, "store_unavailable");
        }
    };
    timeout(DEADLINE, created).await.expect("a session is created")
}
