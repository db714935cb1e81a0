//! A session in memory, prepared for answers.

use std::sync::{Mutex, OnceLock, TryLockError};

use bytes::Bytes;
use tickseed_engine::{Error, Segment, State, Timeline, state_at};

use super::{Session, StateAnswer, Status, Timestamp};

/// How much memory a session takes beside this struct, its text and its representations, in bytes, as measured: the place in the
/// cache, and the counters of its references.
const PLACE_IN_CACHE: usize = 256;

/// How much memory a representation takes beside the seed and the metadata, in bytes: its other fields, its entity tag, and the
/// counter of its references.
const OTHER_FIELDS: usize = 704;

/// How much memory a change takes in a representation, in bytes.
const CHANGE_FIELDS: usize = 56;

/// A session together with everything that is prepared once and used for every answer.
#[derive(Debug)]
pub struct ReadySession {
    session: Session,
    /// For the present. Made when the state is first needed: many sessions are only created or handed out.
    timeline: Mutex<Option<Timeline>>,
    /// One for each status.
    representations: [OnceLock<Representation>; Status::ALL.len()],
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
        let bytes = bytes_of(&session) as u64;
        Self { session, timeline: Mutex::new(None), representations: Default::default(), bytes }
    }

    /// Returns the session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the state that everybody sees now. From the stop on, that is the state at the stop.
    ///
    /// It keeps what it has prepared for the next call, and never waits: while another thread uses that, it prepares anew.
    ///
    /// # Errors
    ///
    /// As [`state_at`](Self::state_at).
    pub fn state_now(&self, now: Timestamp) -> Result<StateAnswer, Error> {
        let mut timeline = match self.timeline.try_lock() {
            Ok(timeline) => timeline,
            Err(TryLockError::Poisoned(timeline)) => timeline.into_inner(),
            Err(TryLockError::WouldBlock) => return self.state_at(now),
        };
        let timeline = timeline.get_or_insert_with(|| Timeline::new(&self.session.seed, self.session.rules));
        let state = timeline.state_at(&self.session.schedule, self.seen_at(now).millis())?;
        Ok(self.answer(state, now))
    }

    /// Returns the state that everybody sees at `instant`. From the stop on, that is the state at the stop.
    ///
    /// It leaves what [`state_now`](Self::state_now) has prepared alone: that may be for another time.
    ///
    /// # Errors
    ///
    /// Passes on an error of the engine. None can happen: a [`Timestamp`] is always in the engine's range.
    pub fn state_at(&self, instant: Timestamp) -> Result<StateAnswer, Error> {
        let Session { seed, rules, schedule, .. } = &self.session;
        let state = state_at(seed, rules, schedule, self.seen_at(instant).millis())?;
        Ok(self.answer(state, instant))
    }

    fn seen_at(&self, instant: Timestamp) -> Timestamp {
        self.session.stopped_at.map_or(instant, |stopped_at| stopped_at.min(instant))
    }

    fn answer(&self, state: State, instant: Timestamp) -> StateAnswer {
        StateAnswer { state, computed_at: instant, status: self.session.status_at(instant) }
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
        let [running, paused, stopped] = &self.representations;
        let made = match status {
            Status::Running => running,
            Status::Paused => paused,
            Status::Stopped => stopped,
        };
        if let Some(representation) = made.get() {
            return Ok(representation);
        }
        let representation = make(&self.session)?;
        Ok(made.get_or_init(|| representation))
    }

    /// Returns about how many bytes of memory it takes, with every representation that it can have.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Counts the memory of a prepared session.
fn bytes_of(session: &Session) -> usize {
    let metadata = session.metadata.as_ref().map_or(0, super::Metadata::bytes);
    let key = session.key.as_ref().map_or(0, |name| allocated(name.as_str().len()));
    let text = shared(metadata) + shared(session.unknown_fields.bytes()) + key;
    let changes = session.schedule.changes().len();
    let segments = allocated(changes * size_of::<Segment>());
    let schedule = changes * CHANGE_FIELDS;
    let representation = allocated(OTHER_FIELDS + json_length(session.seed.as_str()) + metadata + schedule);
    let representations = session.statuses().count();
    allocated(size_of::<ReadySession>()) + text + segments + representations * representation + PLACE_IN_CACHE
}

/// Returns how many bytes a shared text takes: its counters precede it.
fn shared(text: usize) -> usize {
    if text == 0 { 0 } else { allocated(2 * size_of::<usize>() + text) }
}

/// Returns how many bytes an allocator takes for this many: allocators have four sizes between a power of two and the next.
fn allocated(bytes: usize) -> usize {
    let step = (bytes.next_power_of_two() / 8).max(16);
    bytes.next_multiple_of(step)
}

/// Returns how many bytes a string has in JSON, without its quotation marks.
fn json_length(text: &str) -> usize {
    let length = |byte| match byte {
        b'"' | b'\\' => 2,
        0..b' ' => 6,
        _ => 1,
    };
    text.bytes().map(length).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};
    use std::thread;
    use std::time::Duration;

    use tickseed_engine::{Rules, Schedule, Seed, Step};

    use super::*;
    use crate::{NewSession, Notice, SessionId, TimeToLive, plain_schedule};

    /// In the first, the second and the last epoch.
    const MOMENTS: [i64; 3] = [0, 12_863, 253_402_300_799_999];

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn ready() -> ReadySession {
        let new = NewSession {
            created_at: at(0),
            seed: None,
            schedule: plain_schedule(Schedule::new(0, 1).unwrap()),
            notice: Notice::NONE,
            rules: Rules::default(),
            metadata: None,
            time_to_live: None,
        };
        let (id, seed) = (SessionId::random(at(0)), Seed::new("a seed").unwrap());
        ReadySession::new(Session::create(id, seed, new, TimeToLive::from_seconds(0)))
    }

    fn expected(millis: i64) -> State {
        Timeline::new(&Seed::new("a seed").unwrap(), Rules::default()).state(Step::new(millis).unwrap())
    }

    #[test]
    fn no_question_waits_for_another_one() {
        let session = Arc::new(ready());
        let in_use = session.timeline.lock().unwrap();
        let (sender, answers) = mpsc::channel();
        let asked = Arc::clone(&session);
        thread::spawn(move || {
            for millis in MOMENTS {
                let states = [asked.state_now(at(millis)), asked.state_at(at(millis))];
                sender.send(states.map(|answer| answer.unwrap().state)).unwrap();
            }
        });
        for millis in MOMENTS {
            let states = answers.recv_timeout(Duration::from_secs(30)).expect("no question waits");
            assert_eq!(states, [expected(millis); 2]);
        }
        drop(in_use);
    }

    #[test]
    fn a_question_about_another_time_leaves_the_present_prepared() {
        let session = ready();
        let prepared = || format!("{:?}", session.timeline.lock().unwrap());
        assert_eq!(session.state_now(at(12_863)).unwrap().state, expected(12_863));
        let before = prepared();
        assert!(before.contains("epoch: 1"), "{before}");
        for millis in MOMENTS {
            assert_eq!(session.state_at(at(millis)).unwrap().state, expected(millis));
            assert_eq!(prepared(), before);
        }
    }

    #[test]
    fn memory_is_counted_in_the_sizes_of_allocators() {
        for (bytes, expected) in [
            (0, 0),
            (1, 16),
            (16, 16),
            (129, 160),
            (1_024, 1_024),
            (1_025, 1_280),
            (16_384, 16_384),
            (16_385, 20_480),
        ] {
            assert_eq!(allocated(bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn the_length_of_a_string_in_json_is_exact_or_a_little_too_long() {
        for text in ["", "a seed", "é 🎲", "\"\\/", "\u{1}\n\u{7f}"] {
            let exact = serde_json::to_string(text).unwrap().len() - 2;
            assert!((exact..=exact + 4).contains(&json_length(text)), "{text:?}");
        }
    }
}
