//! The list of all sessions: a tree over the time with which their ids begin.
//!
//! A session has an entry under the first four bytes of its id, which are the same for about a minute. Those four bytes have an entry
//! under the first three, which are the same for about five hours; and those have one under the root. So no partition grows large, and
//! a walk reads only the minutes in which there are sessions.
//!
//! An entry is written before its session, and expires with it. Of several writes of the entry of a minute or a span, the one with the
//! latest end counts, because that is its timestamp. So it lives as long as any of its sessions, and nobody has to count them. Of
//! several writes of a session's own entry, the last one counts, as usual: a session can be deleted and created again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{try_join, try_join_all};
use tickseed_session::{SessionId, StoreError, Timestamp};
use tokio::time::Instant;

use super::connection::{Choice, Connection, unexpected};
use super::expiry::{rank, seconds_to_live};

/// Under which all entries begin.
const ROOT: &[u8] = &[0];

/// How many bytes are the same for about five hours, and for about a minute.
const HOURS: usize = 3;
const MINUTE: usize = 4;

/// How many minutes are read at once, one step after the other: few if there are many sessions in each.
const STEPS: [usize; 3] = [1, 4, 16];

/// How many five-hour spans are read at once.
const SPANS_AT_ONCE: usize = 8;

/// How many entries of minutes and five-hour spans are remembered, at most.
const MOST_REMEMBERED: usize = 10_000;

type Minute = [u8; MINUTE];

/// The list of all sessions.
pub(super) struct Index {
    connection: Arc<Connection>,
    known: Mutex<Known>,
}

/// Up to when entries of minutes and five-hour spans are known to be there. A node that crashes may lose them.
#[derive(Default)]
struct Known {
    ends: HashMap<Vec<u8>, i64>,
    /// How many times a node had fallen silent by then.
    silences: u64,
}

impl Index {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, known: Mutex::default() }
    }

    /// Adds a session, or makes its entry last for longer.
    pub(super) async fn add(
        &self,
        id: SessionId,
        expires_at: Option<Timestamp>,
        now: Timestamp,
        until: Instant,
    ) -> Result<(), StoreError> {
        let (end, seconds) = (rank(expires_at), seconds_to_live(expires_at, now));
        let id = &id.as_bytes()[..];
        let add_once = async |prefix: &[u8], entry: &[u8]| {
            let silences = self.connection.silences();
            if !self.knows(entry, end) {
                let values = (prefix, entry, end, seconds);
                self.connection.send_again(|statements| &statements.add_span, &values, until).await?;
                self.remember(entry, end, silences);
            }
            Ok(())
        };
        let spans = try_join(add_once(ROOT, &id[..HOURS]), add_once(&id[..HOURS], &id[..MINUTE]));
        let values = (&id[..MINUTE], id, seconds);
        let entry = self.connection.send_again(|statements| &statements.add_entry, &values, until);
        try_join(spans, entry).await.map(drop)
    }

    /// Removes a session that was deleted at this time, by the clocks of the nodes, but not the entry of one that has been created
    /// since then with the same id. If that fails, the entry stays behind, and stands for nothing.
    pub(super) async fn remove(&self, id: SessionId, deleted_us: i64) {
        let id = &id.as_bytes()[..];
        let values = (deleted_us, &id[..MINUTE], id);
        let until = self.connection.limit();
        drop(self.connection.send_again(|statements| &statements.remove_entry, &values, until).await);
    }

    /// Returns the ids that follow `after` in the list, at most `limit`, and where the list goes on.
    pub(super) async fn page(
        &self,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<(Vec<SessionId>, Option<SessionId>), StoreError> {
        let most: usize = STEPS.iter().sum();
        let newest = after.map_or([u8::MAX; MINUTE], |after| first(after.as_bytes()));
        let minutes = self.minutes(newest, most + 1).await?;
        let (mut rest, mut ids) = (&minutes[..minutes.len().min(most)], Vec::new());
        for step in STEPS {
            let (now, later) = rest.split_at(rest.len().min(step));
            let reads = now.iter().map(|minute| self.ids_in(minute, after, limit + 1));
            ids.extend(try_join_all(reads).await?.into_iter().flatten());
            if ids.len() > limit {
                ids.truncate(limit);
                let next = ids.last().copied();
                return Ok((ids, next));
            }
            rest = later;
        }
        let next = (minutes.len() > most).then(|| lowest(minutes[most - 1]));
        Ok((ids, next))
    }

    /// Returns the minutes that have entries, from `newest` back, at most `most`.
    async fn minutes(&self, newest: Minute, most: usize) -> Result<Vec<Minute>, StoreError> {
        let (mut minutes, mut from) = (Vec::new(), first::<HOURS>(&newest));
        loop {
            let spans = self.entries(ROOT, Bound::From(&from), SPANS_AT_ONCE).await?;
            let reads = spans.iter().map(|span| {
                let is_first = span[..] == newest[..HOURS];
                let last = [span, &[u8::MAX][..]].concat();
                let from = if is_first { newest.to_vec() } else { last };
                async move { self.entries(span, Bound::From(&from), most).await }
            });
            let found = try_join_all(reads).await?;
            minutes.extend(found.into_iter().flatten().map(|minute| first::<MINUTE>(&minute)));
            minutes.truncate(most);
            let next =
                spans.last().filter(|_| spans.len() == SPANS_AT_ONCE).and_then(|span| before(first(span)));
            match next {
                Some(next) if minutes.len() < most => from = next,
                _ => return Ok(minutes),
            }
        }
    }

    /// Returns the ids of a minute that follow `after`.
    async fn ids_in(
        &self,
        minute: &Minute,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<SessionId>, StoreError> {
        let last = [u8::MAX; 16];
        let bound = match &after {
            Some(after) => Bound::Below(after.as_bytes()),
            None => Bound::From(&last),
        };
        let entries = self.entries(minute, bound, limit).await?;
        Ok(entries.iter().filter_map(|entry| entry[..].try_into().ok().map(SessionId::from_bytes)).collect())
    }

    /// Returns entries under a prefix, the largest first.
    async fn entries(
        &self,
        prefix: &[u8],
        bound: Bound<'_>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let (choice, bound): (Choice, _) = match bound {
            Bound::From(bound) => (|statements| &statements.entries_from, bound),
            Bound::Below(bound) => (|statements| &statements.entries_below, bound),
        };
        let values = (prefix, bound, i32::try_from(limit).unwrap_or(i32::MAX));
        let answer = self.connection.send_again(choice, &values, self.connection.limit()).await?;
        let rows = answer.into_rows_result().map_err(unexpected)?;
        let entries = rows.rows::<(Vec<u8>,)>().map_err(unexpected)?;
        entries.map(|row| row.map(|(entry,)| entry).map_err(unexpected)).collect()
    }

    fn knows(&self, entry: &[u8], end: i64) -> bool {
        self.known().ends.get(entry).is_some_and(|known| *known >= end)
    }

    /// Remembers an entry, unless a node has fallen silent since it was sent.
    fn remember(&self, entry: &[u8], end: i64, silences: u64) {
        let mut known = self.known();
        if known.silences != silences {
            return;
        }
        if known.ends.len() >= MOST_REMEMBERED {
            known.ends.clear();
        }
        let known = known.ends.entry(entry.to_vec()).or_insert(end);
        *known = end.max(*known);
    }

    /// Returns what is known, which is nothing after a node has fallen silent.
    fn known(&self) -> MutexGuard<'_, Known> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let silences = self.connection.silences();
        if known.silences != silences {
            *known = Known { ends: HashMap::new(), silences };
        }
        known
    }
}

/// Where a part of the list begins.
enum Bound<'bytes> {
    From(&'bytes [u8]),
    Below(&'bytes [u8]),
}

/// Returns the first bytes, or all of them and zeros.
fn first<const LENGTH: usize>(bytes: &[u8]) -> [u8; LENGTH] {
    let mut first = [0; LENGTH];
    first.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    first
}

/// Returns the number before a number of three bytes.
fn before([high, middle, low]: [u8; HOURS]) -> Option<[u8; HOURS]> {
    let [_, high, middle, low] = u32::from_be_bytes([0, high, middle, low]).checked_sub(1)?.to_be_bytes();
    Some([high, middle, low])
}

/// Returns the lowest id that belongs to a minute.
fn lowest(minute: Minute) -> SessionId {
    SessionId::from_bytes(first(&minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_counted_backwards() {
        assert_eq!(before([1, 0, 0]), Some([0, 255, 255]));
        assert_eq!(before([0, 0, 0]), None);
    }

    #[test]
    fn a_minute_is_about_a_minute() {
        use tickseed_session::Timestamp;
        let minute =
            |millis| first::<MINUTE>(SessionId::random(Timestamp::from_millis(millis).unwrap()).as_bytes());
        let start = (1_800_000_000_000 >> 16) << 16;
        assert_eq!(minute(start), minute(start + 65_535));
        assert!(minute(start) < minute(start + 65_536));
        assert!(lowest(minute(start)) < SessionId::random(Timestamp::from_millis(start).unwrap()));
    }
}
