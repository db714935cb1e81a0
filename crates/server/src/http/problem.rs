//! The body of every error: problem details (RFC 9457).

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::error_code::ErrorCode;
use tickseed_session::Timestamp;

/// The media type of problem details.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// How many unknown fields, or fields given twice, an answer names at most: it must not grow without bound with the request.
pub(super) const MOST_NAMED: usize = 20;

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Always `about:blank`: `code` says which problem it is.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: &'static str,
    /// The status in words.
    #[schema(example = "Bad Request")]
    pub title: &'static str,
    /// The status.
    #[schema(value_type = u16, example = 400)]
    pub status: u16,
    /// What went wrong this time, for people.
    pub detail: String,
    /// Which problem it is, for programs.
    pub code: ErrorCode,
    /// The fields that are wrong (`invalid_fields`); of unknown ones and of ones given twice the first 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    /// When the session stops or stopped (`session_stopped`, `stop_not_earlier`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub stopped_at: Option<Timestamp>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FieldError {
    /// Which: its path in the body, or its name in the address.
    #[schema(example = "rules.break_interval.min")]
    pub field: String,
    /// What is allowed and what came.
    #[schema(example = "rules.break_interval.min must be from 1 to 1000000, got 0")]
    pub message: String,
}

/// What every endpoint of sessions can answer when it is not the client's fault.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers for the OpenAPI document")]
pub(super) enum Failures {
    /// `internal`
    #[response(status = 500, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Internal Server Error", "status": 500, "code": "internal",
            "detail": "the server failed; the reason is in its log"}))]
    Internal(Problem),
    /// `store_unavailable`, or `newer_record` if only a later version of the server understands the session
    #[response(
        status = 503,
        content_type = "application/problem+json",
        headers(("Retry-After" = u32, description = "Seconds")),
        example = json!({"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "store_unavailable",
            "detail": "sessions cannot be read or written at the moment; try again"})
    )]
    StoreUnavailable(Problem),
}

/// How every endpoint that takes a body can refuse it.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers for the OpenAPI document")]
pub(super) enum RefusedBody {
    /// `malformed_json` or `invalid_fields`
    #[response(status = 400, content_type = "application/problem+json")]
    Invalid(Problem),
    /// `body_timeout`: the body did not arrive within 10 s
    #[response(status = 408, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Request Timeout", "status": 408, "code": "body_timeout",
            "detail": "the body did not arrive within 10s"}))]
    Timeout(Problem),
    /// `body_too_large`: more than 64 KiB
    #[response(status = 413, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Payload Too Large", "status": 413, "code": "body_too_large",
            "detail": "the body must be at most 65536 bytes"}))]
    TooLarge(Problem),
    /// `unsupported_media_type`: not application/json
    #[response(status = 415, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Unsupported Media Type", "status": 415, "code": "unsupported_media_type",
            "detail": "the body must be application/json, got text/plain"}))]
    UnsupportedMediaType(Problem),
}

/// How every endpoint of one session can fail to find it.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes answers for the OpenAPI document")]
pub(super) enum NoSession {
    /// `session_not_found`
    #[response(status = 404, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Not Found", "status": 404, "code": "session_not_found",
            "detail": "there is no session sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21; it may have expired"}))]
    NotFound(Problem),
}
