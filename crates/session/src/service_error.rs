//! Why a request about sessions is refused.

use std::time::Duration;

use tickseed_engine::Error;

use crate::{READY_CLOCK_DISTANCE, ScheduleError, SessionId, StoreError, Timestamp};

/// How many times a change is tried when others change the session at the same time. Every failure means that another change went
/// through, so this is far more than ever needed.
pub(crate) const ATTEMPTS: u32 = 100;

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
    /// The new end of the session is not later than the present one.
    #[error("{}", not_later(*.expires_at, *.new))]
    ExpiryNotLater {
        /// When the session expires: `None` for never.
        expires_at: Option<Timestamp>,
        /// The new end.
        new: Option<Timestamp>,
    },
    /// The engine refuses the moment.
    #[error(transparent)]
    Engine(#[from] Error),
    /// Others changed the session again and again at the same time.
    #[error("the session changed {ATTEMPTS} times during the attempt to change it")]
    Contended,
    /// The schedule of the session cannot be changed like this.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The session is not what the caller expects.
    #[error("the session has changed")]
    ChangedMeanwhile,
    /// The session has a notice, and either the clock of the store is not known to agree with the server's, or the store has yet
    /// to say what it can lose in a crash.
    #[error(
        "the server cannot keep the notice at the moment, because its clock and its store's are not known to agree, or because the \
         store has yet to say what it can lose: nothing has changed; try again"
    )]
    ClockUnsure,
    /// The clocks of this server and of the store are too far apart for a server that counts as ready.
    #[error(
        "the clocks of this server and of its store may be {} ms apart, and more than {} ms is too much, because other servers may show \
         other steps: keep the clocks of both machines in step with NTP",
        .distance.as_millis(),
        READY_CLOCK_DISTANCE.as_millis()
    )]
    ClockApart {
        /// How far they are apart at most.
        distance: Duration,
    },
    /// The store was too slow to write the change in time. The session has not changed.
    #[error("the change could not be written in time: nothing has changed; try again")]
    TooLate,
    /// The store was so slow that a new session would have been handed out after its default start. Nobody knows its id.
    #[error("the store is too slow at the moment: the session would already have started; try again")]
    CreatedTooLate,
    /// The idempotency key belongs to a request that asks for something else.
    #[error(
        "the idempotency key belongs to another request, with another address or body; use a new key for a new request"
    )]
    OtherRequest,
    /// The request with this idempotency key is being carried out.
    #[error("the request with this idempotency key is being carried out; try again")]
    InProgress,
    /// The request with this idempotency key was left unfinished, and the session has changed since.
    #[error(
        "the request with this idempotency key was left unfinished, and others have changed the session {0} since: nobody can tell \
         whether it had its effect; read the session"
    )]
    OutcomeUnknown(SessionId),
    /// Too many sessions are being read once more for callers that expect something else.
    #[error(
        "too many sessions are being read once more, because callers expect something else of them; try again later"
    )]
    TooManyLooks,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Returns why a session cannot be extended.
fn not_later(expires_at: Option<Timestamp>, new: Option<Timestamp>) -> String {
    match (expires_at, new) {
        (Some(expires_at), Some(new)) => {
            format!("the session expires at {expires_at}; only a later end can replace that, got {new}")
        }
        _ => "the session never expires, so it cannot be extended".to_owned(),
    }
}
