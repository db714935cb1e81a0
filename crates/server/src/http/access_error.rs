//! Why a caller may not do what it asks for.

use std::fmt;

use actix_web::http::header::HeaderValue;
use utoipa::IntoResponses;

use super::error_code::ErrorCode;
use super::problem::Problem;
use crate::access::Right;

/// Why a caller may not do what it asks for. The message never contains the credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AccessError {
    /// There is no credential, and the request needs this right.
    Required(Right),
    /// The header `Authorization` is not `Bearer` and one credential.
    Malformed,
    /// It begins like a control token and is none.
    MalformedToken,
    /// No API key of this server has this text.
    UnknownKey,
    /// The API key does not have this right.
    KeyLacks(Right),
    /// The credential is a control token, which does not give this right.
    TokenLacks(Right),
    /// The control token belongs to another session, or was replaced.
    OtherToken,
    /// The server does not ask for tokens.
    TokensUnused,
}

impl AccessError {
    pub(super) const fn code(self) -> ErrorCode {
        match self {
            Self::Required(_) => ErrorCode::CredentialsRequired,
            Self::Malformed | Self::MalformedToken | Self::UnknownKey => ErrorCode::CredentialsInvalid,
            Self::KeyLacks(_) | Self::TokenLacks(_) | Self::OtherToken => ErrorCode::RightMissing,
            Self::TokensUnused => ErrorCode::TokensUnused,
        }
    }

    /// Returns the word for the right that is missing.
    pub(super) const fn right(self) -> Option<&'static str> {
        match self {
            Self::KeyLacks(right) | Self::TokenLacks(right) => Some(right.as_str()),
            Self::OtherToken => Some(Right::Control.as_str()),
            _ => None,
        }
    }

    /// Returns the value of `WWW-Authenticate`, which every 401 must have (RFC 6750, section 3).
    pub(super) const fn challenge(self) -> Option<HeaderValue> {
        match self {
            Self::Required(_) => Some(HeaderValue::from_static("Bearer")),
            Self::Malformed | Self::MalformedToken | Self::UnknownKey => {
                Some(HeaderValue::from_static(r#"Bearer error="invalid_token""#))
            }
            _ => None,
        }
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Required(Right::Control) => f.write_str(
                "to change this session, send its control token, or an API key with the right control, as Authorization: Bearer",
            ),
            Self::Required(right) => {
                write!(f, "send an API key with the right {} as Authorization: Bearer", right.as_str())
            }
            Self::Malformed => f.write_str("Authorization must be Bearer and one control token or API key"),
            Self::MalformedToken => {
                f.write_str("a control token is tst_ and 32 hexadecimal digits in lower case; this one is incomplete")
            }
            Self::UnknownKey => f.write_str("the credential is neither a control token nor an API key of this server"),
            Self::KeyLacks(right) => write!(f, "the API key does not have the right {}", right.as_str()),
            Self::TokenLacks(right) => {
                write!(f, "a control token does not give the right {}, which takes an API key", right.as_str())
            }
            Self::OtherToken => f.write_str(
                "the control token does not give the right control of this session: it belongs to another one, or was replaced",
            ),
            Self::TokensUnused => f.write_str(
                "this server does not use control tokens; --access (or TICKSEED_ACCESS) changes that",
            ),
        }
    }
}

/// The errors of endpoints that need a right.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes responses for the OpenAPI document")]
pub(super) enum AccessErrors {
    /// `credentials_required` or `credentials_invalid`; never with `--access open`
    #[response(
        status = 401,
        content_type = "application/problem+json",
        headers(("WWW-Authenticate" = String, description = "`Bearer`, perhaps with `error=\"invalid_token\"`")),
        example = json!({"type": "about:blank", "title": "Unauthorized", "status": 401, "code": "credentials_required",
            "detail": "send an API key with the right create as Authorization: Bearer"})
    )]
    Unauthorized(Problem),
    /// `right_missing`; `right` names the right. Never with `--access open`
    #[response(status = 403, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Forbidden", "status": 403, "code": "right_missing", "right": "create",
            "detail": "the API key does not have the right create"}))]
    Forbidden(Problem),
}
