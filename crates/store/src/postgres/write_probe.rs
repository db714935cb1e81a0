//! Finds out whether PostgreSQL accepts writes: after a refused write, until it accepts them again, and now and then without one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::tokio_postgres::Error;
use tickseed_session::StoreError;
use tokio::time::sleep;

use super::pool::Pool;
use super::write_fault;
use crate::write_health::{Refusal, WriteHealth};

/// How often a server that refuses writes is probed.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// How many times less often another one is, so that a server that writes nothing knows, too.
const PROBE_OTHERS_EVERY: u64 = 5;

/// The one part.
const PART: u16 = 0;

const PROBE: &str = "SELECT tickseed_probe()";

/// The health of the writes, and its probes.
pub(super) struct WriteProbe {
    pool: Arc<Pool>,
    /// The hosts, for the log.
    name: String,
    health: WriteHealth,
}

impl WriteProbe {
    pub(super) fn new(pool: Arc<Pool>, name: String) -> Self {
        Self { pool, name, health: WriteHealth::default() }
    }

    /// Returns why writes fail, if they do.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.health.failure()
    }

    /// Notes the error of a write, if it means that writes fail. Returns the error for the caller.
    pub(super) fn note(&self, error: StoreError) -> StoreError {
        self.note_writes(error, 1)
    }

    fn note_writes(&self, error: StoreError, writes: u64) -> StoreError {
        let StoreError::Unavailable(source) = &error else { return error };
        let Some(cause) = source.downcast_ref::<Error>().and_then(write_fault::cause) else { return error };
        let refusal = Refusal { cause, error: Arc::clone(source), writes };
        self.health.failed(PART, &self.name, refusal, Instant::now())
    }

    /// Probes the server from time to time. Never ends.
    pub(super) async fn keep_probing(self: Arc<Self>) {
        for round in 0_u64.. {
            sleep(PROBE_EVERY).await;
            if round.is_multiple_of(PROBE_OTHERS_EVERY) || self.failure().is_some() {
                self.probe().await;
            }
        }
    }

    async fn probe(&self) {
        match self.pool.ask_to_write(async |client| client.execute(PROBE, &[]).await).await {
            Ok(_) => self.health.works(PART),
            Err(error) => drop(self.note_writes(error, 0)),
        }
    }
}
