//! Calls that travel to the store and back. The store carries a call out even if its caller has given up or died.

use std::future::Future;
use std::sync::Arc;

use tickseed_session::StoreError;
use tokio::sync::oneshot;

use crate::setup::Setup;
use crate::world::World;

/// How long a caller waits for the store, in microseconds.
const PATIENCE_US: i64 = 1_500_000;

/// Carries a call out in the store, and waits for the answer. The store gives no answer if it crashes meanwhile.
pub(super) async fn call<T: Send + 'static>(
    world: &Arc<World>,
    setup: &Arc<Setup>,
    execution: impl Future<Output = Option<T>> + Send + 'static,
) -> Result<T, StoreError> {
    let (reply, answer) = oneshot::channel();
    let (remote, remote_setup) = (Arc::clone(world), Arc::clone(setup));
    world.spawn(async move {
        if let Some(result) = execution.await {
            let delay = remote_setup.delay(&mut remote.random());
            remote.sleep(delay).await;
            // The caller may be gone.
            drop(reply.send(result));
        }
    });
    match world.within(PATIENCE_US, answer).await {
        Some(Ok(result)) => Ok(result),
        Some(Err(_)) => Err(StoreError::unavailable("the store broke the connection")),
        None => Err(StoreError::unavailable("the store does not answer")),
    }
}
