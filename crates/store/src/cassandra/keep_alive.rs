//! Notices when Cassandra is gone, and reconnects. Waits for no request to do so.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select_ok;
use tickseed_session::{StoreError, error_chain};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use super::connection::{Connection, answered, execution_error, is_final};

/// How often Cassandra is probed while nothing is wrong, so that an idle server notices, too.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often a silent Cassandra is probed.
const PROBE_EVERY: Duration = Duration::from_millis(50);

/// How often a new connection to a silent Cassandra is tried.
const RECONNECT_EVERY: Duration = Duration::from_secs(1);

/// The ids that a probe looks for. No session has one of them. They belong to several replicas, so that a part of a large cluster
/// does not stand for all of it.
const PROBED: [[u8; 16]; 4] = [[0; 16], [0x11; 16], [0x55; 16], [0xaa; 16]];

impl Connection {
    /// Probes Cassandra, opens the breaker while it does not answer, and closes it when it answers again. Never ends.
    pub(super) async fn keep_alive(self: Arc<Self>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.is_suspect.notified() => {}
                _ = looks.tick() => {}
            }
            // One slow answer says little about the next.
            let mut answer = self.probe().await;
            if answer.is_err() {
                answer = self.probe().await;
            }
            match answer {
                Ok(()) => self.breaker.close(),
                Err(error) => self.wait_until_it_answers(&error).await,
            }
        }
    }

    async fn wait_until_it_answers(&self, error: &StoreError) {
        self.breaker.open();
        tracing::warn!(
            error = error_chain(error),
            "Cassandra does not answer; sessions in memory are served"
        );
        tokio::select! {
            () = self.probe_until_it_answers() => {}
            () = self.keep_reconnecting() => {}
        }
        self.breaker.close();
        tracing::info!("Cassandra answers again");
    }

    async fn probe_until_it_answers(&self) {
        while self.probe().await.is_err() {
            sleep(PROBE_EVERY).await;
        }
    }

    /// Replaces the connections, if new ones can be made. Never ends.
    async fn keep_reconnecting(&self) {
        loop {
            sleep(RECONNECT_EVERY).await;
            if let Err(error) = self.reconnect().await {
                tracing::debug!(error = error_chain(&error), "cannot reconnect to Cassandra yet");
            }
        }
    }

    /// Checks that a majority of the replicas of any session answers.
    pub(super) async fn probe(&self) -> Result<(), StoreError> {
        let until = Instant::now() + self.answer();
        let reads = PROBED.map(|id| {
            Box::pin(async move {
                let id = (&id[..],);
                match self.send_always(|statements| &statements.read, &id, until).await {
                    // Whatever it refuses, it answers.
                    Err(error) if execution_error(&error).and_then(answered).is_some_and(is_final) => Ok(()),
                    answer => answer.map(drop),
                }
            })
        });
        select_ok(reads).await.map(|((), _)| ())
    }
}
