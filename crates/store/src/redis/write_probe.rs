//! Finds out whether Redis accepts writes: after a refused write, until it accepts them again, and now and then without one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_redis::redis::{RedisError, Script};
use futures_util::future::join_all;
use tickseed_session::{FeedPart, SessionId, StoreError};
use tokio::time::sleep;

use super::RedisAddress;
use super::connection::SharedConnection;
use super::keys;
use super::parts::Parts;
use super::write_fault::{WriteFault, is_wrong_type};
use crate::write_health::{Refusal, WriteHealth};

/// How often a part that refuses writes is probed.
const PROBE_EVERY: Duration = Duration::from_secs(1);
/// How many times less often the others are, so that a server that writes nothing knows, too.
const PROBE_OTHERS_EVERY: u64 = 5;

/// Does what creating and stopping a session does: sets a key, which it deletes if it may (an empty Redis must look empty) and
/// which is gone after a second, changes a sorted set, but one that is not there, and publishes a message, an empty one, which the
/// servers ignore.
const PROBE: &str = "
redis.call('SET', KEYS[1], '', 'PX', 1000)
redis.call('ZADD', KEYS[1] .. ':none', 'XX', 0, '')
local published = redis.pcall('PUBLISH', ARGV[1], '')
redis.pcall('DEL', KEYS[1])
return published
";

/// The health of the writes to Redis, and its probes.
pub(super) struct WriteProbe {
    connection: SharedConnection,
    address: RedisAddress,
    parts: Arc<Parts>,
    health: WriteHealth,
}

impl WriteProbe {
    pub(super) fn new(connection: SharedConnection, address: RedisAddress, parts: Arc<Parts>) -> Self {
        Self { connection, address, parts, health: WriteHealth::default() }
    }

    /// Returns why writes fail, if they do.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.health.failure()
    }

    /// Notes the answer to a request about a key, if it means that writes fail. Returns the error for the caller.
    pub(super) fn note(&self, key: &str, error: StoreError) -> StoreError {
        self.note_for(self.parts.of_key(key), error, 1)
    }

    fn note_for(&self, part: FeedPart, error: StoreError, writes: u64) -> StoreError {
        let StoreError::Unavailable(source) = &error else { return error };
        let Some(fault) = source.downcast_ref::<RedisError>().and_then(WriteFault::of) else { return error };
        let refusal = Refusal { cause: fault.cause(), error: Arc::clone(source), writes };
        let name = self.parts.name(part).unwrap_or_else(|| self.address.to_string());
        self.health.failed(part.0, &name, refusal, Instant::now())
    }

    /// Probes Redis from time to time. Never ends.
    pub(super) async fn keep_probing(self: Arc<Self>) {
        let script = Script::new(PROBE);
        for round in 0_u64.. {
            sleep(PROBE_EVERY).await;
            let mut parts: Vec<_> = self.health.failing().into_iter().map(FeedPart).collect();
            if round.is_multiple_of(PROBE_OTHERS_EVERY) {
                parts.extend(self.parts.known());
                parts.sort_unstable_by_key(|part| part.0);
                parts.dedup();
            }
            join_all(parts.into_iter().map(|part| self.probe(part, &script))).await;
        }
    }

    async fn probe(&self, part: FeedPart, script: &Script) {
        // A master that is gone refuses nothing.
        let Some(key) = self.parts.find_key(part, keys::probe) else { return self.health.works(part.0) };
        let probed = self.connection.call::<i64>(&key, script.key(&key).arg(self.address.channel())).await;
        match probed {
            Ok(_) => self.health.works(part.0),
            Err(error) => drop(self.note_for(part, error, 0)),
        }
    }
}

/// Returns the error of a request about one session: a key that holds something else is as unreadable as a damaged record.
pub(super) fn unreadable_if_wrong_type(id: SessionId, error: StoreError) -> StoreError {
    match &error {
        StoreError::Unavailable(source) if source.downcast_ref::<RedisError>().is_some_and(is_wrong_type) => {
            StoreError::Unreadable { id, reason: source.to_string() }
        }
        _ => error,
    }
}
