//! The body of every error response: problem details (RFC 9457).

use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::error_code::ErrorCode;
use super::sessions::change_json::ChangeJson;
use tickseed_session::Timestamp;

/// The media type of problem details.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// The largest number of unknown or duplicate fields that a response lists. A large request must not cause a large
/// response.
pub(super) const MAX_LISTED_FIELDS: usize = 20;

/// An error: problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Always `about:blank`; `code` identifies the problem.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    pub kind: &'static str,
    /// The HTTP status in words.
    #[schema(example = "Bad Request")]
    pub title: &'static str,
    /// The HTTP status.
    #[schema(value_type = u16, example = 400)]
    pub status: u16,
    /// Explains the problem to people.
    pub detail: String,
    /// Identifies the problem for programs.
    pub code: ErrorCode,
    /// The invalid fields (with `invalid_fields`). Lists only the first 20 unknown and the first 20 duplicate fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
    /// When the session stops or stopped (with `session_stopped` and `stop_not_earlier`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub stopped_at: Option<Timestamp>,
    /// When the session expires (with `expiry_not_later`). Left out if it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// The earliest instant that is possible (with `too_soon`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub earliest: Option<Timestamp>,
    /// The changes that are there: those at or after the new one (with `later_changes`), or all (with `already_paused`, `not_paused`
    /// and `same_rate`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Vec<ChangeJson>>,
    /// The change that is final (with `change_final`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeJson>,
    /// The right that is missing: `create`, `control` or `list` (with `right_missing`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "control")]
    pub right: Option<&'static str>,
}

/// An invalid field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct FieldError {
    /// The path of the field in the body, or its name in the URL.
    #[schema(example = "rules.break_interval.min")]
    pub field: String,
    /// Says what is allowed and shows the value.
    #[schema(example = "rules.break_interval.min must be from 1 to 1000000, got 0")]
    pub message: String,
}

/// The errors of session endpoints that are not the client's fault.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes responses for the OpenAPI document")]
pub(super) enum ServerErrors {
    /// `rate_limited`: this client has sent too many requests, and the server limits them
    #[response(
        status = 429,
        content_type = "application/problem+json",
        headers(
            ("RateLimit-Policy" = String, description = "The limit: its name, the quota `q`, and the seconds `w` in which it is \
                there again, as in draft-ietf-httpapi-ratelimit-headers"),
            ("RateLimit" = String, description = "What is left: the limit's name, `r` requests, and more after `t` seconds"),
        ),
        example = json!({"type": "about:blank", "title": "Too Many Requests", "status": 429, "code": "rate_limited",
            "detail": "too many requests: this address may send 100 requests in 2 s; try again in 1 s"})
    )]
    RateLimited(Problem),
    /// `internal`
    #[response(status = 500, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Internal Server Error", "status": 500, "code": "internal",
            "detail": "the server failed; the cause is in its log"}))]
    Internal(Problem),
    /// `store_unavailable`; `overloaded` if the server has too much to do; `too_many_sessions` if a session cannot be created
    /// because the store has as many as it may; `store_not_writable` if only reads work; `opening` at the start; `newer_record` if
    /// only a later version of the server can read the session; or `clock_unsure` if a session with a notice is to be changed while
    /// the clocks of the server and its store are not known to agree, or while the store has yet to say what it can lose
    #[response(
        status = 503,
        content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "store_unavailable",
            "detail": "sessions cannot be read or written at the moment; try again"})
    )]
    StoreUnavailable(Problem),
}

/// The errors of endpoints that take a body, if the body is at fault.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes responses for the OpenAPI document")]
pub(super) enum BodyErrors {
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
    /// `unsupported_media_type`: not application/json in UTF-8, or compressed
    #[response(status = 415, content_type = "application/problem+json",
        headers(("Accept-Encoding" = Option<String>, description = "`identity`, if the body is compressed")),
        example = json!({"type": "about:blank", "title": "Unsupported Media Type", "status": 415, "code": "unsupported_media_type",
            "detail": "the body must be application/json in UTF-8, got text/plain"}))]
    UnsupportedMediaType(Problem),
}

/// The error of the endpoints of one session if it does not exist.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes responses for the OpenAPI document")]
pub(super) enum SessionNotFound {
    /// `session_not_found`
    #[response(status = 404, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Not Found", "status": 404, "code": "session_not_found",
            "detail": "there is no session sess_0b9f3f0e-6d7a-4f0e-9a55-2f3b1d7c8e21; it may have expired"}))]
    NotFound(Problem),
}
