//! Tries again what a store refuses only for a moment.

use std::time::{Duration, Instant};

use tickseed_session::StoreError;
use tokio::time::sleep;

/// How long after a failure a call is tried again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Calls `attempt` until it succeeds, fails for good, or `patience` is over. A store that refuses to write needs a person, so it is
/// not tried again.
pub(super) async fn patiently<T>(
    patience: Duration,
    attempt: impl AsyncFn() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let since = Instant::now();
    loop {
        match attempt().await {
            Err(StoreError::Unavailable(_) | StoreError::NotAsked) if since.elapsed() < patience => {
                sleep(AGAIN_AFTER).await;
            }
            result => return result,
        }
    }
}
