//! Keeps the index complete and small, in the background and with little work at a time.
//!
//! Complete: servers of earlier versions know no index, and a crash can lose an entry and keep its session. So each server looks
//! through all keys when it starts, and every hour, and adds what is missing.
//!
//! Small: Redis expires sessions by itself. So each server looks through the index again and again, and removes the entries whose
//! sessions are gone. An entry that is new may belong to a session that is being created at this moment, so it stays.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{RedisError, cmd};
use futures_util::future::join_all;
use tickseed_session::{Clock, SessionId, StoreError, error_chain};
use tokio::time::sleep;

use super::connection::{SharedConnection, exists};
use super::index::{Index, exclusive, id_of, is_forbidden};
use super::keys;
use super::nodes::Node;

/// How many keys SCAN looks at in one step.
const SCAN_LENGTH: usize = 200;
/// How long the pause after a step of SCAN is.
const SCAN_PAUSE: Duration = Duration::from_millis(20);
/// How long after a look through all keys the next one begins.
const SCAN_AGAIN_AFTER: Duration = Duration::from_hours(1);

/// How many entries of the index are checked in one step.
const CHECK_LENGTH: usize = 200;
/// How long the pause after such a step is.
const CHECK_PAUSE: Duration = Duration::from_millis(200);
/// How long after a look through the whole index the next one begins.
const CHECK_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// How old an entry must be before it can be removed: much older than any request to Redis may take, and than the clocks of servers
/// may be apart.
const REMOVED_AFTER: Duration = Duration::from_mins(10);

/// How long after a failure a step is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the upkeep needs.
#[derive(Clone)]
pub(super) struct Upkeep {
    connection: SharedConnection,
    index: Arc<Index>,
    clock: Arc<dyn Clock>,
}

impl Upkeep {
    pub(super) fn new(connection: SharedConnection, index: Arc<Index>, clock: Arc<dyn Clock>) -> Self {
        Self { connection, index, clock }
    }

    /// Adds the sessions that are missing in the index, when it starts and from time to time. Ends only if this server may not look
    /// through the keys.
    pub(super) async fn keep_complete(self) {
        loop {
            for node in self.connection.nodes().all() {
                if let Err(error) = self.add_sessions_of(node).await {
                    let error = error_chain(&error);
                    tracing::warn!(
                        error,
                        "the user of this server may not SCAN: sessions that earlier versions have created are not listed"
                    );
                    return;
                }
            }
            sleep(SCAN_AGAIN_AFTER).await;
        }
    }

    /// Adds the sessions of one master. Fails only if this server lacks the permission. A master that is gone is left alone.
    async fn add_sessions_of(&self, node: &Arc<Node>) -> Result<(), StoreError> {
        let mut cursor = 0_u64;
        loop {
            match self.add_next(node, cursor).await {
                Ok(0) => return Ok(()),
                Ok(next) => {
                    cursor = next;
                    sleep(SCAN_PAUSE).await;
                }
                Err(error) if lacks_permission(&error) => return Err(error),
                Err(_) => {
                    sleep(RETRY_AFTER).await;
                    if !self.connection.nodes().all().iter().any(|other| Arc::ptr_eq(other, node)) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Takes one step of SCAN. Returns the cursor for the next one.
    async fn add_next(&self, node: &Arc<Node>, cursor: u64) -> Result<u64, StoreError> {
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(keys::SESSIONS).arg("COUNT").arg(SCAN_LENGTH);
        let (next, found): (u64, Vec<Vec<u8>>) = self.connection.send_to(node, &scan).await?;
        let ids: Vec<_> = found.iter().filter_map(|key| keys::session_of(key)).collect();
        self.index.add(&self.connection, &ids).await?;
        Ok(next)
    }

    /// Removes the entries whose sessions are gone. Never ends.
    pub(super) async fn keep_small(self) {
        loop {
            for key in self.index.keys() {
                let mut after = None;
                loop {
                    match self.check_next(key, after).await {
                        Ok(None) => break,
                        Ok(next) => {
                            after = next;
                            sleep(CHECK_PAUSE).await;
                        }
                        Err(_) => sleep(RETRY_AFTER).await,
                    }
                }
            }
            sleep(CHECK_AGAIN_AFTER).await;
        }
    }

    /// Checks the entries that follow `after`, the oldest first. Returns the last one of them, unless it is the last of all.
    async fn check_next(&self, key: &str, after: Option<SessionId>) -> Result<Option<SessionId>, StoreError> {
        let above = after.map_or_else(|| b"-".to_vec(), exclusive);
        let mut range = cmd("ZRANGEBYLEX");
        range.arg(key).arg(above).arg("+").arg("LIMIT").arg(0).arg(CHECK_LENGTH);
        let members: Vec<Vec<u8>> = self.connection.send(key, range).await?;
        let ids: Vec<_> = members.iter().filter_map(|member| id_of(member)).collect();
        let gone: Vec<_> = join_all(ids.iter().map(|id| self.is_gone(*id))).await;
        let gone = ids.iter().zip(gone).filter_map(|(id, is_gone)| is_gone.then_some(id)).collect::<Vec<_>>();
        if !gone.is_empty() {
            let mut remove = cmd("ZREM");
            remove.arg(key);
            for id in gone {
                remove.arg(id.as_bytes());
            }
            self.connection.send::<u64>(key, remove).await?;
        }
        Ok(ids.last().copied().filter(|_| members.len() == CHECK_LENGTH))
    }

    /// Returns whether an entry is old enough and its session is certain to be gone.
    async fn is_gone(&self, id: SessionId) -> bool {
        let since = self.clock.now().before(REMOVED_AFTER);
        if id.made_at().is_some_and(|made_at| made_at > since) {
            return false;
        }
        let key = keys::session(id);
        matches!(self.connection.send::<bool>(&key, exists(&key)).await, Ok(false))
    }
}

fn lacks_permission(error: &StoreError) -> bool {
    let StoreError::Unavailable(source) = error else { return false };
    source.downcast_ref::<RedisError>().is_some_and(is_forbidden)
}
