//! Asks PostgreSQL for its settings again and again, because promises rest on them, and a standby may take over soon after it has
//! connected.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::inspection::Inspection;
use super::pool::Pool;
use super::promises::Promises;

/// How often. It is also asked after the change feed has connected.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// Asks again and again. Never ends.
pub(super) async fn keep_asking(pool: Arc<Pool>, promises: Arc<Promises>) {
    let mut times = interval(ASK_EVERY);
    times.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = times.tick() => {}
            () = pool.is_new.notified() => {}
        }
        let question = promises.ask_loss();
        // A failure is noticed elsewhere. What was said before counts until the feed connects again.
        if let Ok(inspection) = pool.ask(async |client| Inspection::of(client).await).await {
            promises.note_loss(question, &inspection);
        }
    }
}
