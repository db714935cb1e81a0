//! The optional half of a store's contract: how a server hears of changes that another server has made.

use std::fmt;
use std::sync::Weak;
use std::time::Duration;

use super::{Revision, Session, SessionId, StoreError};

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
    fn caught_up_to(&self, part: FeedPart, uptime: Duration);

    /// Reports a change. May come more than once.
    fn changed(&self, change: Change<'_>);
}

/// A change of one session.
#[derive(Clone, Copy)]
pub enum Change<'record> {
    /// The session has been replaced.
    Replaced {
        /// The session.
        id: SessionId,
        /// Its new revision.
        revision: Revision,
        /// Reads the new session, if the feed carries the record. A subscriber reads it only if somebody is interested in the
        /// session.
        record: Option<&'record ReadRecord<'record>>,
    },
    /// The session has been removed.
    Removed {
        /// The session.
        id: SessionId,
    },
}

/// Reads a session from a record that came with a change.
pub type ReadRecord<'record> = dyn Fn() -> Result<Session, StoreError> + 'record;

impl fmt::Debug for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replaced { id, revision, .. } => write!(f, "Replaced({id}, {revision})"),
            Self::Removed { id } => write!(f, "Removed({id})"),
        }
    }
}
