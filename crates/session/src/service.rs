//! The life of sessions: created, found, asked for their state, stopped, expired.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tickseed_engine::{Error, Seed, Step};
use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::cache::SessionCache;
use crate::error_chain::error_chain;
use crate::waiting::Waiting;
use crate::{
    CacheSize, Clock, Created, Listener, Lookup, NewSession, ReadySession, Replaced, Session, SessionId,
    SessionStore, StateAnswer, StoreError, Subscriber, TimeToLive, Timestamp,
};

/// How many times a stop is tried when others change the session at the same time. Every failure means that another change went
/// through, and each of those moves the stop earlier, so this is far more than ever needed.
const STOP_ATTEMPTS: u32 = 100;

/// How long before it takes effect a stop becomes final. That is longer than it takes to write its replacement and to report it
/// to every server, and leaves room for clocks that differ.
const STOP_FINAL_BEFORE: Duration = Duration::from_millis(500);

/// How long after it takes effect a stop may still be written. Later, nobody could hear of it in time.
const STOP_WRITTEN_WITHIN: Duration = Duration::from_millis(250);

/// How many times a stop is tried when the store is too slow to write it in time.
const LATE_ATTEMPTS: u32 = 3;

/// How many sessions are read at once for listeners that may have missed a change.
const CONCURRENT_READS: usize = 64;

/// How long after a failure such a read is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// How often sessions are read for their listeners if the store has no change feed: as long as memory is trusted without one.
const POLL_EVERY: Duration = crate::freshness::TRUSTED_FOR;

/// The moment of a session whose state is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Now.
    Now,
    /// An instant.
    At(Timestamp),
    /// The instant at which a step begins.
    Step(Step),
}

/// Why the service refuses a request. Exhaustive on purpose: the table of HTTP errors must cover every variant.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The session does not exist or has expired.
    #[error("there is no session {0}; it may have expired")]
    NotFound(SessionId),
    /// The session's stop is final: it has taken effect, or is about to.
    #[error("the session's stop at {stopped_at} is final")]
    AlreadyStopped {
        /// When the session stops.
        stopped_at: Timestamp,
    },
    /// The session is going to stop, and the new stop is not earlier.
    #[error("the session stops at {stopped_at}; only an earlier stop can replace that, got {at}")]
    StopNotEarlier {
        /// When the session stops.
        stopped_at: Timestamp,
        /// The new stop.
        at: Timestamp,
    },
    /// The stop lies in the past.
    #[error("at must not lie in the past: the time is {now}, got {at}")]
    StopInThePast {
        /// The new stop.
        at: Timestamp,
        /// The server's time.
        now: Timestamp,
    },
    /// The engine refuses the moment.
    #[error(transparent)]
    Engine(#[from] Error),
    /// Others changed the session again and again at the same time.
    #[error("the session changed {STOP_ATTEMPTS} times during the attempt to stop it")]
    Contended,
    /// The store was too slow to write the stop in time. The session has not changed.
    #[error("the store is too slow at the moment: nothing has changed; try again")]
    StopTooLate,
    /// The store was so slow that a new session would have been handed out after its default start. Nobody knows its id.
    #[error("the store is too slow at the moment: the session would already have started; try again")]
    CreatedTooLate,
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
    /// Makes a service over a store and a clock. `time_to_live` applies to sessions that are created without one.
    #[must_use]
    pub fn new(
        store: Arc<dyn SessionStore>,
        clock: Arc<dyn Clock>,
        time_to_live: TimeToLive,
        cache_size: CacheSize,
    ) -> Self {
        let cache = Arc::new(SessionCache::new(Arc::clone(&store), Arc::clone(&clock), cache_size));
        if let Some(feed) = store.change_feed() {
            // A weak reference, because the cache owns the store.
            let subscriber: Weak<dyn Subscriber> = Arc::downgrade(&cache) as _;
            feed.subscribe(subscriber);
        }
        Self { store, cache, clock, time_to_live }
    }

    /// Returns the clock of the service.
    #[must_use]
    pub const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Creates a session.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Store`] if the store fails, [`ServiceError::CreatedTooLate`] if it takes so long that the default start of
    /// the session is over.
    pub async fn create(&self, new: NewSession) -> Result<Arc<ReadySession>, ServiceError> {
        let seed = match new.seed {
            Some(seed) => seed,
            None => Seed::new(&Uuid::new_v4().to_string())?,
        };
        loop {
            let id = SessionId::random(new.created_at);
            let session = Session::create(id, seed, new.clone(), self.time_to_live);
            let creation = self.cache.creating(id);
            match self.store.create(session.clone()).await? {
                Created::Yes if session.has_missed_its_default_start(self.clock.now()) => {
                    return Err(ServiceError::CreatedTooLate);
                }
                Created::Yes => return Ok(self.cache.created(session, creation)),
                // Another session has this id already: take another id.
                Created::IdTaken => {}
            }
        }
    }

    /// Finds a session, in memory or in the store.
    ///
    /// # Errors
    ///
    /// [`ServiceError::NotFound`] if it does not exist or has expired, [`ServiceError::Store`] if the store fails and the
    /// session is not in memory.
    pub async fn find(&self, id: SessionId) -> Result<Lookup, ServiceError> {
        self.unless_expired(id, self.cache.find(id).await?)
    }

    fn unless_expired(&self, id: SessionId, lookup: Option<Lookup>) -> Result<Lookup, ServiceError> {
        let now = self.clock.now();
        lookup.filter(|lookup| !lookup.session.session().has_expired(now)).ok_or(ServiceError::NotFound(id))
    }

    /// Listens to a session. The first notice is the session as it is at that time.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub async fn listen(&self, id: SessionId) -> Result<Listener, ServiceError> {
        // Listen first, so that no change falls in between.
        let listener = self.cache.listen(id);
        let lookup = self.find(id).await?;
        self.cache.tell_first(&lookup);
        Ok(listener)
    }

    /// Computes the state that everybody sees at a moment. The second value is the age of the session, as in [`Lookup`].
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and [`ServiceError::Engine`] for a step that begins after the year 9999.
    pub async fn state(
        &self,
        id: SessionId,
        moment: Moment,
    ) -> Result<(StateAnswer, Option<Duration>), ServiceError> {
        let Lookup { session, age } = self.find(id).await?;
        let instant = match moment {
            Moment::Now => return Ok((session.state_now(self.clock.now())?, age)),
            Moment::At(instant) => instant,
            Moment::Step(step) => {
                Timestamp::from_millis(session.session().schedule.time_of(step)?).unwrap_or(Timestamp::MAX)
            }
        };
        Ok((session.state_at(instant)?, age))
    }

    /// Stops a session at `at`, or now. A stop is written at most 250 ms after it takes effect. If the store is too slow for a
    /// stop without `at`, it is tried again with the time at which the store is ready.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find). [`ServiceError::StopInThePast`] if `at` has passed, [`ServiceError::AlreadyStopped`] if the
    /// session's stop is final, [`ServiceError::StopNotEarlier`] if the session stops at `at` or before,
    /// [`ServiceError::StopTooLate`] if the store is too slow. After [`ServiceError::Store`] the stop may have been written, or
    /// be written later, but never later than that.
    pub async fn stop(
        &self,
        id: SessionId,
        at: Option<Timestamp>,
    ) -> Result<Arc<ReadySession>, ServiceError> {
        let asked_at = self.clock.now();
        let mut lookup = self.find(id).await?;
        let mut late_attempts = 0;
        for _ in 0..STOP_ATTEMPTS {
            let session = lookup.session.session();
            // Read the clock after the session: a stop that is found in the store then never lies in the future only because
            // the clock was read before it was made.
            let now = self.clock.now();
            let stop_at = match allowed_stop(session, at, now) {
                // It did not when the caller asked.
                Err(ServiceError::StopInThePast { at, .. }) if at >= asked_at => {
                    return Err(ServiceError::StopTooLate);
                }
                Ok(_) if late_attempts == LATE_ATTEMPTS => return Err(ServiceError::StopTooLate),
                allowed => allowed?,
            };
            let stopped = session.stopped(stop_at);
            let moment = self.cache.moment(id);
            match self.store.compare_and_set(stopped.clone(), deadline(session, stop_at)).await? {
                Replaced::Yes => return Ok(self.cache.replaced(stopped, moment)),
                Replaced::No => {}
                Replaced::TooLate => late_attempts += 1,
            }
            // Another change came first, or the stop to be replaced may be final by now. Look again, in the store.
            lookup = self.unless_expired(id, self.cache.read(id).await?)?;
        }
        Err(ServiceError::Contended)
    }

    /// Tells listeners of the changes that the change feed reports. Reads the sessions of listeners that may have missed a change:
    /// after a restart of the feed, after a change that came without its record, and again and again if the store has no change
    /// feed. A session that cannot be read is tried again later, and does not hold the others up. Never ends.
    pub async fn keep_listeners_current(&self) {
        let (mut waiting, mut failed) = (Waiting::default(), Vec::new());
        let mut reads = FuturesUnordered::new();
        let (mut polls, mut retries) = (ticks(POLL_EVERY), ticks(RETRY_AFTER));
        loop {
            while reads.len() < CONCURRENT_READS
                && let Some(id) = waiting.pop()
            {
                reads.push(self.read_for_listeners(id));
            }
            tokio::select! {
                behind = self.cache.behind() => waiting.extend(behind),
                Some(unread) = reads.next() => failed.extend(unread),
                _ = retries.tick(), if !failed.is_empty() => waiting.extend(failed.drain(..)),
                _ = polls.tick(), if !self.cache.has_feed() && waiting.is_empty() => {
                    waiting.extend(self.cache.listened_to());
                }
            }
        }
    }

    /// Reads a session, which tells its listeners. Returns the session if it has to be read again.
    async fn read_for_listeners(&self, id: SessionId) -> Option<SessionId> {
        match self.cache.find(id).await {
            Ok(Some(Lookup { age: Some(_), .. })) => Some(id),
            Err(error) if error.is_temporary() => Some(id),
            // The listeners of such a session have been told.
            Err(StoreError::NewerRecord { .. }) | Ok(_) => None,
            Err(error) => {
                tracing::error!(%id, error = error_chain(&error), "listeners may have missed a change");
                None
            }
        }
    }

    /// Removes the sessions that have expired and returns their number.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the store fails.
    pub async fn remove_expired(&self) -> Result<u64, StoreError> {
        self.store.remove_expired(self.clock.now()).await
    }

    /// Checks that sessions can be read at the moment, and that writes have not been failing.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if they cannot be read, [`StoreError::NotWritable`] if they can only be read.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.store.check().await?;
        self.store.write_failure().map_or(Ok(()), Err)
    }

    /// Completes when a part of the store has panicked, as in [`SessionStore::broken`].
    pub async fn broken(&self) -> StoreError {
        self.store.broken().await
    }
}

/// Returns ticks that never come faster than `every`.
fn ticks(every: Duration) -> Interval {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Returns when a stop becomes final. Writing a replacement takes time, and whoever has seen a session stopped must never see it
/// stopped earlier.
fn stop_is_final_from(stopped_at: Timestamp) -> Timestamp {
    stopped_at.before(STOP_FINAL_BEFORE)
}

/// Returns until when the stop of `session` at `stop_at` may be written: until the stop that it replaces is final, and only a
/// little later than it takes effect.
fn deadline(session: &Session, stop_at: Timestamp) -> Option<Timestamp> {
    let replaced_is_final_from = session.stopped_at.map(stop_is_final_from);
    [replaced_is_final_from, stop_at.after(STOP_WRITTEN_WITHIN)].into_iter().flatten().min()
}

/// Returns when `session` stops, if it may be stopped then: never in the past, only once, and only ever earlier.
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
