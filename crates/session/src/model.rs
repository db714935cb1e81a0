//! A session, and the questions it answers by itself.

use std::time::Duration;

use tickseed_engine::{Change, Error, Rules, Schedule, Seed, Segment, State, Step};

use super::{ControlHash, KeyName, Metadata, Notice, Revision, SessionId, Timestamp, UnknownFields, WriteId};

/// How long a session exists after it is created or starts, whichever is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeToLive(u32);

impl TimeToLive {
    /// Takes seconds. With 0 the session never expires.
    #[must_use]
    pub const fn from_seconds(seconds: u32) -> Self {
        Self(seconds)
    }

    /// Returns when a session that counts from `from` expires: `None` for never, or after the year 9999.
    fn end(self, from: Timestamp) -> Option<Timestamp> {
        (self.0 > 0).then(|| from.after(Duration::from_secs(self.0.into()))).flatten()
    }
}

/// When step 0 begins, how long a tick is, and the changes of that.
pub type SessionSchedule = Schedule<Box<[Segment]>>;

/// Whether a session is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The counter is running, or has yet to start.
    Running,
    /// The step stays as it is until the session is resumed.
    Paused,
    /// The state is frozen forever.
    Stopped,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Running, Self::Paused, Self::Stopped];
}

/// Returns a schedule without changes.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "an empty list breaks no rule")]
pub fn plain_schedule(schedule: Schedule) -> SessionSchedule {
    scheduled(&schedule, &[]).expect("an empty list breaks no rule")
}

/// Returns a schedule with the start and the first tick of `schedule`, and these changes.
///
/// # Errors
///
/// As [`Schedule::with_changes`].
pub fn scheduled<S: AsRef<[Segment]>>(
    schedule: &Schedule<S>,
    changes: &[Change],
) -> Result<SessionSchedule, Error> {
    schedule.with_changes(changes, vec![Segment::default(); changes.len()].into_boxed_slice())
}

/// A request for a new session. Every value has been checked.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// When the request arrived: the session's `created_at`, and the base of a default start.
    pub created_at: Timestamp,
    /// The seed, or `None` for a random UUID.
    pub seed: Option<Seed>,
    /// When step 0 begins, how long a tick is, and the changes that are known from the start. The notice does not apply to these.
    pub schedule: SessionSchedule,
    /// How far ahead changes are dated.
    pub notice: Notice,
    /// How long rounds last.
    pub rules: Rules,
    /// The game's own data.
    pub metadata: Option<Metadata>,
    /// How long the session exists, or `None` for the server's setting.
    pub time_to_live: Option<TimeToLive>,
}

/// The record that a server stores and hands out.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Decides every break and every draw.
    pub seed: Seed,
    /// When step 0 begins, how long a tick is, and the changes of that.
    pub schedule: SessionSchedule,
    /// How far ahead changes are dated. Never changes.
    pub notice: Notice,
    /// How long rounds last.
    pub rules: Rules,
    /// The version of the engine's definition that it was created for.
    pub engine_version: u32,
    /// The game's own data.
    pub metadata: Option<Metadata>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its state freezes or froze. May lie in the future.
    pub stopped_at: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// 1 at first, one more with every change.
    pub revision: Revision,
    /// The write that has made it.
    pub write: WriteId,
    /// The write that it replaces.
    pub replaces: WriteId,
    /// The hash of the token that gives the right to change it. Nothing hands it out.
    pub control: Option<ControlHash>,
    /// The name of the API key that created it. Nothing hands it out.
    pub key: Option<KeyName>,
    /// Fields of the stored record that only a later version understands.
    pub unknown_fields: UnknownFields,
}

/// The state of a session at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateAnswer {
    /// The state that everybody sees.
    pub state: State,
    /// The instant of that state.
    pub computed_at: Timestamp,
    /// Whether the session is running at that instant.
    pub status: Status,
}

impl Session {
    /// How long after its creation a session starts by default: long enough for the players to load it.
    const START_DELAY: Duration = Duration::from_secs(3);

    /// Returns the default start of a session created at `created_at`, at most the last instant.
    #[must_use]
    pub fn default_start(created_at: Timestamp) -> Timestamp {
        created_at.after(Self::START_DELAY).unwrap_or(Timestamp::MAX)
    }

    /// Makes a session with this id and seed. `time_to_live` applies if `new` has none.
    #[must_use]
    pub fn create(id: SessionId, seed: Seed, new: NewSession, time_to_live: TimeToLive) -> Self {
        let created_at = new.created_at;
        // A session that starts long after its creation must not expire before it starts.
        let start_at = Timestamp::from_millis(new.schedule.start_at());
        let counts_from = start_at.map_or(created_at, |start_at| start_at.max(created_at));
        Self {
            id,
            seed,
            schedule: new.schedule,
            notice: new.notice,
            rules: new.rules,
            engine_version: tickseed_engine::ENGINE_VERSION,
            metadata: new.metadata,
            created_at,
            stopped_at: None,
            expires_at: new.time_to_live.unwrap_or(time_to_live).end(counts_from),
            revision: Revision::FIRST,
            write: WriteId::NONE,
            replaces: WriteId::NONE,
            control: None,
            key: None,
            unknown_fields: UnknownFields::default(),
        }
    }

    /// Returns whether the session is running at `instant`.
    #[must_use]
    pub fn status_at(&self, instant: Timestamp) -> Status {
        match self.stopped_at {
            Some(stopped_at) if stopped_at <= instant => Status::Stopped,
            _ => match self.schedule.status_at(instant.millis()) {
                Ok(tickseed_engine::Status::Paused) => Status::Paused,
                // A timestamp is always in the engine's range.
                Ok(tickseed_engine::Status::Running) | Err(_) => Status::Running,
            },
        }
    }

    /// Returns the statuses that the session can have.
    pub fn statuses(&self) -> impl Iterator<Item = Status> {
        let has_pause = self.schedule.changes().any(Change::is_pause);
        let paused = has_pause.then_some(Status::Paused);
        let stopped = self.stopped_at.is_some().then_some(Status::Stopped);
        [Some(Status::Running), paused, stopped].into_iter().flatten()
    }

    /// Returns the instant at which `step` begins, or would begin if the session did not stop. Changes at or after the stop have
    /// no effect.
    ///
    /// # Errors
    ///
    /// As [`Schedule::time_of`].
    pub fn time_of(&self, step: Step) -> Result<Timestamp, Error> {
        let is_before_stop = |change: &Change| self.stopped_at.is_none_or(|stop| change.at() < stop.millis());
        let time = if self.schedule.changes().next_back().is_none_or(|last| is_before_stop(&last)) {
            self.schedule.time_of(step)
        } else {
            let changes: Vec<_> = self.schedule.changes().filter(is_before_stop).collect();
            scheduled(&self.schedule, &changes)?.time_of(step)
        };
        time.map(Timestamp::of_engine)
    }

    /// Returns the names of what a reader must understand to compute the session's state.
    pub fn requires(&self) -> impl Iterator<Item = &'static str> {
        (self.schedule.changes().len() > 0).then_some("schedule").into_iter()
    }

    /// Returns the next instant after `now` at which a change or a stop takes effect, if one is known.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let stop = self.stopped_at.filter(|at| *at > now);
        let changes = self.schedule.changes().map(|change| Timestamp::of_engine(change.at()));
        let change = changes.filter(|at| *at > now).min();
        // After the stop nothing changes any more.
        if self.status_at(now) == Status::Stopped { None } else { stop.into_iter().chain(change).min() }
    }

    /// Returns whether the session has expired at `now`.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Returns whether the session starts by default and had not started when it was created, but has at `now`.
    pub(super) fn has_missed_its_default_start(&self, now: Timestamp) -> bool {
        let default = Self::default_start(self.created_at);
        self.created_at < default && default <= now && self.schedule.start_at() == default.millis()
    }

    /// Returns the same session, stopped at `at`, with the next revision.
    #[must_use]
    pub fn stopped(&self, at: Timestamp) -> Self {
        Self { stopped_at: Some(at), ..self.next() }
    }

    /// Returns the same session with these changes, with the next revision.
    ///
    /// # Errors
    ///
    /// As [`Schedule::with_changes`].
    pub fn rescheduled(&self, changes: &[Change]) -> Result<Self, Error> {
        let schedule = scheduled(&self.schedule, changes)?;
        Ok(Self { schedule, ..self.next() })
    }

    /// Returns the same session with the hash of another control token, with the next revision.
    #[must_use]
    pub fn controlled_by(&self, control: ControlHash) -> Self {
        Self { control: Some(control), ..self.next() }
    }

    /// Returns the same session as a write that replaces this one.
    fn next(&self) -> Self {
        let write = if self.notice.is_none() { WriteId::NONE } else { WriteId::random() };
        Self { revision: self.revision.next(), write, replaces: self.write, ..self.clone() }
    }

    /// Returns the same session with another end, with the next revision.
    #[must_use]
    pub fn expiring(&self, expires_at: Option<Timestamp>) -> Self {
        Self { expires_at, ..self.next() }
    }

    /// Returns when the session expires if it exists for this long after `now` or its start, whichever is later.
    pub(super) fn end_after(&self, time_to_live: TimeToLive, now: Timestamp) -> Option<Timestamp> {
        time_to_live.end(Timestamp::of_engine(self.schedule.start_at()).max(now))
    }

    /// Returns whether this is the write that has made `stored`, and not one that the store has lost meanwhile.
    #[must_use]
    pub fn is_same_write(&self, stored: &Self) -> bool {
        self.id == stored.id && self.revision == stored.revision && self.write == stored.write
    }

    /// Returns whether this is a write that replaces `stored`, and not one that the store has lost meanwhile.
    #[must_use]
    pub fn follows(&self, stored: &Self) -> bool {
        self.revision.previous() == Some(stored.revision) && self.replaces == stored.write
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn session(changes: &[(i64, u32)], stopped_at: Option<i64>) -> Session {
        let new = NewSession {
            created_at: at(0),
            seed: None,
            schedule: plain_schedule(Schedule::new(0, 100).unwrap()),
            notice: Notice::NONE,
            rules: Rules::default(),
            metadata: None,
            time_to_live: None,
        };
        let (id, seed) = (SessionId::random(at(0)), Seed::new("a").unwrap());
        let session = Session::create(id, seed, new, TimeToLive::from_seconds(0));
        let changes: Vec<_> =
            changes.iter().map(|(at, tick_ms)| Change::new(*at, *tick_ms).unwrap()).collect();
        Session { stopped_at: stopped_at.map(at), ..session.rescheduled(&changes).unwrap() }
    }

    #[test]
    fn a_session_has_only_the_statuses_that_its_schedule_and_its_stop_give_it() {
        use Status::{Paused, Running, Stopped};
        for (changes, stopped_at, expected) in [
            (&[][..], None, &[Running][..]),
            (&[(100, 50)], None, &[Running]),
            (&[(10, 0)], None, &[Running, Paused]),
            (&[], Some(20), &[Running, Stopped]),
            (&[(10, 0)], Some(20), &[Running, Paused, Stopped]),
        ] {
            assert!(session(changes, stopped_at).statuses().eq(expected.iter().copied()), "{changes:?}");
        }
    }

    #[test]
    fn changes_after_the_stop_do_not_move_a_step() {
        let step = Step::new(30).unwrap();
        for (changes, stopped_at, expected) in [
            (&[][..], None, Ok(at(3_000))),
            (&[(1_000, 0), (1_500, 100)], None, Ok(at(3_500))),
            (&[(1_000, 0), (1_500, 100)], Some(1_500), Err(10)),
            (&[(1_000, 0), (1_500, 100)], Some(1_000), Ok(at(3_000))),
            (&[(1_000, 0)], None, Err(10)),
            (&[(1_000, 0)], Some(1_001), Err(10)),
            (&[(1_000, 0)], Some(1_000), Ok(at(3_000))),
            (&[(1_000, 0)], Some(0), Ok(at(3_000))),
        ] {
            let expected = expected.map_err(|last| Error::NotScheduled { step: 30, last });
            assert_eq!(session(changes, stopped_at).time_of(step), expected, "{changes:?} {stopped_at:?}");
        }
    }

    #[test]
    fn the_next_change_is_the_stop_or_a_change_before_it() {
        let list = [(1_000, 0), (2_000, 100)];
        for (stopped_at, now, expected) in [
            (None, 0, Some(1_000)),
            (None, 999, Some(1_000)),
            (None, 1_000, Some(2_000)),
            (None, 2_000, None),
            (Some(1_500), 0, Some(1_000)),
            (Some(1_500), 1_000, Some(1_500)),
            (Some(1_500), 1_500, None),
            (Some(500), 0, Some(500)),
            (Some(500), 500, None),
        ] {
            assert_eq!(
                session(&list, stopped_at).next_change(at(now)),
                expected.map(at),
                "{stopped_at:?} {now}"
            );
        }
    }
}
