//! Conversion between instants and steps (docs/engine.md, section 2, and docs/schedule.md, section 1).

use crate::error::{Error, Field, check_range};
use crate::segment::{Change, MAX_TICK_MS, Segment, Status};
use crate::step::{Step, check_instant};

/// The instant at which step 0 begins, the length of a tick, and the changes of that length.
///
/// A schedule with changes keeps a segment for each of them in storage of your choice: an array, a slice or a `Vec`. Any instant
/// and any step then cost at most a binary search. [`Timeline::state_at`](crate::Timeline::state_at) also remembers the segment
/// of the last instant.
///
/// ```
/// use tickseed_engine::{Change, Schedule, Segment, Status, Step};
///
/// // Ticks of 100 ms, a pause after 1.05 s, and ticks of 50 ms soon after the session resumes.
/// let changes = [Change::pause(1_050)?, Change::new(5_000, 100)?, Change::new(6_050, 50)?];
/// let mut segments = [Segment::default(); 3];
/// let schedule = Schedule::new(0, 100)?.with_changes(&changes, &mut segments[..])?;
/// assert_eq!(schedule.step_at(4_999)?.map(Step::get), Some(10));
/// assert_eq!(schedule.status_at(4_999)?, Status::Paused);
/// assert_eq!(schedule.step_at(7_000)?.map(Step::get), Some(40));
/// assert_eq!(schedule.time_of(Step::new(11)?)?, 5_050);
/// # Ok::<(), tickseed_engine::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Schedule<S = [Segment; 0]> {
    first: Segment,
    /// One for each change. Always computed from `first`.
    later: S,
}

impl Schedule {
    /// The longest tick, in milliseconds: one day. The shortest is 1 ms.
    pub const MAX_TICK_MS: u32 = MAX_TICK_MS;
    /// The largest number of changes.
    pub const MAX_CHANGES: u16 = 256;

    /// Creates a schedule without changes from the instant at which step 0 begins, in milliseconds since the Unix epoch, and the
    /// length of a tick, in milliseconds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `start_at` unless it is in the years 1970 to 9999 (0 to [`LAST_INSTANT`](crate::LAST_INSTANT)),
    /// and for `tick_ms` unless it is from 1 to 86 400 000.
    pub fn new(start_at: i64, tick_ms: impl Into<i128>) -> Result<Self, Error> {
        let start_at = check_instant(Field::StartAt, start_at)?;
        let tick_ms = check_range(Field::TickMs, 1, MAX_TICK_MS, tick_ms.into())?;
        Ok(Self { first: Segment::first(start_at, tick_ms), later: [] })
    }
}

impl<S: AsRef<[Segment]>> Schedule<S> {
    /// Returns a schedule with the same start and first tick, and these changes instead of its own. `segments` is the storage
    /// for them, with one place for each change; what it contains does not matter.
    ///
    /// # Errors
    ///
    /// - [`Error::OutOfRange`] for `schedule` if there are more than 256 changes, and for `segments` unless it has as many places
    ///   as there are changes.
    /// - [`Error::InvalidChange`] for the first change that is not after the one before (or after the start), changes nothing, or
    ///   sets a new length within a tick.
    pub fn with_changes<T: AsRef<[Segment]> + AsMut<[Segment]>>(
        &self,
        changes: &[Change],
        mut segments: T,
    ) -> Result<Schedule<T>, Error> {
        check_count(changes.len())?;
        let places = segments.as_mut();
        if places.len() != changes.len() {
            let (min, value) = (changes.len() as u64, length(places.len()));
            return Err(Error::OutOfRange { field: Field::Segments, min, max: min, value });
        }
        let mut segment = self.first;
        for ((index, change), place) in (0..).zip(changes).zip(places) {
            segment = segment.enter(*change).map_err(|rule| Error::InvalidChange { index, rule })?;
            *place = segment;
        }
        Ok(Schedule { first: self.first, later: segments })
    }

    /// Adds a change after the others, in storage that grows, such as a `Vec`.
    ///
    /// # Errors
    ///
    /// As [`with_changes`](Self::with_changes). The schedule then stays as it is.
    pub fn add_change(&mut self, change: Change) -> Result<(), Error>
    where
        S: Extend<Segment>,
    {
        let count = self.later.as_ref().len();
        let index = check_count(count + 1)? - 1;
        let segment = self.segment(count).enter(change);
        self.later.extend([segment.map_err(|rule| Error::InvalidChange { index, rule })?]);
        Ok(())
    }

    /// Returns the instant at which step 0 begins, in milliseconds since the Unix epoch.
    #[must_use]
    pub const fn start_at(&self) -> i64 {
        self.first.at()
    }

    /// Returns the length of a tick at the start, in milliseconds.
    #[must_use]
    pub const fn tick_ms(&self) -> u32 {
        self.first.tick_ms()
    }

    /// Returns the changes, in their order.
    pub fn changes(&self) -> impl ExactSizeIterator<Item = Change> + DoubleEndedIterator {
        self.later.as_ref().iter().map(|segment| segment.change())
    }

    /// Returns the step at `now`, in milliseconds since the Unix epoch, or `None` before the start.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `now` unless it is in the years 1970 to 9999 (0 to [`LAST_INSTANT`](crate::LAST_INSTANT)).
    pub fn step_at(&self, now: i64) -> Result<Option<Step>, Error> {
        Ok(self.segment_at(now)?.map(|segment| segment.step_at(now)))
    }

    /// Returns whether the session is running or paused at `now`, in milliseconds since the Unix epoch. Before the start it is
    /// running.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `now` unless it is in the years 1970 to 9999 (0 to [`LAST_INSTANT`](crate::LAST_INSTANT)).
    pub fn status_at(&self, now: i64) -> Result<Status, Error> {
        Ok(self.segment_at(now)?.map_or(Status::Running, Segment::status))
    }

    /// Returns the segment that contains `now`, in milliseconds since the Unix epoch, or `None` before the start.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for `now` unless it is in the years 1970 to 9999 (0 to [`LAST_INSTANT`](crate::LAST_INSTANT)).
    pub fn segment_at(&self, now: i64) -> Result<Option<Segment>, Error> {
        let now = check_instant(Field::Now, now)?;
        Ok((self.start_at() <= now).then(|| self.segment(self.index_at(now))))
    }

    /// As [`step_at`](Self::step_at), for a caller that keeps the number of the segment that it last asked about.
    #[inline]
    pub(crate) fn step_near(&self, index: &mut usize, now: i64) -> Result<Option<Step>, Error> {
        let now = check_instant(Field::Now, now)?;
        if let Some(segment) = self.containing(*index, now) {
            return Ok(Some(segment.step_at(now)));
        }
        if now < self.start_at() {
            return Ok(None);
        }
        *index = self.index_at(now);
        Ok(Some(self.segment(*index).step_at(now)))
    }

    /// Returns the instant at which `step` begins, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    ///
    /// [`Error::NotScheduled`] for a step that never begins, because the session is paused for good before;
    /// [`Error::OutOfRange`] for `step` if it begins after the year 9999.
    pub fn time_of(&self, step: Step) -> Result<i64, Error> {
        if step == Step::ZERO {
            return Ok(self.start_at());
        }
        let later = self.later.as_ref();
        // The last segment that begins with an earlier step. The one after it begins with this step or a later one.
        let index = later.partition_point(|segment| segment.step() < step);
        let segment = self.segment(index);
        let last = segment.last_step();
        if index < later.len() || step <= last {
            return Ok(segment.time_of(step));
        }
        if segment.status() == Status::Paused {
            return Err(Error::NotScheduled { step: step.get(), last: last.get() });
        }
        Err(Error::OutOfRange { field: Field::Step, min: 0, max: last.get(), value: step.get().into() })
    }

    /// Returns the last step that begins by the end of the year 9999.
    #[must_use]
    pub fn last_step(&self) -> Step {
        self.segment(self.later.as_ref().len()).last_step()
    }

    /// Returns the segment with this number: 0 for the one before all changes.
    #[inline]
    fn segment(&self, index: usize) -> Segment {
        let later = index.checked_sub(1).and_then(|index| self.later.as_ref().get(index));
        later.copied().unwrap_or(self.first)
    }

    /// Returns the number of the segment that contains `now`, which is not before the start.
    fn index_at(&self, now: i64) -> usize {
        self.later.as_ref().partition_point(|segment| segment.at() <= now)
    }

    /// Returns the segment with this number if there is one and it contains `now`.
    #[inline]
    fn containing(&self, index: usize, now: i64) -> Option<&Segment> {
        let (begun, following) = self.later.as_ref().split_at_checked(index)?;
        let segment = begun.last().unwrap_or(&self.first);
        let until = following.first().map_or(i64::MAX, |next| next.at());
        (segment.at() <= now && now < until).then_some(segment)
    }
}

/// Returns the number of changes if a schedule may have so many.
fn check_count(count: usize) -> Result<u16, Error> {
    match u16::try_from(count) {
        Ok(count) if count <= Schedule::MAX_CHANGES => Ok(count),
        _ => {
            let (max, value) = (Schedule::MAX_CHANGES.into(), length(count));
            Err(Error::OutOfRange { field: Field::Schedule, min: 0, max, value })
        }
    }
}

fn length(items: usize) -> i128 {
    i128::try_from(items).unwrap_or(i128::MAX)
}
