//! The table of errors: maps every failure to its code, message and headers.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use tickseed_session::{ScheduleError, ServiceError, StoreError, Timestamp};

use super::access_error::AccessError;
use super::error_code::ErrorCode;
use super::origins::SharedWith;
use super::overload::Overload;
use super::problem::{FieldError, MEDIA_TYPE, Problem};
use super::rate_limited::RateLimited;
use super::schedule_error::{Members, schedule_code};
use crate::excerpt::excerpt;

/// How many seconds a client with too many event streams is to wait.
const STREAM_RETRY_SECONDS: u32 = 10;
/// How many seconds a client of an overloaded server is to wait.
const OVERLOAD_RETRY_SECONDS: u32 = 2;
/// How many seconds a client is to wait for sessions to expire. The server removes them every 30 seconds.
const FULL_STORE_RETRY_SECONDS: u32 = 30;

/// Why a request is rejected or fails.
#[derive(Debug)]
pub(super) enum ApiError {
    MalformedJson {
        reason: String,
    },
    InvalidFields(Vec<FieldError>),
    NotFound {
        path: String,
    },
    PageNotBuilt,
    SessionNotFound {
        detail: String,
    },
    MethodNotAllowed {
        allow: &'static str,
    },
    BodyTimeout {
        limit: Duration,
    },
    SessionStopped {
        stopped_at: Timestamp,
        detail: String,
    },
    StopNotEarlier {
        stopped_at: Timestamp,
        detail: String,
    },
    ExpiryNotLater {
        expires_at: Option<Timestamp>,
        detail: String,
    },
    Access(AccessError),
    Schedule(ScheduleError),
    StepNotScheduled {
        detail: String,
    },
    ChangedMeanwhile,
    IdempotencyKeyReused {
        detail: String,
    },
    RequestInProgress {
        detail: String,
    },
    OutcomeUnknown {
        detail: String,
    },
    BodyTooLarge {
        limit: usize,
    },
    UnsupportedMediaType {
        media_type: String,
    },
    UnsupportedEncoding {
        encoding: String,
    },
    RateLimited(RateLimited),
    TooManyStreams {
        limit: usize,
    },
    Overloaded(Overload),
    TooManySessions {
        limit: u64,
    },
    Panicked {
        shared_with: SharedWith,
    },
    Internal(Box<dyn Error + Send + Sync>),
    ClockUnsure {
        detail: String,
    },
    NewerRecord,
    Opening,
    Draining,
    /// The store has logged the cause.
    StoreNotWritable {
        reason: &'static str,
    },
    StoreUnavailable(Box<dyn Error + Send + Sync>),
    StoreTooSlow(Box<dyn Error + Send + Sync>),
}

impl ApiError {
    /// Reports a single invalid field. `message` says what is allowed and shows the value.
    pub(super) fn invalid_field(field: &str, message: String) -> Self {
        Self::InvalidFields(vec![FieldError { field: field.to_owned(), message }])
    }

    /// Returns whether a repetition of the request gets the same error. That there is no such session, or no such right, is not
    /// worth a place in the store: anybody could fill it with that.
    pub(super) fn is_final(&self) -> bool {
        let is_kept =
            !matches!(self, Self::RequestInProgress { .. } | Self::SessionNotFound { .. } | Self::Access(_));
        self.status_code().is_client_error() && is_kept
    }

    /// Returns whether the request may have had its effect all the same.
    pub(super) fn may_have_had_an_effect(&self) -> bool {
        match self {
            Self::StoreUnavailable(error) => !matches!(error.downcast_ref(), Some(StoreError::NotAsked)),
            Self::StoreNotWritable { .. } | Self::RequestInProgress { .. } => true,
            _ => false,
        }
    }

    const fn code(&self) -> ErrorCode {
        match self {
            Self::MalformedJson { .. } => ErrorCode::MalformedJson,
            Self::InvalidFields(_) => ErrorCode::InvalidFields,
            Self::NotFound { .. } | Self::PageNotBuilt => ErrorCode::NotFound,
            Self::SessionNotFound { .. } => ErrorCode::SessionNotFound,
            Self::MethodNotAllowed { .. } => ErrorCode::MethodNotAllowed,
            Self::BodyTimeout { .. } => ErrorCode::BodyTimeout,
            Self::SessionStopped { .. } => ErrorCode::SessionStopped,
            Self::StopNotEarlier { .. } => ErrorCode::StopNotEarlier,
            Self::ExpiryNotLater { .. } => ErrorCode::ExpiryNotLater,
            Self::Access(error) => error.code(),
            Self::Schedule(error) => schedule_code(error),
            Self::StepNotScheduled { .. } => ErrorCode::StepNotScheduled,
            Self::ChangedMeanwhile => ErrorCode::ChangedMeanwhile,
            Self::IdempotencyKeyReused { .. } => ErrorCode::IdempotencyKeyReused,
            Self::RequestInProgress { .. } => ErrorCode::RequestInProgress,
            Self::OutcomeUnknown { .. } => ErrorCode::OutcomeUnknown,
            Self::BodyTooLarge { .. } => ErrorCode::BodyTooLarge,
            Self::UnsupportedMediaType { .. } | Self::UnsupportedEncoding { .. } => {
                ErrorCode::UnsupportedMediaType
            }
            Self::RateLimited(_) => ErrorCode::RateLimited,
            Self::TooManyStreams { .. } => ErrorCode::TooManyStreams,
            Self::Overloaded(_) => ErrorCode::Overloaded,
            Self::TooManySessions { .. } => ErrorCode::TooManySessions,
            Self::Panicked { .. } | Self::Internal(_) => ErrorCode::Internal,
            Self::ClockUnsure { .. } => ErrorCode::ClockUnsure,
            Self::NewerRecord => ErrorCode::NewerRecord,
            Self::Opening => ErrorCode::Opening,
            Self::Draining => ErrorCode::Draining,
            Self::StoreNotWritable { .. } => ErrorCode::StoreNotWritable,
            Self::StoreUnavailable(_) | Self::StoreTooSlow(_) => ErrorCode::StoreUnavailable,
        }
    }

    fn problem(&self) -> Problem {
        let code = self.code();
        let status = code.status();
        let Members { stopped_at, expires_at, earliest, schedule, change, right } = self.members();
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.to_string(),
            code,
            errors: if let Self::InvalidFields(errors) = self { errors.clone() } else { Vec::new() },
            stopped_at,
            expires_at,
            earliest,
            schedule,
            change,
            right,
        }
    }

    /// Returns the members that only some problems have.
    fn members(&self) -> Members {
        match self {
            Self::SessionStopped { stopped_at, .. } | Self::StopNotEarlier { stopped_at, .. } => {
                Members { stopped_at: Some(*stopped_at), ..Members::default() }
            }
            Self::ExpiryNotLater { expires_at, .. } => {
                Members { expires_at: *expires_at, ..Members::default() }
            }
            Self::Schedule(error) => Members::new(error),
            Self::Access(error) => Members { right: error.right(), ..Members::default() },
            _ => Members::default(),
        }
    }

    /// Returns the cause that the response hides and the log records. While the store is known to be down, requests
    /// that fail only because of that are not logged.
    pub(super) fn cause_to_log(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::StoreUnavailable(error) if matches!(error.downcast_ref(), Some(StoreError::NotAsked)) => {
                None
            }
            Self::Internal(error) | Self::StoreUnavailable(error) | Self::StoreTooSlow(error) => {
                Some(&**error)
            }
            // The first one is logged where it is read; during an upgrade there may be many.
            _ => None,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MalformedJson { reason } => write!(f, "the body must be a JSON object: {reason}"),
            Self::InvalidFields(errors) => write_messages(f, errors),
            Self::NotFound { path } => write!(f, "there is nothing at {}", excerpt(path)),
            Self::PageNotBuilt => f.write_str(
                "there is nothing at /: this server was built without the demo page; the API is under /v1 and documented \
                 at /docs/",
            ),
            Self::MethodNotAllowed { allow } => write!(f, "this address supports only {allow}"),
            Self::BodyTimeout { limit } => write!(f, "the body did not arrive within {limit:?}"),
            Self::SessionNotFound { detail }
            | Self::SessionStopped { detail, .. }
            | Self::StopNotEarlier { detail, .. }
            | Self::ExpiryNotLater { detail, .. }
            | Self::StepNotScheduled { detail }
            | Self::IdempotencyKeyReused { detail }
            | Self::RequestInProgress { detail }
            | Self::OutcomeUnknown { detail }
            | Self::ClockUnsure { detail } => f.write_str(detail),
            Self::Access(error) => error.fmt(f),
            Self::Schedule(error) => error.fmt(f),
            Self::ChangedMeanwhile => f.write_str("the session is none of the versions that If-Match names"),
            Self::BodyTooLarge { limit } => write!(f, "the body must be at most {limit} bytes"),
            Self::UnsupportedMediaType { media_type } => {
                write!(f, "the body must be application/json in UTF-8, got {}", excerpt(media_type))
            }
            Self::UnsupportedEncoding { encoding } => {
                write!(f, "the body must not be compressed, got Content-Encoding {}", excerpt(encoding))
            }
            Self::RateLimited(limited) => f.write_str(&limited.detail()),
            Self::TooManyStreams { limit } => {
                write!(f, "this address has {limit} event streams, and may not have more; try again later")
            }
            Self::Overloaded(what) => {
                write!(f, "the server has as many {what} as it may: nothing has changed; try again later")
            }
            Self::TooManySessions { limit } => {
                write!(f, "the server has {limit} sessions, and may not have more; try again when some have expired")
            }
            Self::Panicked { .. } | Self::Internal(_) => f.write_str("the server failed; the cause is in its log"),
            Self::NewerRecord => f.write_str(
                "a later version of the server wrote this session, and this version cannot read it",
            ),
            Self::StoreNotWritable { reason } => {
                write!(f, "sessions can be read, but not written at the moment: {reason}; try again")
            }
            Self::Opening => f.write_str("the server is starting and has yet to open its store; try again"),
            Self::Draining => f.write_str("the server is about to end; use another one"),
            Self::StoreUnavailable(_) => {
                f.write_str("sessions cannot be read or written at the moment; try again")
            }
            Self::StoreTooSlow(error) => write!(f, "{error}"),
        }
    }
}

fn write_messages(f: &mut fmt::Formatter<'_>, errors: &[FieldError]) -> fmt::Result {
    for (index, error) in errors.iter().enumerate() {
        write!(f, "{}{}", if index == 0 { "" } else { "; " }, error.message)?;
    }
    Ok(())
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code().status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type(MEDIA_TYPE).insert_header((header::CACHE_CONTROL, "no-store"));
        match self {
            Self::Access(error) => {
                if let Some(challenge) = error.challenge() {
                    response.insert_header((header::WWW_AUTHENTICATE, challenge));
                }
            }
            Self::MethodNotAllowed { allow } => {
                response.insert_header((header::ALLOW, *allow));
            }
            Self::UnsupportedEncoding { .. } => {
                response.insert_header((header::ACCEPT_ENCODING, "identity"));
            }
            Self::RequestInProgress { .. }
            | Self::ClockUnsure { .. }
            | Self::NewerRecord
            | Self::Opening
            | Self::Draining
            | Self::StoreNotWritable { .. }
            | Self::StoreUnavailable(_)
            | Self::StoreTooSlow(_) => {
                response.insert_header((header::RETRY_AFTER, "1"));
            }
            Self::RateLimited(limited) => limited.insert_headers(&mut response),
            Self::TooManyStreams { .. } => {
                response.insert_header((header::RETRY_AFTER, STREAM_RETRY_SECONDS));
            }
            Self::Overloaded(_) => {
                response.insert_header((header::RETRY_AFTER, OVERLOAD_RETRY_SECONDS));
            }
            Self::TooManySessions { .. } => {
                response.insert_header((header::RETRY_AFTER, FULL_STORE_RETRY_SECONDS));
            }
            // On an open connection, the unread rest of the body would be taken for the next request.
            Self::BodyTimeout { .. } | Self::BodyTooLarge { .. } => {
                response.force_close();
            }
            // The layer that adds the headers for other origins is inside the one that catches panics.
            Self::Panicked { shared_with } => {
                if let Some(origin) = shared_with.header() {
                    response.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, origin));
                }
                response.force_close();
            }
            _ => {}
        }
        response.body(serde_json::to_string(&self.problem()).unwrap_or_default())
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        let detail = error.to_string();
        match error {
            ServiceError::NotFound(_) => Self::SessionNotFound { detail },
            ServiceError::AlreadyStopped { stopped_at } => Self::SessionStopped { stopped_at, detail },
            ServiceError::StopNotEarlier { stopped_at, .. } => Self::StopNotEarlier { stopped_at, detail },
            ServiceError::ExpiryNotLater { expires_at, .. } => Self::ExpiryNotLater { expires_at, detail },
            ServiceError::StopInThePast { .. } | ServiceError::Schedule(ScheduleError::NoNextTick { .. }) => {
                Self::invalid_field("at", detail)
            }
            ServiceError::Schedule(error) => Self::Schedule(error),
            ServiceError::ChangedMeanwhile => Self::ChangedMeanwhile,
            ServiceError::ClockUnsure | ServiceError::ClockApart { .. } => Self::ClockUnsure { detail },
            ServiceError::OtherRequest => Self::IdempotencyKeyReused { detail },
            ServiceError::InProgress => Self::RequestInProgress { detail },
            ServiceError::TooManyLooks => Self::Overloaded(Overload::TokenChecks),
            ServiceError::OutcomeUnknown(_) => Self::OutcomeUnknown { detail },
            ServiceError::Engine(tickseed_engine::Error::NotScheduled { .. }) => {
                Self::StepNotScheduled { detail }
            }
            ServiceError::Engine(error) => Self::invalid_field(error.field().as_str(), detail),
            ServiceError::Contended => Self::StoreUnavailable(error.into()),
            ServiceError::TooLate | ServiceError::CreatedTooLate => Self::StoreTooSlow(error.into()),
            ServiceError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NewerRecord { .. } => Self::NewerRecord,
            StoreError::TooManySessions { limit } => Self::TooManySessions { limit },
            StoreError::NotWritable { reason, .. } => Self::StoreNotWritable { reason },
            error if error.is_temporary() => Self::StoreUnavailable(error.into()),
            error => Self::Internal(error.into()),
        }
    }
}
