//! The index of all sessions: sorted sets of their ids, from which the list is made.
//!
//! All members have the same score, so Redis sorts them by their bytes: by the time of creation, as ids do. The one Redis has one
//! set. A cluster has one for each block of slots. Its key is in the same block, and so nearly always on the same master as the
//! sessions in it: a master that is away holds up few sessions of the others.
//!
//! A session is added before it is stored, and removed after it is deleted. Redis expires sessions by itself, and then an entry is
//! left without a session; `upkeep` removes those.

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{Cmd, RedisError, RedisResult, cmd};
use futures_util::future::try_join_all;

use tickseed_session::{SessionId, StoreError};

use super::connection::SharedConnection;
use super::keys;
use super::slot::{SLOTS, slot_of};

/// How many sets the index of a cluster has.
const BLOCKS: u16 = 64;

/// How many slots a block has.
const BLOCK_LENGTH: u16 = SLOTS / BLOCKS;

/// How many keys are tried at most to find one in a block. Each block has one among the first few hundred.
const MOST_TRIED_KEYS: u32 = 100_000;

/// How many bytes an entry has.
const ID_LENGTH: usize = 16;

/// The keys of the sorted sets.
pub(super) struct Index {
    /// One, or one for each block of slots.
    keys: Vec<String>,
}

impl Index {
    pub(super) fn new(is_cluster: bool) -> Self {
        let keys =
            if is_cluster { (0..BLOCKS).map(key_in_block).collect() } else { vec![keys::INDEX.to_owned()] };
        Self { keys }
    }

    /// Returns the keys of all sets.
    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// Returns the key of the set that a session belongs to.
    pub(super) fn key_of(&self, id: SessionId) -> &str {
        match &self.keys[..] {
            [only] => only,
            keys => &keys[usize::from(slot_of(&keys::session(id)) / BLOCK_LENGTH)],
        }
    }

    /// Adds sessions. Those that are there already stay.
    pub(super) async fn add(
        &self,
        connection: &SharedConnection,
        ids: &[SessionId],
    ) -> Result<(), StoreError> {
        let additions = self.keys.iter().filter_map(|key| {
            let mut ids = ids.iter().filter(|id| self.key_of(**id) == key).peekable();
            ids.peek()?;
            Some(connection.send::<u64>(key, addition(key, ids)))
        });
        try_join_all(additions).await.map(drop)
    }

    /// Returns the command that adds a session.
    pub(super) fn addition_of(&self, id: SessionId) -> Cmd {
        addition(self.key_of(id), [&id])
    }

    /// Removes a session.
    pub(super) async fn remove(
        &self,
        connection: &SharedConnection,
        id: SessionId,
    ) -> Result<(), StoreError> {
        let key = self.key_of(id);
        let mut remove = cmd("ZREM");
        remove.arg(key).arg(id.as_bytes());
        connection.send::<u64>(key, remove).await.map(drop)
    }

    /// Returns the ids that follow `after` in the list, at most `limit`, and where the list goes on.
    pub(super) async fn page(
        &self,
        connection: &SharedConnection,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<(Vec<SessionId>, Option<SessionId>), StoreError> {
        let below = after.map_or_else(|| b"+".to_vec(), exclusive);
        // One more, which shows whether the list goes on.
        let parts = self.keys.iter().map(|key| {
            let mut range = cmd("ZREVRANGEBYLEX");
            range.arg(key).arg(&below).arg("-").arg("LIMIT").arg(0).arg(limit.saturating_add(1));
            connection.send::<Vec<Vec<u8>>>(key, range)
        });
        let parts = try_join_all(parts).await?;
        let mut ids: Vec<_> = parts.iter().flatten().filter_map(|member| id_of(member)).collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.dedup();
        let goes_on = ids.len() > limit;
        ids.truncate(limit);
        let next = ids.last().copied().filter(|_| goes_on);
        Ok((ids, next))
    }
}

/// Returns the command that adds sessions to a set.
fn addition<'id>(key: &str, ids: impl IntoIterator<Item = &'id SessionId>) -> Cmd {
    let mut add = cmd("ZADD");
    add.arg(key);
    for id in ids {
        add.arg(0).arg(id.as_bytes());
    }
    add
}

/// Returns the first key of a series that is in a block of slots.
fn key_in_block(block: u16) -> String {
    let is_in_block = |key: &String| slot_of(key) / BLOCK_LENGTH == block;
    (0..MOST_TRIED_KEYS).map(keys::index).find(is_in_block).unwrap_or_default()
}

/// Returns the border of a range of members that ends before this one.
pub(super) fn exclusive(id: SessionId) -> Vec<u8> {
    [b"(".as_slice(), id.as_bytes()].concat()
}

/// Returns the id that a member of a set is.
pub(super) fn id_of(member: &[u8]) -> Option<SessionId> {
    <[u8; ID_LENGTH]>::try_from(member).ok().map(SessionId::from_bytes)
}

/// Finds out whether this server may use the index. It changes nothing, and passes on no other errors: Redis checks the permission
/// before anything else.
pub(super) async fn try_out(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    let command = |name: &str, arguments: &[&str]| {
        let mut command = cmd(name);
        command.arg(keys::INDEX).arg(arguments);
        command
    };
    let commands: [Cmd; 4] = [
        command("ZADD", &["XX", "0", ""]),
        command("ZREM", &[""]),
        command("ZRANGEBYLEX", &["+", "-"]),
        command("ZREVRANGEBYLEX", &["-", "+"]),
    ];
    for command in commands {
        match command.exec_async(connection).await {
            Err(error) if is_forbidden(&error) || error.is_io_error() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Returns whether the user of this server lacks a permission.
pub(super) fn is_forbidden(error: &RedisError) -> bool {
    error.code() == Some("NOPERM")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_block_of_a_cluster_has_a_key_of_its_own_that_never_changes() {
        let index = Index::new(true);
        assert_eq!(index.keys().iter().collect::<BTreeSet<_>>().len(), usize::from(BLOCKS));
        for (block, key) in (0..).zip(index.keys()) {
            assert_eq!(slot_of(key) / BLOCK_LENGTH, block);
        }
        // Servers of every version must agree.
        let id: SessionId = "sess_550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        assert_eq!(
            (index.key_of(id), index.keys()[0].as_str()),
            ("session:{index-173}", "session:{index-22}")
        );
        assert_eq!(Index::new(false).key_of(id), "session:{index}");
    }

    #[test]
    fn a_key_of_a_session_gives_its_id_and_no_other_key_does() {
        let id: SessionId = "sess_550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        assert_eq!(keys::session_of(keys::session(id).as_bytes()), Some(id));
        for key in
            ["", "session:{index}", "session:{sess_1}", "session:{probe-1}", "other", "session:{\u{e9}}"]
        {
            assert_eq!(keys::session_of(key.as_bytes()), None, "{key}");
        }
    }
}
