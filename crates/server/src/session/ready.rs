//! A session in memory, ready to be sent and to be computed.

use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use tickseed_engine::{Error, Timeline};

use super::{Session, StateAnswer, Status, Timestamp};

/// How much memory a session takes apart from its metadata, in bytes, as measured: the record, the timeline, what is sent
/// of it, and the place in the cache.
const BYTES_WITHOUT_METADATA: u64 = 3_584;

/// How many times a session's metadata is in memory: as values, which take about four times what the JSON does, and in
/// the two texts that are sent.
const METADATA_COPIES: u64 = 6;

/// A session with what is made of it once and used for every answer.
#[derive(Debug)]
pub struct ReadySession {
    session: Session,
    /// Made when the state is first asked for: many sessions are only created or handed out.
    timeline: Mutex<Option<Timeline>>,
    running: OnceLock<Representation>,
    stopped: OnceLock<Representation>,
    /// Counted once: a cache asks again and again.
    bytes: u64,
}

/// What is sent of a session while it has one status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Representation {
    /// The bytes to send.
    pub body: Bytes,
    /// What tells these bytes from all others, as `ETag` wants it: in double quotes.
    pub entity_tag: String,
}

impl ReadySession {
    /// Makes a session ready.
    #[must_use]
    pub fn new(session: Session) -> Self {
        let metadata = session.metadata.as_ref().map_or(0, |metadata| metadata.bytes() as u64);
        Self {
            session,
            timeline: Mutex::new(None),
            running: OnceLock::new(),
            stopped: OnceLock::new(),
            bytes: BYTES_WITHOUT_METADATA + METADATA_COPIES * metadata,
        }
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// What everybody sees at `instant`: from the stop on, the state at the stop.
    ///
    /// # Errors
    ///
    /// None that can happen: a [`Timestamp`] is always in the engine's range.
    pub fn state_at(&self, instant: Timestamp) -> Result<StateAnswer, Error> {
        let seen_at = self.session.stopped_at.map_or(instant, |stopped_at| stopped_at.min(instant));
        let mut timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        let timeline = timeline.get_or_insert_with(|| Timeline::new(&self.session.seed, self.session.rules));
        let state = timeline.state_at(&self.session.schedule, seen_at.millis())?;
        Ok(StateAnswer { state, computed_at: instant, status: self.session.status_at(instant) })
    }

    /// What is sent of the session while it has `status`, made at the first call.
    ///
    /// # Errors
    ///
    /// Those of `make`; the next call makes it anew.
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

    /// About how many bytes of memory it takes.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}
