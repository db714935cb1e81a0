//! The life of sessions: created, read, asked for their state, stopped, gone.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tickseed_engine::{Error, Seed, Step};
use uuid::Uuid;

use crate::error_chain::error_chain;

use futures_util::{StreamExt, stream};

use super::cache::SessionCache;
use super::{
    CacheSize, Clock, Created, Follower, Found, Listener, NewSession, ReadySession, Replaced, Session,
    SessionId, SessionStore, StateAnswer, StoreError, TimeToLive, Timestamp,
};

/// How often a stop is tried again when others change the session at the same time. Every failure means that somebody
/// else's change went through, and each of those moves the stop earlier, so this is far more than ever needed.
const STOP_ATTEMPTS: u32 = 100;

/// How long before it takes effect a stop becomes final: longer than it takes to write its replacement and to tell every
/// server of it, whose clocks are not all the same either.
const STOP_FINAL_BEFORE: Duration = Duration::from_millis(500);

/// How many sessions are read at once for those who listen, when the store's news are back.
const READ_AT_ONCE: usize = 64;

/// How long after it has failed such a read is tried again.
const READ_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// Which moment of a session somebody asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Now.
    Now,
    /// An instant.
    At(Timestamp),
    /// The instant at which a step begins.
    Step(Step),
}

/// Why the service refuses.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// There is no session of that id, or its time is over.
    #[error("there is no session {0}; it may have expired")]
    NotFound(SessionId),
    /// The session's stop is final: it has taken effect, or is about to.
    #[error("the session's stop at {stopped_at} is final")]
    AlreadyStopped {
        /// When.
        stopped_at: Timestamp,
    },
    /// The session will stop, and the new stop is not earlier.
    #[error("the session is to stop at {stopped_at}; only an earlier stop can replace that, got {at}")]
    StopNotEarlier {
        /// When it will stop.
        stopped_at: Timestamp,
        /// The stop that was asked for.
        at: Timestamp,
    },
    /// A stop was asked for that lies in the past.
    #[error("at must not lie in the past: it is {now} now, got {at}")]
    StopInThePast {
        /// The stop that was asked for.
        at: Timestamp,
        /// The server's time.
        now: Timestamp,
    },
    /// A question that the engine refuses.
    #[error(transparent)]
    Engine(#[from] Error),
    /// Others changed the session again and again at the same time.
    #[error("the session was changed {STOP_ATTEMPTS} times while it was to be stopped")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everything that can be done with sessions.
#[derive(Clone)]
pub struct SessionService {
    store: Arc<dyn SessionStore>,
    cache: Arc<SessionCache>,
    clock: Arc<dyn Clock>,
    time_to_live: TimeToLive,
}

impl SessionService {
    /// A service over a store and a clock. `time_to_live` counts for sessions that are created without one.
    #[must_use]
    pub fn new(
        store: Arc<dyn SessionStore>,
        clock: Arc<dyn Clock>,
        time_to_live: TimeToLive,
        cache_size: CacheSize,
    ) -> Self {
        let cache = Arc::new(SessionCache::new(Arc::clone(&store), Arc::clone(&clock), cache_size));
        // A weak reference, since the cache owns the store.
        let follower: Weak<dyn Follower> = Arc::downgrade(&cache) as _;
        store.follow(follower);
        Self { store, cache, clock, time_to_live }
    }

    /// The clock that it goes by.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Creates a session.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Store`] if the store fails.
    pub async fn create(&self, new: NewSession) -> Result<Arc<ReadySession>, ServiceError> {
        let seed = match new.seed {
            Some(seed) => seed,
            None => Seed::new(&Uuid::new_v4().to_string())?,
        };
        loop {
            let session =
                Session::create(SessionId::random(new.created_at), seed, new.clone(), self.time_to_live);
            let generation = self.cache.generation();
            match self.store.create(session.clone()).await? {
                Created::Yes => return Ok(self.cache.created(session, generation)),
                // Two random UUIDs were the same: take another.
                Created::IdTaken => {}
            }
        }
    }

    /// The session of that id, from memory or from the store.
    ///
    /// # Errors
    ///
    /// [`ServiceError::NotFound`] if there is none or its time is over, [`ServiceError::Store`] if the store fails and the
    /// session is not in memory.
    pub async fn find(&self, id: SessionId) -> Result<Found, ServiceError> {
        self.unless_expired(id, self.cache.find(id).await?)
    }

    fn unless_expired(&self, id: SessionId, found: Option<Found>) -> Result<Found, ServiceError> {
        let now = self.clock.now();
        found.filter(|found| !found.session.session().has_expired(now)).ok_or(ServiceError::NotFound(id))
    }

    /// The session of that id, and how to learn of its changes: the listener gives it first, or what it has become.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub async fn listen(&self, id: SessionId) -> Result<Listener, ServiceError> {
        // Listening comes first, so that no change falls in between.
        let listener = self.cache.listen(id);
        let found = self.find(id).await?;
        self.cache.tell(&found);
        Ok(listener)
    }

    /// What everybody sees at the moment asked about, and the age of the session that says so, as in [`Found`].
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and [`ServiceError::Engine`] for a step that begins after the year 9999.
    pub async fn state(
        &self,
        id: SessionId,
        question: Question,
    ) -> Result<(StateAnswer, Option<Duration>), ServiceError> {
        let Found { session, age } = self.find(id).await?;
        let instant = match question {
            Question::Now => self.clock.now(),
            Question::At(instant) => instant,
            Question::Step(step) => {
                Timestamp::from_millis(session.session().schedule.time_of(step)?).unwrap_or(Timestamp::MAX)
            }
        };
        Ok((session.state_at(instant)?, age))
    }

    /// Stops a session: at `at`, or now.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find); [`ServiceError::StopInThePast`] if `at` is over; [`ServiceError::AlreadyStopped`] if the
    /// session has stopped; [`ServiceError::StopNotEarlier`] if it will stop at `at` or before.
    pub async fn stop(
        &self,
        id: SessionId,
        at: Option<Timestamp>,
    ) -> Result<Arc<ReadySession>, ServiceError> {
        let mut found = self.find(id).await?;
        for _ in 0..STOP_ATTEMPTS {
            let session = found.session.session();
            // Read after the session, so that a stop that was found in the store is never "in the future" because the
            // clock was read before it was made.
            let now = self.clock.now();
            let stopped = session.stopped(allowed_stop(session, at, now)?);
            let deadline = session.stopped_at.map(stop_is_final_from);
            match self.store.replace(stopped.clone(), deadline).await? {
                Replaced::Yes => return Ok(self.cache.replaced_here(stopped)),
                // Somebody else was faster, or the stop that was to be replaced has become final meanwhile: look again,
                // and not in memory.
                Replaced::No => found = self.unless_expired(id, self.cache.read(id).await?)?,
            }
        }
        Err(ServiceError::Contended)
    }

    /// Reads the sessions that somebody listens to whenever the store's news were lost and are back, so that listeners learn
    /// of what was missed. Never ends.
    pub async fn catch_up(&self) {
        loop {
            self.cache.begun().await;
            let mut behind = self.cache.listened_to();
            while !behind.is_empty() {
                behind = self.still_behind(behind).await;
                if !behind.is_empty() {
                    tokio::time::sleep(READ_AGAIN_AFTER).await;
                }
            }
        }
    }

    /// Reads sessions for their listeners and gives those that could not be read.
    async fn still_behind(&self, ids: Vec<SessionId>) -> Vec<SessionId> {
        let reads = stream::iter(ids).map(|id| async move { (id, self.cache.find(id).await) });
        let failed = reads.buffer_unordered(READ_AT_ONCE).filter_map(async |(id, outcome)| match outcome {
            Ok(Some(Found { age: Some(_), .. })) => Some(id),
            Err(error) if error.may_pass() => Some(id),
            Err(error) => {
                tracing::error!(%id, error = error_chain(&error), "listeners may have missed a change");
                None
            }
            Ok(_) => None,
        });
        failed.collect().await
    }

    /// Removes what has expired and tells how many sessions that were.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store fails.
    pub async fn remove_expired(&self) -> Result<u64, StoreError> {
        self.store.remove_expired(self.clock.now()).await
    }

    /// Whether sessions can be read at the moment.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if not.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.store.check().await
    }
}

/// From when on a stop cannot be replaced any more: writing takes time, and who has seen a session stopped must never
/// see it stopped earlier.
fn stop_is_final_from(stopped_at: Timestamp) -> Timestamp {
    stopped_at.before(STOP_FINAL_BEFORE)
}

/// When `session` stops, if it may be stopped so: never in the past, only once, and only ever earlier.
fn allowed_stop(session: &Session, at: Option<Timestamp>, now: Timestamp) -> Result<Timestamp, ServiceError> {
    if let Some(stopped_at) = session.stopped_at.filter(|stopped_at| stop_is_final_from(*stopped_at) <= now) {
        return Err(ServiceError::AlreadyStopped { stopped_at });
    }
    let at = at.unwrap_or(now);
    if at < now {
        return Err(ServiceError::StopInThePast { at, now });
    }
    match session.stopped_at {
        Some(stopped_at) if stopped_at <= at => Err(ServiceError::StopNotEarlier { stopped_at, at }),
        _ => Ok(at),
    }
}
