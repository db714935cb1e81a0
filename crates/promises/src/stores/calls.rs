//! Calls that travel to the store and back. The store carries a call out even if its caller has given up or died.

use std::future::Future;
use std::sync::Arc;

use tickseed_session::StoreError;
use tokio::sync::oneshot;

use crate::random::Random;
use crate::setup::Setup;
use crate::world::World;

/// How long a caller waits for the store, in microseconds: at least and at most.
const PATIENCE_US: [i64; 2] = [500_000, 6_000_000];

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
            let delay_us = answer_delay(&remote_setup, &mut remote.random());
            remote.sleep(delay_us).await;
            // The caller may be gone.
            drop(reply.send(result));
        }
    });
    let [least_us, most_us] = PATIENCE_US;
    let patience_us = world.random().between(least_us, most_us);
    match world.within(patience_us, answer).await {
        Some(Ok(result)) => Ok(result),
        Some(Err(_)) => Err(StoreError::unavailable("the store broke the connection")),
        None => Err(StoreError::unavailable("the store does not answer")),
    }
}

/// Returns how long an answer takes, in microseconds. Some arrive when the store has crashed and come back.
fn answer_delay(setup: &Setup, random: &mut Random) -> i64 {
    if random.percent(5) { random.between(0, 5_000_000) } else { setup.delay(random) }
}
