//! The sessions in the cache. Most sessions that a server creates are then read from many servers, or never: until somebody asks this
//! server for one, it has to share a small part of the memory with all the others, and does not drive out any that is read.

use quick_cache::sync::Cache;

use super::CacheSize;
use super::entry::{Entry, Weight};
use crate::SessionId;

/// Which part of the memory is for sessions that nobody has asked for since their creation: an eighth.
const UNREAD_PART: u64 = 8;

/// How large an entry is assumed to be. Only the initial size of the tables depends on this number.
const EXPECTED_BYTES: u64 = 8 * 1024;

/// The sessions in the cache. They change only under the lock of the reads in flight.
pub(super) struct Entries {
    read: Cache<SessionId, Entry, Weight>,
    /// Those that were created here, and not asked for since then.
    unread: Cache<SessionId, Entry, Weight>,
}

impl Entries {
    pub(super) fn new(size: CacheSize) -> Self {
        let unread = size.bytes / UNREAD_PART;
        Self { read: cache(size.bytes - unread), unread: cache(unread) }
    }

    /// Returns the entry of a session that somebody asks for, and whether that is the first time since it was created here.
    pub(super) fn get(&self, id: &SessionId) -> Option<(Entry, bool)> {
        let read = self.read.get(id).map(|entry| (entry, false));
        read.or_else(|| Some((self.unread.get(id)?, true)))
    }

    /// Returns an entry that nobody asks for.
    pub(super) fn peek(&self, id: &SessionId) -> Option<Entry> {
        self.read.peek(id).or_else(|| self.unread.peek(id))
    }

    /// Notes that somebody has asked for a session.
    pub(super) fn note_read(&self, id: &SessionId) {
        if let Some(entry) = self.unread.peek(id) {
            // In this order, so that it can be found at any time.
            self.read.insert(*id, entry);
            self.unread.remove(id);
        }
    }

    /// Adds a session that was created here.
    pub(super) fn insert_created(&self, id: SessionId, entry: Entry) {
        self.unread.insert(id, entry);
    }

    /// Adds a session, or replaces it.
    pub(super) fn insert(&self, id: SessionId, entry: Entry) {
        if self.unread.contains_key(&id) {
            self.unread.insert(id, entry);
        } else {
            self.read.insert(id, entry);
        }
    }

    pub(super) fn remove(&self, id: &SessionId) {
        self.unread.remove(id);
        self.read.remove(id);
    }

    /// Returns how many bytes the sessions take.
    pub(super) fn bytes(&self) -> u64 {
        self.read.weight() + self.unread.weight()
    }

    pub(super) fn len(&self) -> usize {
        self.read.len() + self.unread.len()
    }
}

fn cache(bytes: u64) -> Cache<SessionId, Entry, Weight> {
    let expected_entries = usize::try_from(bytes / EXPECTED_BYTES).unwrap_or(usize::MAX);
    Cache::with_weighter(expected_entries, bytes, Weight)
}
