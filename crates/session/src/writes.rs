//! Changes of a session: a stop, a new schedule, or a later end. Each reads the session, decides, and replaces it only if nobody
//! else has changed it meanwhile; otherwise it starts over.

use std::time::Duration;

use tickseed_engine::Change;

use crate::schedule::{self, FINAL_BEFORE_MS, NewSchedule, ScheduleError, ScheduleRequest, Times};
use crate::service_error::ATTEMPTS;
use crate::{
    CLOCK_TOLERANCE, ControlHash, Deadline, Lookup, Notice, ReadySession, Replaced, ServiceError, Session,
    SessionId, SessionService, Terms, TimeToLive, Timestamp,
};

/// How many times a change is tried when the store is too slow to write it in time.
pub(crate) const LATE_ATTEMPTS: u32 = 3;

/// How long after it takes effect a change without notice may still be written. Later, nobody could hear of it in time.
pub(crate) const WRITTEN_WITHIN: Duration = Duration::from_millis(250);

/// How much further ahead than the notice a change is dated: [`CLOCK_TOLERANCE`] for the server that makes the change, the same for
/// one that makes a promise, and 250 ms in which the store has to write.
const GUARD: Duration = Duration::from_secs(1);

/// What a caller expects of the session that it changes.
pub type Expectation<'a> = &'a (dyn Fn(&ReadySession) -> bool + Send + Sync);

/// Expects nothing in particular.
pub const ANY_SESSION: Expectation<'static> = &|_| true;

/// A session that is to replace another one, and what decides until when it may be written.
struct Replacement {
    session: Session,
    /// The earliest instant whose state may change. `None` if no state changes.
    affects_from: Option<Timestamp>,
    /// A stop or a change that is taken back, and may not be once it is final.
    withdrawn_from: Option<Timestamp>,
}

impl SessionService {
    /// Stops a session at `at`, or as soon as possible. Without notice, a stop is written at most 250 ms after it takes effect. If
    /// the store is too slow for a stop without `at`, it is tried again with the time at which the store is ready.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find). [`ServiceError::ChangedMeanwhile`] if the session is not as `expected`,
    /// [`ServiceError::StopInThePast`] if `at` has passed, [`ServiceError::Schedule`] with [`ScheduleError::TooSoon`] if it lies
    /// within the notice, [`ServiceError::AlreadyStopped`] if the session's stop is final, [`ServiceError::StopNotEarlier`] if
    /// the session stops at `at` or before, [`ServiceError::ClockUnsure`] if the session has a notice and the store's clock is not
    /// known to agree, [`ServiceError::TooLate`] if the store is too slow. After [`ServiceError::Store`] the stop may have been
    /// written, or be written later, but never later than that.
    pub async fn stop(
        &self,
        id: SessionId,
        at: Option<Timestamp>,
        expected: Expectation<'_>,
    ) -> Result<Lookup, ServiceError> {
        self.replace(id, expected, |session, times| {
            let stop_at = allowed_stop(session, at, times)?;
            Ok(Replacement {
                session: session.stopped(stop_at),
                affects_from: Some(stop_at),
                withdrawn_from: session.stopped_at,
            })
        })
        .await
    }

    /// Changes the schedule of a session.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find). [`ServiceError::ChangedMeanwhile`] if the session is not as `expected`,
    /// [`ServiceError::Schedule`] if the rules of schedules do not allow it, [`ServiceError::ClockUnsure`] if the session has a
    /// notice and the store's clock is not known to agree, [`ServiceError::TooLate`] if the store is too slow. After
    /// [`ServiceError::Store`] the change may have been written, or be written later, but never too late.
    pub async fn change(
        &self,
        id: SessionId,
        request: ScheduleRequest,
        expected: Expectation<'_>,
    ) -> Result<Lookup, ServiceError> {
        let mut seen: Option<Vec<Change>> = None;
        self.replace(id, expected, |session, times| {
            let new = schedule::apply(session, request, times, seen.as_deref())?;
            seen.get_or_insert_with(|| session.schedule.changes().collect());
            let NewSchedule { changes, affects_from, withdrawn_from } = new;
            let affects_from = Some(affects_from);
            Ok(Replacement { session: session.rescheduled(&changes)?, affects_from, withdrawn_from })
        })
        .await
    }

    /// Lets a session exist for this long from now, or from its start if that is later. An end can only move to a later time, and a
    /// session that never expires never does. No state changes, so the notice does not apply.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find). [`ServiceError::ChangedMeanwhile`] if the session is not as `expected`,
    /// [`ServiceError::ExpiryNotLater`] if it exists for as long already, [`ServiceError::TooLate`] if the store is too slow. After
    /// [`ServiceError::Store`] the new end may have been written, or be written within 250 ms, but never after the old one.
    pub async fn extend(
        &self,
        id: SessionId,
        time_to_live: TimeToLive,
        expected: Expectation<'_>,
    ) -> Result<Lookup, ServiceError> {
        self.replace(id, expected, |session, times| {
            let (expires_at, new) = (session.expires_at, session.end_after(time_to_live, times.now));
            let is_later = expires_at.is_some_and(|old| new.is_none_or(|new| new > old));
            if !is_later {
                return Err(ServiceError::ExpiryNotLater { expires_at, new });
            }
            Ok(Replacement { session: session.expiring(new), affects_from: None, withdrawn_from: None })
        })
        .await
    }

    /// Replaces the control token of a session by the one with this hash. That changes nothing but the revision for those who read
    /// the session, so the notice does not apply.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find). [`ServiceError::ChangedMeanwhile`] if the session is not as `expected`,
    /// [`ServiceError::TooLate`] if the store is too slow. After [`ServiceError::Store`] the token may have been replaced.
    pub async fn replace_control(
        &self,
        id: SessionId,
        control: ControlHash,
        expected: Expectation<'_>,
    ) -> Result<Lookup, ServiceError> {
        self.replace(id, expected, |session, _| {
            let session = session.controlled_by(control);
            Ok(Replacement { session, affects_from: None, withdrawn_from: None })
        })
        .await
    }

    async fn replace(
        &self,
        id: SessionId,
        expected: Expectation<'_>,
        mut decide: impl FnMut(&Session, Times) -> Result<Replacement, ServiceError> + Send,
    ) -> Result<Lookup, ServiceError> {
        let asked_at = self.clock().now();
        let mut lookup = self.find(id).await?;
        let (mut late_attempts, mut has_read, mut refusal) = (0, false, None);
        for _ in 0..ATTEMPTS {
            let session = lookup.session.session();
            let terms = self.store().terms(id);
            // Read the clock after the session: a change that is found in the store then never lies in the future only because the
            // clock was read before it was made.
            let times = times(session.notice, terms, self.clock().now());
            let first = self::times(session.notice, terms, asked_at);
            let is_expected = expected(&lookup.session);
            let decision =
                if is_expected { decide(session, times) } else { Err(ServiceError::ChangedMeanwhile) };
            let replacement = match decision {
                // It was not too soon, or in the past, when the caller asked.
                Err(error) if is_over(&error, first) => return Err(refusal.unwrap_or(ServiceError::TooLate)),
                // The caller may know of a change on another server that memory has yet to hear of.
                Err(error) if !has_read && depends_on_changes(&error) => {
                    lookup = self.unless_expired(id, self.cache().read_anew(id).await?)?;
                    (has_read, refusal) = (true, Some(error));
                    continue;
                }
                Ok(_) if late_attempts == LATE_ATTEMPTS => return Err(ServiceError::TooLate),
                decision => decision?,
            };
            let deadline = match replacement.affects_from {
                Some(_) if !session.notice.is_none() && !terms.is_clock_sure => {
                    return Err(ServiceError::ClockUnsure);
                }
                Some(affects_from) => deadline(&replacement, affects_from, terms),
                None => deadline_of_extension(session, times.now),
            };
            self.plan(&replacement.session).await?;
            let moment = self.cache().moment(id);
            match self.store().compare_and_set(replacement.session.clone(), Some(deadline)).await? {
                Replaced::Yes => return Ok(self.cache().replaced(replacement.session, moment)),
                Replaced::No => {}
                Replaced::TooLate => late_attempts += 1,
            }
            // Another change came first, or what is to be replaced may be final by now. Look again, in the store.
            lookup = self.unless_expired(id, self.cache().read_anew(id).await?)?;
            has_read = true;
        }
        Err(ServiceError::Contended)
    }
}

fn times(notice: Notice, terms: Terms, now: Timestamp) -> Times {
    Times::new(now, notice, millis(GUARD + terms.loss))
}

/// Returns whether a request fails only because of the time that has passed since the first attempt.
fn is_over(error: &ServiceError, first: Times) -> bool {
    match error {
        ServiceError::StopInThePast { at, .. } => *at >= first.now,
        ServiceError::Schedule(ScheduleError::TooSoon { at, .. }) => *at >= first.earliest,
        _ => false,
    }
}

/// Returns whether a request fails because of earlier changes of the session.
const fn depends_on_changes(error: &ServiceError) -> bool {
    match error {
        ServiceError::ChangedMeanwhile => true,
        ServiceError::Schedule(error) => matches!(
            error,
            ScheduleError::LaterChanges { .. }
                | ScheduleError::ChangeFinal { .. }
                | ScheduleError::NothingToWithdraw
                | ScheduleError::AlreadyPaused { .. }
                | ScheduleError::NotPaused { .. }
                | ScheduleError::SameRate { .. }
                | ScheduleError::Full { .. }
        ),
        _ => false,
    }
}

/// Returns until when a replacement may be written.
fn deadline(replacement: &Replacement, affects_from: Timestamp, terms: Terms) -> Deadline {
    let Replacement { session, withdrawn_from, .. } = replacement;
    if !session.notice.is_none() {
        let affects_from = withdrawn_from.map_or(affects_from, |withdrawn| withdrawn.min(affects_from));
        // Whoever promises that nothing changes before then has asked the store before that.
        return Deadline::OfStore(
            affects_from.before(session.notice.duration() + CLOCK_TOLERANCE + terms.loss),
        );
    }
    let final_from =
        withdrawn_from.map(|at| at.before(Duration::from_millis(FINAL_BEFORE_MS.unsigned_abs())));
    let written_until = affects_from.after(WRITTEN_WITHIN).unwrap_or(Timestamp::MAX);
    Deadline::OfServer(final_from.map_or(written_until, |final_from| final_from.min(written_until)))
}

/// Returns the deadline for writing a later end. An expired session must not come back.
fn deadline_of_extension(session: &Session, now: Timestamp) -> Deadline {
    let written_until = now.after(WRITTEN_WITHIN).unwrap_or(Timestamp::MAX);
    Deadline::OfServer(session.expires_at.map_or(written_until, |expires_at| expires_at.min(written_until)))
}

/// Returns when `session` stops, if it may be stopped then: never in the past, only once, and only ever earlier.
fn allowed_stop(session: &Session, at: Option<Timestamp>, times: Times) -> Result<Timestamp, ServiceError> {
    if let Some(stopped_at) = session.stopped_at.filter(|stopped_at| *stopped_at <= times.final_until) {
        return Err(ServiceError::AlreadyStopped { stopped_at });
    }
    let at = at.unwrap_or(times.earliest);
    if at < times.now {
        return Err(ServiceError::StopInThePast { at, now: times.now });
    }
    if at < times.earliest {
        return Err(ScheduleError::TooSoon { earliest: times.earliest, at }.into());
    }
    match session.stopped_at {
        Some(stopped_at) if stopped_at <= at => Err(ServiceError::StopNotEarlier { stopped_at, at }),
        _ => Ok(at),
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
