//! The life of sessions: created, found, asked for their state, stopped, extended, deleted, expired.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tickseed_engine::{Seed, Step};
use tokio::time::{Interval, MissedTickBehavior, interval};
use uuid::Uuid;

use crate::cache::SessionCache;
use crate::error_chain::error_chain;
use crate::waiting::Waiting;
use crate::{
    Attempt, CacheSize, CacheStatistics, Clock, Created, Creator, Expectation, Listener, Lookup, NewSession,
    READY_CLOCK_DISTANCE, ServiceError, Session, SessionId, SessionStore, StateAnswer, StoreError,
    Subscriber, TimeToLive, Timestamp, Vitals,
};

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

/// Everything that can be done with sessions.
#[derive(Clone)]
pub struct SessionService {
    store: Arc<dyn SessionStore>,
    cache: Arc<SessionCache>,
    clock: Arc<dyn Clock>,
    time_to_live: TimeToLive,
    /// The request whose writes these are, if it has an idempotency key.
    attempt: Option<Arc<Attempt>>,
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
        Self { store, cache, clock, time_to_live, attempt: None }
    }

    /// Returns the same service for one request, which keeps every session that it is about to write as its plan.
    #[must_use]
    pub fn for_request(&self, attempt: Arc<Attempt>) -> Self {
        Self { attempt: Some(attempt), ..self.clone() }
    }

    /// Keeps the session that is about to be written, if the request has an idempotency key.
    pub(crate) async fn plan(&self, session: &Session) -> Result<(), ServiceError> {
        match &self.attempt {
            Some(attempt) => attempt.plan(session).await,
            None => Ok(()),
        }
    }

    /// Returns the clock of the service.
    #[must_use]
    pub const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub(crate) const fn store(&self) -> &Arc<dyn SessionStore> {
        &self.store
    }

    pub(crate) const fn cache(&self) -> &Arc<SessionCache> {
        &self.cache
    }

    /// Creates a session.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Store`] if the store fails, [`ServiceError::CreatedTooLate`] if it takes so long that the default start of
    /// the session is over.
    pub async fn create(&self, new: NewSession) -> Result<Lookup, ServiceError> {
        self.create_for(Creator::default(), new).await
    }

    /// Creates a session that notes its creator.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create).
    pub async fn create_for(&self, creator: Creator, new: NewSession) -> Result<Lookup, ServiceError> {
        let Creator { control, key } = creator;
        let seed = match new.seed {
            Some(seed) => seed,
            None => Seed::new(&Uuid::new_v4().to_string())?,
        };
        loop {
            let id = SessionId::random(new.created_at);
            let session = Session::create(id, seed, new.clone(), self.time_to_live);
            let session = Session { control, key: key.clone(), ..session };
            self.plan(&session).await?;
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

    /// Finds a session, and reads it from the store once more if it is not as expected: the caller may know of a change that memory
    /// has yet to hear of. Callers need no right for that, so such reads wait for 50 ms, are shared, and are limited.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find). [`ServiceError::TooManyLooks`] if the session is not as expected, and too many others are being
    /// read once more.
    pub async fn find_expected(
        &self,
        id: SessionId,
        expected: Expectation<'_>,
    ) -> Result<Lookup, ServiceError> {
        let lookup = self.find(id).await?;
        if expected(&lookup.session) {
            return Ok(lookup);
        }
        let look = self.cache.look_again(id).ok_or(ServiceError::TooManyLooks)?;
        self.unless_expired(id, look.await?)
    }

    /// Finds a session in memory. Returns `None` if only the store can say what [`find`](Self::find) returns.
    ///
    /// # Errors
    ///
    /// [`ServiceError::NotFound`] if it has expired.
    #[must_use]
    pub fn find_in_memory(&self, id: SessionId) -> Option<Result<Lookup, ServiceError>> {
        Some(self.unless_expired(id, Some(self.cache.fresh(id)?)))
    }

    pub(crate) fn unless_expired(
        &self,
        id: SessionId,
        lookup: Option<Lookup>,
    ) -> Result<Lookup, ServiceError> {
        let now = self.clock.now();
        lookup.filter(|lookup| !lookup.session.session().has_expired(now)).ok_or(ServiceError::NotFound(id))
    }

    /// Listens to a session. The first update is the session as it is at that time.
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

    /// Computes the state that everybody sees at a moment. The second value is the session itself.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and [`ServiceError::Engine`] for a step that begins after the year 9999 or, because the session
    /// is paused for good, never.
    pub async fn state(&self, id: SessionId, moment: Moment) -> Result<(StateAnswer, Lookup), ServiceError> {
        let lookup = self.find(id).await?;
        Ok((self.state_of(&lookup, moment)?, lookup))
    }

    /// Computes the state of a session that has been found.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Engine`] as for [`state`](Self::state).
    pub fn state_of(&self, lookup: &Lookup, moment: Moment) -> Result<StateAnswer, ServiceError> {
        let session = &lookup.session;
        let instant = match moment {
            Moment::Now => return Ok(session.state_now(self.clock.now())?),
            Moment::At(instant) => instant,
            Moment::Step(step) => session.session().time_of(step)?,
        };
        Ok(session.state_at(instant)?)
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

    /// Checks that other servers of the store, if they pass the same check, are at most twice [`READY_CLOCK_DISTANCE`] ahead of
    /// this one or behind. A clock that is not known to be wrong passes. Asks nobody.
    ///
    /// # Errors
    ///
    /// [`ServiceError::ClockApart`] if the clock of this server may be farther than that from the store's.
    pub fn check_clock(&self) -> Result<(), ServiceError> {
        match self.store.clock_distance().filter(|distance| *distance > READY_CLOCK_DISTANCE) {
            Some(distance) => Err(ServiceError::ClockApart { distance }),
            None => Ok(()),
        }
    }

    /// Begins to count the lookups for [`cache_statistics`](Self::cache_statistics). Until then, they cost nothing.
    pub fn count_lookups(&self) {
        self.cache.count_lookups();
    }

    /// Returns what is known about the sessions in memory, for monitoring.
    #[must_use]
    pub fn cache_statistics(&self) -> CacheStatistics {
        self.cache.statistics()
    }

    /// Returns what the store knows about its health, for monitoring. Asks nobody.
    #[must_use]
    pub fn vitals(&self) -> Vitals {
        self.store.vitals()
    }

    /// Returns why writes fail at the moment, if they do although the store answers. Asks nobody.
    #[must_use]
    pub fn write_failure(&self) -> Option<StoreError> {
        self.store.write_failure()
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
