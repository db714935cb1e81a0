//! The contract of a store: what the service relies on. The suite in `acceptance` holds every backend to it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{ChangeFeed, RequestStore, Session, SessionId, Timestamp, Vitals};

/// Keeps sessions.
///
/// # Contract
///
/// - A session that [`create`](Self::create) or [`compare_and_set`](Self::compare_and_set) has acknowledged is found by every
///   later [`find`](Self::find). It survives whatever the store's documentation promises.
/// - A session that [`delete`](Self::delete) has acknowledged is found by no later `find`, and is in no later
///   [`list`](Self::list). It never comes back: a `compare_and_set` that is under way meanwhile has no effect.
/// - `create`, `compare_and_set` and `delete` are atomic. Of several concurrent calls for one session exactly one succeeds. A call
///   that fails with [`StoreError::Unavailable`] or [`StoreError::NotWritable`] has taken effect completely or not at all; any
///   other failed call has changed nothing.
/// - Nothing is replaced or deleted after its deadline. The store looks at its clock when it is the call's turn to be written,
///   however long the call has waited by then, and also if the caller has given up.
/// - A session comes back exactly as it was stored.
/// - A record that only a later version understands gives [`StoreError::NewerRecord`], and is never overwritten.
/// - Expired sessions may be found until they are removed. The service hides them. A store that removes them by itself keeps each
///   for up to a minute longer. The stored session decides: a replacement can move the expiry, or take it away.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Stores a new session, unless its id is taken.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached or written. The session may have been stored all the same.
    async fn create(&self, session: Session) -> Result<Created, StoreError>;

    /// Finds a session.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached, or its record cannot be read.
    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Replaces the stored session by `session`, if `session` [follows](Session::follows) the stored one and the deadline has not
    /// been reached.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached or written. The session may have been replaced all the same.
    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError>;

    /// Deletes the stored session, if it is [the same write](Session::is_same_write) as `session` and the deadline has not been
    /// reached. The conditions are checked in this order.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached or written. The session may have been deleted all the same.
    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError>;

    /// Returns the stored sessions with the largest ids that are smaller than `after`, or the largest of all without `after`, the
    /// largest first. Ids begin with the time of creation, so the newest sessions come first.
    ///
    /// The store looks at no more than `limit` sessions, which is at least 1, so one call costs a bounded amount of work. Sessions
    /// whose record cannot be read are in [`SessionPage::left_out`] instead, and whatever only seems to be a session is nowhere, so a
    /// page can be shorter than `limit`, or empty, although there are more. Only [`SessionPage::next`] says where the list ends.
    ///
    /// Passing `next` on until there is none gives each session exactly once that was created before the first call was made
    /// and deleted after the last one has ended, if it can be read, whatever is created and deleted meanwhile. Nothing comes twice.
    /// A session that was created before its store kept a list may be missing, for as long as the store's documentation says.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached or read. If it has several parts, all of them must answer.
    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError>;

    /// Returns an instant, by the clock that the store was made with, such that a read which begins now misses nothing that
    /// becomes visible in the store before it. Returns `None` if no such instant is known; then the server promises nothing.
    ///
    /// By default it is `None`. It is `None` also while the clock of the store is not known to agree ([`Terms::is_clock_sure`]),
    /// and while it is not known how much acknowledged writing the store can lose. Asks nobody.
    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        None
    }

    /// Returns what a change of a session with a notice has to allow for. Asks nobody.
    ///
    /// A store that keeps this default cannot change sessions with a notice: each attempt gives
    /// [`ServiceError::ClockUnsure`](crate::ServiceError::ClockUnsure), which the server answers with 503 `clock_unsure`.
    fn terms(&self, _id: SessionId) -> Terms {
        Terms { loss: Duration::ZERO, is_clock_sure: false }
    }

    /// Removes the sessions that have expired at `now` and returns their number. A store that expires sessions by itself
    /// returns 0.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached or written. Some sessions may have been removed.
    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Checks that the store can be read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if it cannot.
    async fn check(&self) -> Result<(), StoreError>;

    /// Returns why writes fail at the moment, if they do although the store answers. Asks nobody. A store finds out by itself when
    /// the cause is over.
    fn write_failure(&self) -> Option<StoreError> {
        None
    }

    /// Returns how far the store's clock is at most from the clock that the store was made with, as measured within the last two
    /// seconds. Of several clocks in the store, the farthest counts. `None` while that is not known, and for a store without a
    /// clock of its own. Asks nobody.
    fn clock_distance(&self) -> Option<Duration> {
        None
    }

    /// Returns what the store knows about its health, for monitoring. Asks nobody. By default it knows nothing.
    fn vitals(&self) -> Vitals {
        Vitals::default()
    }

    /// Completes when a part of the store that works in the background has panicked, so that only a new process can repair
    /// the store. Never completes otherwise.
    async fn broken(&self) -> StoreError {
        std::future::pending().await
    }

    /// Returns the part of the store that keeps requests with an idempotency key, if it has one.
    fn requests(&self) -> Option<&dyn RequestStore> {
        None
    }

    /// Returns the other half of the contract, if the store has it. Without a change feed a session in memory is trusted
    /// only as long as the bound on staleness allows.
    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        None
    }
}

/// Until when a session may be replaced or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// By the clock that the store was made with, whatever other clocks it uses.
    OfServer(Timestamp),
    /// By the store's own clock.
    OfStore(Timestamp),
}

impl Deadline {
    /// Returns the instant, for a store that has no clock of its own.
    #[must_use]
    pub const fn instant(self) -> Timestamp {
        match self {
            Self::OfServer(instant) | Self::OfStore(instant) => instant,
        }
    }
}

/// What a change of a session with a notice has to allow for. It is exhaustive on purpose: every store has to say all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How much acknowledged writing the store may lose in a crash, as far as that is known. If it may lose more, this server promises
    /// nothing.
    pub loss: Duration,
    /// Whether the store's clock is known to be at most [`CLOCK_TOLERANCE`](crate::CLOCK_TOLERANCE) away from the clock that the
    /// store was made with, as measured within the last two seconds. Of several clocks in the store, the farthest counts. It is also
    /// false while the store has yet to say what it can lose: another server may know more, and promise by that.
    pub is_clock_sure: bool,
}

/// The result of storing a new session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Created {
    /// It is stored.
    Yes,
    /// Its id is taken. Nothing has changed.
    IdTaken,
}

/// The result of a compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Replaced {
    /// The session has been replaced.
    Yes,
    /// The stored session is not the one that was to be replaced, or is gone. Nothing has changed.
    No,
    /// The deadline has passed. Nothing has changed, and this call will not change anything later.
    TooLate,
}

/// The result of deleting a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Deleted {
    /// It is gone.
    Yes,
    /// The stored session is another write, or was gone before. Nothing has changed.
    No,
    /// The deadline has passed. Nothing has changed, and this call will not change anything later.
    TooLate,
}

/// A part of the list of all sessions. It is exhaustive on purpose: every store has to say where the list goes on.
#[derive(Debug, Clone, Default)]
pub struct SessionPage {
    /// The sessions, the largest id first. They may have expired.
    pub sessions: Vec<Session>,
    /// Why the other sessions of this part are not in it: [`StoreError::NewerRecord`] or [`StoreError::Unreadable`] for each.
    pub left_out: Vec<StoreError>,
    /// Where the list goes on: pass it as `after`. `None` at its end.
    pub next: Option<SessionId>,
}

/// Why a store failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store cannot be reached, read or written at the moment.
    #[error("the store is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The store did not answer a moment ago, so this call did not ask it.
    #[error("the store did not answer a moment ago and was not asked again")]
    NotAsked,
    /// The store answers, but refuses all writes, or those that need room. Its health has been logged.
    #[error("{reason}")]
    NotWritable {
        /// The cause, in words that are safe to show to clients.
        reason: &'static str,
        /// The answer of the store.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The store has as many sessions as it may, so it takes no new one. Nothing has changed.
    #[error("the store has {limit} sessions, and may not have more")]
    TooManySessions {
        /// How many it may have.
        limit: u64,
    },
    /// A later version wrote the record, and this version does not understand it.
    #[error("a later version wrote the record of {id}: {reason}")]
    NewerRecord {
        /// The session.
        id: SessionId,
        /// The part that this version does not understand.
        reason: String,
    },
    /// The record is damaged.
    #[error("the record of {id} cannot be read: {reason}")]
    Unreadable {
        /// The session.
        id: SessionId,
        /// The damage.
        reason: String,
    },
}

impl StoreError {
    /// Returns whether the same call may succeed later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NotAsked | Self::NotWritable { .. })
    }

    /// The store cannot be reached, read or written, for this reason.
    pub fn unavailable(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(reason.into().into())
    }
}
