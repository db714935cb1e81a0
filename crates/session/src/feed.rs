//! The optional half of a store's contract: how a server hears of changes that another server has made.

use std::fmt;
use std::sync::Weak;
use std::time::Duration;

use super::{Revision, Session, SessionId, StoreError, Timestamp};

/// Reports every change of a session, whichever server made it.
///
/// A feed has one or more parts, which fail independently. Each session belongs to one part at a time; of a Redis Cluster, for
/// instance, every master is a part.
///
/// # Contract
///
/// For each part, the subscriber hears
///
/// 1. that the part has [restarted](Subscriber::restarted), before anything else and again whenever changes may have been
///    missed, including when sessions move to another part;
/// 2. every [change](Subscriber::changed) of its sessions that is acknowledged from then on;
/// 3. how far it is [caught up](Subscriber::caught_up_to), again and again.
pub trait ChangeFeed: Send + Sync {
    /// Returns the number of parts that the feed may have. It never changes.
    fn parts(&self) -> usize {
        1
    }

    /// Returns the part that a session belongs to at the moment.
    fn part_of(&self, _id: SessionId) -> FeedPart {
        FeedPart::default()
    }

    /// Reports to `subscriber` from now on, as long as both exist. Called once.
    fn subscribe(&self, subscriber: Weak<dyn Subscriber>);
}

/// One part of a change feed: a number below [`ChangeFeed::parts`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPart(pub u16);

/// Receives every change a store reports.
pub trait Subscriber: Send + Sync + 'static {
    /// Reports that the feed of a part begins here: earlier changes may have been missed. Takes back every earlier
    /// [`caught_up_to`](Self::caught_up_to) of that part.
    fn restarted(&self, part: FeedPart);

    /// Reports that every change of that part that was acknowledged before `uptime` ([`Clock::uptime`](super::Clock::uptime)),
    /// and since the last [`restarted`](Self::restarted), has been reported. A store that reports each change before it
    /// acknowledges it says [`Duration::MAX`], once.
    ///
    /// `certain` is the time at that uptime, by the clock that the store was made with: all that became visible in the store before
    /// it has been reported. It is `None` while the store promises nothing ([`certain`](super::SessionStore::certain), which also
    /// answers for a store that says [`Duration::MAX`]).
    fn caught_up_to(&self, part: FeedPart, uptime: Duration, certain: Option<Timestamp>);

    /// Reports a change. May come more than once. The subscriber returns at once: the part cannot say how far it is caught up
    /// until then.
    fn changed(&self, change: StoreChange);
}

/// A change of one session.
pub enum StoreChange {
    /// The session has been replaced.
    Replaced {
        /// The session.
        id: SessionId,
        /// Its new revision.
        revision: Revision,
        /// The record of the new session, if it comes with the change.
        record: Option<ReportedRecord>,
    },
    /// The session has expired and has been removed.
    Removed {
        /// The session.
        id: SessionId,
    },
    /// The session has been deleted.
    Deleted {
        /// The session.
        id: SessionId,
    },
}

impl fmt::Debug for StoreChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replaced { id, revision, .. } => write!(f, "Replaced({id}, {revision})"),
            Self::Removed { id } => write!(f, "Removed({id})"),
            Self::Deleted { id } => write!(f, "Deleted({id})"),
        }
    }
}

/// A record that comes with a change. Reading it takes time, so a subscriber does not read it during the report: it keeps the
/// record, and reads it once somebody needs the session.
pub struct ReportedRecord {
    bytes: usize,
    read: Box<dyn Fn() -> Result<Session, StoreError> + Send + Sync>,
}

impl ReportedRecord {
    /// Takes the size of a record, in bytes, and a function that reads it.
    pub fn new(bytes: usize, read: impl Fn() -> Result<Session, StoreError> + Send + Sync + 'static) -> Self {
        Self { bytes, read: Box::new(read) }
    }

    /// Returns how many bytes of memory the record takes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Reads the record.
    ///
    /// # Errors
    ///
    /// [`StoreError::NewerRecord`] or [`StoreError::Unreadable`], as when the store is read.
    pub fn read(&self) -> Result<Session, StoreError> {
        (self.read)()
    }
}

impl fmt::Debug for ReportedRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReportedRecord({} bytes)", self.bytes)
    }
}
