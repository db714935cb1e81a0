//! What operators see of the real binary: its start, its end, its log, and what it does about its own mistakes.

mod draining;
mod log;
mod panics;
mod start;

use std::future::Future;

use crate::support::{DEADLINE, LOOK_EVERY};

/// Waits until a condition holds.
pub(crate) async fn eventually<Done: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> Done) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, waiting).await.is_ok(), "in time: {what}");
}
