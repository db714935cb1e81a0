//! What every store must promise. Each backend has one file in `store/`; one acceptance suite holds all of them to this.

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;

use super::{Session, SessionId, Timestamp};

/// Keeps sessions.
///
/// # What a store promises
///
/// - What [`create`](Self::create) or [`replace`](Self::replace) has answered with success is found by every later
///   [`find`](Self::find), and survives whatever the store's documentation says it survives.
/// - `create` and `replace` are atomic: of several at once for one session exactly one succeeds, and a failed one has
///   changed nothing or (when it failed with [`StoreError::Unavailable`]) all.
/// - A session is given back exactly as it was given.
/// - Sessions whose time is over may still be found until they are removed; the service hides them.
/// - Every replacement is told to the [`Follower`], whichever server made it.
#[async_trait]
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a new session, unless one of its id is there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached or written; the session may or may not be kept then.
    async fn create(&self, session: Session) -> Result<Created, StoreError>;

    /// The session of that id, if it is there.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached, or what it has kept cannot be read.
    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Puts `session` in the place of the one of its id, if that one still has the revision before, and only if the
    /// store comes to writing it before the deadline.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached or written; the session may or may not be replaced then.
    async fn replace(&self, session: Session, deadline: Option<Timestamp>) -> Result<Replaced, StoreError>;

    /// Removes the sessions that have expired at `now` and tells how many those were. Stores that do so by themselves
    /// answer 0.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store cannot be reached or written; some may have been removed then.
    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError>;

    /// Whether the store can be read now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if not.
    async fn check(&self) -> Result<(), StoreError>;

    /// Tells `follower` of every replacement from now on, as long as both live. Called once.
    fn follow(&self, follower: Weak<dyn Follower>);
}

/// Whom a store tells of the sessions that are replaced, by this server or by another.
pub trait Follower: Send + Sync + 'static {
    /// From now on replacements are told; those before may have been missed, or were told already. Comes before any
    /// [`told_until`](Self::told_until), and again whenever the connection that brings the news was lost and is there again.
    fn begins(&self, news: News);

    /// Every replacement that was answered up to `uptime` ([`Clock::uptime`](super::Clock::uptime)) and after the last
    /// [`begins`](Self::begins) has been told.
    fn told_until(&self, uptime: Duration);

    /// A session was replaced by this one. May come more than once.
    fn replaced(&self, session: Session);
}

/// How fast a store tells of replacements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Before the replacement is answered, always: nobody else writes to the store.
    AtOnce,
    /// As fast as the network; [`Follower::told_until`] says how far it has got.
    Soon,
}

/// What became of a new session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Created {
    /// It is kept.
    Yes,
    /// There is one of that id already; nothing was changed.
    IdTaken,
}

/// What became of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Replaced {
    /// It was put in place.
    Yes,
    /// The session there has another revision or is gone, or the deadline is over; nothing was changed.
    No,
}

/// Why a store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, read or written at the moment.
    #[error("the store is unavailable")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// It has not answered others just now, and so was not asked.
    #[error("the store has not answered just now, and was not asked")]
    NotAsked,
    /// What it has kept cannot be read.
    #[error("the store holds a record that cannot be read: {0}")]
    Unreadable(String),
}

impl StoreError {
    /// Whether the same may succeed later.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::NotAsked)
    }

    /// It cannot be reached, read or written, and why.
    pub fn unavailable(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(reason.into().into())
    }
}
