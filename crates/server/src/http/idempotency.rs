//! Requests that a client may repeat without having their effect twice: the header `Idempotency-Key` (IETF draft
//! httpapi-idempotency-key-header).

use std::sync::Arc;

use actix_web::body::to_bytes;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tickseed_session::{
    Answer, Attempt, Found, Lookup, RequestId, ServiceError, SessionService, StoreError, error_chain,
};
use utoipa::{IntoParams, IntoResponses};

use super::error::ApiError;
use super::fields::Fields;
use super::problem::Problem;

/// The name of the header in errors.
const NAME: &str = "Idempotency-Key";

/// How many characters a key has at least. A shorter one could be guessed, and would hand out the answer to another client.
const LEAST_CHARACTERS: usize = 32;
/// How many characters a key has at most.
const MOST_CHARACTERS: usize = 255;

/// The header of every request that changes something.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header for the OpenAPI document")]
pub(super) struct IdempotencyKeyHeader {
    /// A random string in double quotes, of 32 to 255 printable ASCII characters. For 24 hours, a request with the same key, address
    /// and body has no further effect and gets the same answer
    #[param(rename = "Idempotency-Key")]
    idempotency_key: Option<String>,
}

/// The answers to requests with an idempotency key.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "describes responses for the OpenAPI document")]
pub(super) enum IdempotencyErrors {
    /// `idempotency_key_reused`: the key belongs to a request with another address, body or `If-Match`
    #[response(status = 422, content_type = "application/problem+json",
        example = json!({"type": "about:blank", "title": "Unprocessable Entity", "status": 422, "code": "idempotency_key_reused",
            "detail": "the idempotency key belongs to another request, with another address or body; use a new key for a new request"}))]
    Reused(Problem),
}

/// A request that may have an idempotency key.
#[derive(Default)]
pub(super) struct Repeatable {
    key: Option<Key>,
}

/// An idempotency key, and everything that its request asks for.
struct Key {
    id: RequestId,
    fingerprint: [u8; 32],
}

impl Repeatable {
    /// Reads the header. `body` is the body of the request. The error says what is allowed.
    pub(super) fn read(request: &HttpRequest, body: &Map<String, Value>) -> Result<Self, String> {
        let mut values = request.headers().get_all(NAME).peekable();
        if values.peek().is_none() {
            return Ok(Self::default());
        }
        let mut texts = values.map(|value| value.to_str().ok().and_then(unquoted));
        match (texts.next().flatten(), texts.next()) {
            (Some(key), None) if (LEAST_CHARACTERS..=MOST_CHARACTERS).contains(&key.len()) => {
                Ok(Self { key: Some(Key::new(&key, request, body)) })
            }
            (key, others) => Err(mistake(key.as_deref(), others.is_some())),
        }
    }

    /// Reports a mistake in the header.
    pub(super) fn or_fail(read: Result<Self, String>, fields: &mut Fields) -> Option<Self> {
        read.map_err(|mistake| fields.fail(NAME, &mistake)).ok()
    }

    /// Carries the request out unless that has been done, and returns its answer.
    pub(super) async fn once(
        self,
        service: &SessionService,
        operate: impl AsyncFnOnce(&SessionService) -> Result<Lookup, ServiceError>,
        respond: impl FnOnce(&Lookup) -> Result<HttpResponse, ApiError>,
    ) -> Result<HttpResponse, ApiError> {
        let Some(Key { id, fingerprint }) = self.key else { return respond(&operate(service).await?) };
        let (attempt, outcome) = match service.reserve(id, fingerprint).await? {
            Found::Answered { answer, .. } => return response_of(answer),
            Found::Ours(attempt) => (attempt, Ok(None)),
            Found::Unfinished(attempt, plan) => (attempt, service.outcome_of(*plan).await),
        };
        let result = match outcome {
            Ok(Some(lookup)) => Ok(lookup),
            Ok(None) => operate(&service.for_request(Arc::clone(&attempt))).await,
            Err(error) => Err(error),
        };
        let result = result.map_err(ApiError::from).and_then(|lookup| respond(&lookup));
        conclude(&attempt, result).await
    }
}

impl Key {
    fn new(key: &str, request: &HttpRequest, body: &Map<String, Value>) -> Self {
        let mut fingerprint = Sha256::new();
        let mut part = |bytes: &[u8]| {
            fingerprint.update((bytes.len() as u64).to_be_bytes());
            fingerprint.update(bytes);
        };
        part(request.method().as_str().as_bytes());
        part(request.path().as_bytes());
        part(&serde_json::to_vec(body).unwrap_or_default());
        for condition in request.headers().get_all(header::IF_MATCH) {
            part(condition.as_bytes());
        }
        let id = RequestId::new(Sha256::digest(key.as_bytes()).into());
        Self { id, fingerprint: fingerprint.finalize().into() }
    }
}

/// Says what is wrong without showing the key: whoever has it gets the answer.
fn mistake(key: Option<&str>, is_repeated: bool) -> String {
    let got = match key {
        _ if is_repeated => "several keys".to_owned(),
        Some(key) => format!("{} characters", key.len()),
        None => "something else".to_owned(),
    };
    format!(
        "must be a string in double quotes of {LEAST_CHARACTERS} to {MOST_CHARACTERS} printable ASCII characters, got {got}"
    )
}

/// Reads a string of RFC 8941, section 4.2.5.
fn unquoted(text: &str) -> Option<String> {
    let inner = text.trim_matches([' ', '\t']).strip_prefix('"')?.strip_suffix('"')?;
    let mut key = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => key.push(characters.next().filter(|next| matches!(next, '"' | '\\'))?),
            '"' => return None,
            ' '..='~' => key.push(character),
            _ => return None,
        }
    }
    Some(key)
}

/// Keeps the answer if a repetition has to get the same one. Otherwise a repetition carries the request out again.
async fn conclude(
    attempt: &Attempt,
    result: Result<HttpResponse, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let response = match result {
        Ok(response) => response,
        Err(error) if error.is_final() => error.error_response(),
        Err(error) => {
            let kept =
                if error.may_have_had_an_effect() { attempt.leave().await } else { attempt.release().await };
            warn_if_failed(kept);
            return Err(error);
        }
    };
    let (response, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(|error| ApiError::Internal(error.to_string().into()))?;
    let answer = Answer {
        status: response.status().as_u16(),
        headers: response.headers().iter().filter_map(text_of).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    warn_if_failed(attempt.answer(answer).await);
    Ok(response.set_body(body).map_into_boxed_body())
}

fn text_of((name, value): (&header::HeaderName, &header::HeaderValue)) -> Option<(String, String)> {
    Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
}

/// A repetition finds out by itself what has become of the request, only later.
fn warn_if_failed(kept: Result<(), StoreError>) {
    if let Err(error) = kept {
        tracing::warn!(
            error = error_chain(&error),
            "the answer to a request with an idempotency key was not kept"
        );
    }
}

fn response_of(answer: Answer) -> Result<HttpResponse, ApiError> {
    let status = StatusCode::from_u16(answer.status).map_err(|error| ApiError::Internal(error.into()))?;
    let mut response = HttpResponse::build(status);
    for header in answer.headers {
        response.insert_header(header);
    }
    Ok(response.body(answer.body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_string_in_double_quotes() {
        for (text, key) in [
            (r#""abc""#, Some("abc")),
            (r#"  "a b"	"#, Some("a b")),
            (r#""a\"b\\c""#, Some(r#"a"b\c"#)),
            (r#""""#, Some("")),
            ("abc", None),
            ("\"", None),
            ("\"abc", None),
            (r#""a"b""#, None),
            (r#""a\b""#, None),
            (r#""a\""#, None),
            ("\"\u{e9}\"", None),
            ("\"a\tb\"", None),
            (r#""a";b=1"#, None),
        ] {
            assert_eq!(unquoted(text).as_deref(), key, "{text}");
        }
    }

    #[test]
    fn a_mistake_does_not_show_the_key() {
        assert_eq!(
            mistake(Some("secret"), false),
            "must be a string in double quotes of 32 to 255 printable ASCII characters, got 6 characters"
        );
    }
}
