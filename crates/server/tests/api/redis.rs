//! A server on Redis: its settings, its start and its log.

mod access;
mod refused_writes;
mod settings;
mod start;

use tokio::time::timeout;

use crate::support::{Api, DEADLINE};

/// Creates a session and returns its path. Retries, because Redis on a busy machine may take longer than a server waits.
async fn create(api: &Api) -> String {
    let created = async {
        loop {
            let response = api.post("/v1/sessions", r#"{"tick_ms":100}"#).await;
            if response.status == 201 {
                return response.header("location").to_owned();
            }
            response.problem(503, "store_unavailable");
        }
    };
    timeout(DEADLINE, created).await.expect("a session is created")
}
