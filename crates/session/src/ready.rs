//! A session in memory, prepared for answers.

use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use tickseed_engine::{Error, Timeline};

use super::{Session, StateAnswer, Status, Timestamp};

/// How much memory a session takes apart from its metadata, in bytes, as measured: the record, the timeline, the
/// representations, and the place in the cache.
const BYTES_WITHOUT_METADATA: u64 = 3_584;

/// How many times a session's metadata is in memory: as values, which take about four times as much as their JSON, and in
/// the two representations.
const METADATA_COPIES: u64 = 6;

/// A session together with everything that is prepared once and used for every answer.
#[derive(Debug)]
pub struct ReadySession {
    session: Session,
    /// Made when the state is first needed: many sessions are only created or handed out.
    timeline: Mutex<Option<Timeline>>,
    running: OnceLock<Representation>,
    stopped: OnceLock<Representation>,
    /// Counted once, because the cache asks often.
    bytes: u64,
}

/// The bytes that represent a session while it has one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representation {
    /// The body of an answer.
    pub body: Bytes,
    /// The entity tag of these bytes, in double quotes as in `ETag`.
    pub entity_tag: String,
}

impl ReadySession {
    /// Prepares a session.
    #[must_use]
    pub fn new(session: Session) -> Self {
        let metadata = session.metadata.as_ref().map_or(0, |metadata| metadata.bytes() as u64);
        let unknown_fields = session.unknown_fields.bytes() as u64;
        Self {
            session,
            timeline: Mutex::new(None),
            running: OnceLock::new(),
            stopped: OnceLock::new(),
            bytes: BYTES_WITHOUT_METADATA + METADATA_COPIES * (metadata + unknown_fields),
        }
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the state that everybody sees at `instant`. From the stop on, that is the state at the stop.
    ///
    /// # Errors
    ///
    /// Passes on an error of the engine. None can happen: a [`Timestamp`] is always in the engine's range.
    pub fn state_at(&self, instant: Timestamp) -> Result<StateAnswer, Error> {
        let seen_at = self.session.stopped_at.map_or(instant, |stopped_at| stopped_at.min(instant));
        let mut timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        let timeline = timeline.get_or_insert_with(|| Timeline::new(&self.session.seed, self.session.rules));
        let state = timeline.state_at(&self.session.schedule, seen_at.millis())?;
        Ok(StateAnswer { state, computed_at: instant, status: self.session.status_at(instant) })
    }

    /// Returns the representation of the session while it has `status`. The first call makes it.
    ///
    /// # Errors
    ///
    /// Passes on the error of `make`. The next call tries again.
    pub fn representation<E>(
        &self,
        status: Status,
        make: impl FnOnce(&Session) -> Result<Representation, E>,
    ) -> Result<&Representation, E> {
        let made = match status {
            Status::Running => &self.running,
            Status::Stopped => &self.stopped,
        };
        if let Some(representation) = made.get() {
            return Ok(representation);
        }
        let representation = make(&self.session)?;
        Ok(made.get_or_init(|| representation))
    }

    /// Returns about how many bytes of memory it takes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}
