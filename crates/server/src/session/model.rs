//! A session and the questions that it answers by itself.

use std::time::Duration;

use tickseed_engine::{Rules, Schedule, Seed, State};

use super::{Metadata, SessionId, Timestamp};

/// How long a session is kept after it was created or has started, whichever is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeToLive(u32);

impl TimeToLive {
    /// Takes seconds; 0 keeps the session for ever.
    #[must_use]
    pub const fn from_seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// When a session ends that is kept from `from` on; `None` if never, or not before the year 10000.
    fn end(self, from: Timestamp) -> Option<Timestamp> {
        (self.0 > 0).then(|| from.after(Duration::from_secs(self.0.into()))).flatten()
    }
}

/// Whether a session runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The counter runs, or has yet to start.
    Running,
    /// The state is frozen for ever.
    Stopped,
}

/// What somebody asks for who creates a session. Checked: every value is in its range.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// When it was asked for: the session's `created_at`, and what a start that was left out is counted from.
    pub created_at: Timestamp,
    /// The seed; a random UUID if there is none.
    pub seed: Option<Seed>,
    /// When step 0 begins and how long a tick is.
    pub schedule: Schedule,
    /// How long rounds last.
    pub rules: Rules,
    /// What the game keeps with it.
    pub metadata: Option<Metadata>,
    /// How long it is kept; the server's own setting if there is none.
    pub time_to_live: Option<TimeToLive>,
}

/// The record that a server keeps and hands out.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// What decides every break and every draw.
    pub seed: Seed,
    /// When step 0 begins and how long a tick is.
    pub schedule: Schedule,
    /// How long rounds last.
    pub rules: Rules,
    /// The version of the engine's definition that it was made for.
    pub engine_version: u32,
    /// What the game keeps with it.
    pub metadata: Option<Metadata>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its state freezes or froze; may lie in the future.
    pub stopped_at: Option<Timestamp>,
    /// From when on it is gone.
    pub expires_at: Option<Timestamp>,
    /// 1 at first, one more with every change.
    pub revision: u64,
}

/// The state of a session at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateAnswer {
    /// What everybody sees.
    pub state: State,
    /// The instant that the answer is for.
    pub computed_at: Timestamp,
    /// Whether the session runs at that instant.
    pub status: Status,
}

impl Session {
    /// How long a session waits before it starts, if nobody says when: long enough for the players to load it.
    const START_DELAY: Duration = Duration::from_secs(3);

    /// The start of a session that is created at `created_at` without one; at the very end of time, that end.
    #[must_use]
    pub fn default_start(created_at: Timestamp) -> Timestamp {
        created_at.after(Self::START_DELAY).unwrap_or(Timestamp::MAX)
    }

    /// A session of that id and seed; `time_to_live` counts if `new` has none of its own.
    #[must_use]
    pub fn create(id: SessionId, seed: Seed, new: NewSession, time_to_live: TimeToLive) -> Self {
        let created_at = new.created_at;
        // A session that starts long after it was created must not be gone before it starts.
        let start_at = Timestamp::from_millis(new.schedule.start_at());
        let kept_from = start_at.map_or(created_at, |start_at| start_at.max(created_at));
        Self {
            id,
            seed,
            schedule: new.schedule,
            rules: new.rules,
            engine_version: tickseed_engine::ENGINE_VERSION,
            metadata: new.metadata,
            created_at,
            stopped_at: None,
            expires_at: new.time_to_live.unwrap_or(time_to_live).end(kept_from),
            revision: 1,
        }
    }

    /// Whether the session runs at `instant`.
    #[must_use]
    pub fn status_at(&self, instant: Timestamp) -> Status {
        match self.stopped_at {
            Some(stopped_at) if stopped_at <= instant => Status::Stopped,
            _ => Status::Running,
        }
    }

    /// Whether the session is gone at `now`.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// The same session, stopped at `at`.
    #[must_use]
    pub fn stopped(&self, at: Timestamp) -> Self {
        Self { stopped_at: Some(at), revision: self.revision + 1, ..self.clone() }
    }
}
