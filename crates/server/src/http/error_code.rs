//! Error codes and their HTTP statuses.

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// Identifies a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ErrorCode {
    /// 400: the body is not JSON, or not an object.
    MalformedJson,
    /// 400: fields are missing, unknown, duplicated or out of range; `errors` lists them.
    InvalidFields,
    /// 401: the request needs a credential.
    CredentialsRequired,
    /// 401: the credential is malformed, or no API key of this server.
    CredentialsInvalid,
    /// 403: the credential does not give the right that `right` names.
    RightMissing,
    /// 404: nothing exists at this address.
    NotFound,
    /// 404: the session does not exist or has expired.
    SessionNotFound,
    /// 405: the address does not support this method; `Allow` lists those it does.
    MethodNotAllowed,
    /// 408: the body did not arrive in time.
    BodyTimeout,
    /// 409: the server hands out no control tokens, because it does not ask for them.
    TokensUnused,
    /// 409: the session has stopped, its stop is final, or it stops before a change would take effect; `stopped_at` says when.
    SessionStopped,
    /// 409: the session already stops at `stopped_at`, and the new stop is not earlier.
    StopNotEarlier,
    /// 409: the session already exists until `expires_at` or for ever, and the new end is not later.
    ExpiryNotLater,
    /// 409: the change is not after the start of the session.
    NotStarted,
    /// 409: the change lies in the past or within the notice; `earliest` says from when on it is possible.
    TooSoon,
    /// 409: the session already changes at or after that instant, as `schedule` says, and `replace_later` is not set.
    LaterChanges,
    /// 409: a change that would be taken back is final; `change` says which.
    ChangeFinal,
    /// 409: no change can be withdrawn.
    NothingToWithdraw,
    /// 409: the session is paused at that instant, as `schedule` says.
    AlreadyPaused,
    /// 409: the session is not paused at that instant, as `schedule` says.
    NotPaused,
    /// 409: the session has that rate at that instant, as `schedule` says.
    SameRate,
    /// 409: the session would have more than 256 changes.
    ScheduleFull,
    /// 409: the step never begins, because the session is paused for good before.
    StepNotScheduled,
    /// 409: the request with this `Idempotency-Key` is being carried out; try again.
    RequestInProgress,
    /// 409: the request with this `Idempotency-Key` was left unfinished, and others have changed the session since; read the session.
    OutcomeUnknown,
    /// 412: the session is none of the versions that `If-Match` names.
    ChangedMeanwhile,
    /// 413: the body is too large.
    BodyTooLarge,
    /// 415: the body is not `application/json` in UTF-8, or it is compressed.
    UnsupportedMediaType,
    /// 422: the `Idempotency-Key` belongs to a request with another address, body or `If-Match`.
    IdempotencyKeyReused,
    /// 429: the client has sent too many requests; `Retry-After` says when to try again.
    RateLimited,
    /// 429: the client has as many event streams as it may.
    TooManyStreams,
    /// 500: the server failed; the cause is in its log.
    Internal,
    /// 503: the session has a notice, and the clocks of the server and its store are not known to agree, or the store has yet to
    /// say what it can lose; nothing has changed.
    ClockUnsure,
    /// 503: a later version of the server wrote this session, and this version cannot read it.
    NewerRecord,
    /// 503: the server is starting and has yet to open its store.
    Opening,
    /// 503: the server has as much to do as it can, or as many connections or event streams as it may; nothing has changed.
    Overloaded,
    /// 503: the store has as many sessions as it may; nothing has changed.
    TooManySessions,
    /// 503: the server is about to end. Only `/readyz` says so.
    Draining,
    /// 503: sessions can be read, but not written at the moment (some stores still accept stops); `detail` says why.
    StoreNotWritable,
    /// 503: sessions cannot be read or written at the moment; try again.
    StoreUnavailable,
}

impl ErrorCode {
    /// Returns the HTTP status that belongs to this code.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::MalformedJson | Self::InvalidFields => StatusCode::BAD_REQUEST,
            Self::CredentialsRequired | Self::CredentialsInvalid => StatusCode::UNAUTHORIZED,
            Self::RightMissing => StatusCode::FORBIDDEN,
            Self::NotFound | Self::SessionNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::TokensUnused
            | Self::SessionStopped
            | Self::StopNotEarlier
            | Self::ExpiryNotLater
            | Self::NotStarted
            | Self::TooSoon
            | Self::LaterChanges
            | Self::ChangeFinal
            | Self::NothingToWithdraw
            | Self::AlreadyPaused
            | Self::NotPaused
            | Self::SameRate
            | Self::ScheduleFull
            | Self::StepNotScheduled
            | Self::RequestInProgress
            | Self::OutcomeUnknown => StatusCode::CONFLICT,
            Self::ChangedMeanwhile => StatusCode::PRECONDITION_FAILED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited | Self::TooManyStreams => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ClockUnsure
            | Self::NewerRecord
            | Self::Opening
            | Self::Overloaded
            | Self::TooManySessions
            | Self::Draining
            | Self::StoreNotWritable
            | Self::StoreUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
