//! The life of sessions: created, read, asked for their state, stopped, gone.

use std::sync::Arc;
use std::time::Duration;

use tickseed_engine::{Error, Seed, Step};
use uuid::Uuid;

use super::{
    Clock, Created, NewSession, Replaced, Session, SessionId, SessionStore, StateAnswer, StoreError,
    TimeToLive, Timestamp,
};

/// How often a stop is tried again when others change the session at the same time. Every failure means that somebody
/// else's change went through, and each of those moves the stop earlier, so this is far more than ever needed.
const STOP_ATTEMPTS: u32 = 100;

/// How long before it takes effect a stop becomes final: longer than writing its replacement takes.
const STOP_FINAL_BEFORE: Duration = Duration::from_millis(100);

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
    clock: Arc<dyn Clock>,
    time_to_live: TimeToLive,
}

impl SessionService {
    /// A service over a store and a clock. `time_to_live` counts for sessions that are created without one.
    #[must_use]
    pub fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>, time_to_live: TimeToLive) -> Self {
        Self { store, clock, time_to_live }
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
    pub async fn create(&self, new: NewSession) -> Result<Session, ServiceError> {
        let seed = match new.seed {
            Some(seed) => seed,
            None => Seed::new(&Uuid::new_v4().to_string())?,
        };
        loop {
            let session = Session::create(SessionId::random(), seed, new.clone(), self.time_to_live);
            match self.store.create(session.clone()).await? {
                Created::Yes => return Ok(session),
                // Two random UUIDs were the same: take another.
                Created::IdTaken => {}
            }
        }
    }

    /// The session of that id.
    ///
    /// # Errors
    ///
    /// [`ServiceError::NotFound`] if there is none or its time is over, [`ServiceError::Store`] if the store fails.
    pub async fn find(&self, id: SessionId) -> Result<Session, ServiceError> {
        let found = self.store.find(id).await?;
        let now = self.clock.now();
        found.filter(|session| !session.has_expired(now)).ok_or(ServiceError::NotFound(id))
    }

    /// What everybody sees at the moment asked about.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find), and [`ServiceError::Engine`] for a step that begins after the year 9999.
    pub async fn state(&self, id: SessionId, question: Question) -> Result<StateAnswer, ServiceError> {
        let session = self.find(id).await?;
        let instant = match question {
            Question::Now => self.clock.now(),
            Question::At(instant) => instant,
            Question::Step(step) => {
                Timestamp::from_millis(session.schedule.time_of(step)?).unwrap_or(Timestamp::MAX)
            }
        };
        Ok(session.state_at(instant)?)
    }

    /// Stops a session: at `at`, or now.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find); [`ServiceError::StopInThePast`] if `at` is over; [`ServiceError::AlreadyStopped`] if the
    /// session has stopped; [`ServiceError::StopNotEarlier`] if it will stop at `at` or before.
    pub async fn stop(&self, id: SessionId, at: Option<Timestamp>) -> Result<Session, ServiceError> {
        for _ in 0..STOP_ATTEMPTS {
            let session = self.find(id).await?;
            // Read after the session, so that a stop that was found in the store is never "in the future" because the
            // clock was read before it was made.
            let now = self.clock.now();
            let stopped = session.stopped(allowed_stop(&session, at, now)?);
            let deadline = session.stopped_at.map(stop_is_final_from);
            match self.store.replace(stopped.clone(), deadline).await? {
                Replaced::Yes => return Ok(stopped),
                // Somebody else was faster, or the stop that was to be replaced has become final meanwhile: look again.
                Replaced::No => {}
            }
        }
        Err(ServiceError::Contended)
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
