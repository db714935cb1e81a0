//! Requests that a client may repeat without having their effect twice: the header `Idempotency-Key` (IETF draft
//! httpapi-idempotency-key-header).

use std::sync::Arc;

use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tickseed_session::{
    Answer, Attempt, Found, KeyName, Lookup, RequestId, ServiceError, SessionService, StoreError, error_chain,
};
use utoipa::{IntoParams, IntoResponses};

use super::access::Caller;
use super::error::ApiError;
use super::fields::Fields;
use super::problem::Problem;
use crate::access::NewSecret;

/// The header.
pub(super) const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

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
    /// A random string in double quotes, of 32 to 255 printable ASCII characters (with an API key, one is enough). For 24 hours, a
    /// request with the same key, address and body has no further effect and gets the same answer
    #[param(rename = "Idempotency-Key", pattern = r#"^"([ !#-\[\]-~]|\\["\\]){32,255}"$"#)]
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

/// An idempotency key, and everything that its request asks for. It has no `Debug` form, because anyone with the key gets the answer.
struct Key {
    text: String,
    id: RequestId,
    fingerprint: [u8; 32],
}

/// How the control token is added to the body of an answer. It is not kept with the answer, because it can be made again.
type AddToken = fn(&[u8], &NewSecret) -> Bytes;

impl Repeatable {
    /// Reads the header. `body` is the body of the request. The error says what is allowed.
    pub(super) fn read(
        request: &HttpRequest,
        body: &Map<String, Value>,
        caller: &Caller,
    ) -> Result<Self, String> {
        let mut values = request.headers().get_all(HEADER).peekable();
        if values.peek().is_none() {
            return Ok(Self::default());
        }
        // Nobody else can use the keys of an API key.
        let least = if caller.key_name().is_some() { 1 } else { LEAST_CHARACTERS };
        let mut texts = values.map(|value| value.to_str().ok().and_then(unquoted));
        match (texts.next().flatten(), texts.next()) {
            (Some(key), None) if (least..=MOST_CHARACTERS).contains(&key.len()) => {
                Ok(Self { key: Some(Key::new(key, request, body, caller)) })
            }
            (key, others) => Err(mistake(least, key.as_deref(), others.is_some())),
        }
    }

    /// Reports a mistake in the header.
    pub(super) fn or_fail(read: Result<Self, String>, fields: &mut Fields) -> Option<Self> {
        read.map_err(|mistake| fields.fail(NAME, &mistake)).ok()
    }

    /// Carries the request out unless that has been done, and returns its answer. If the store has no room to keep the request, it is
    /// carried out like one without a key: a change needs no room, and a stop must go through.
    pub(super) async fn once(
        self,
        service: &SessionService,
        operate: impl AsyncFnOnce(&SessionService) -> Result<Lookup, ApiError>,
        respond: impl FnOnce(&Lookup) -> Result<HttpResponse, ApiError>,
    ) -> Result<HttpResponse, ApiError> {
        let Some(key) = self.key else { return respond(&operate(service).await?) };
        match service.reserve(key.id, key.fingerprint).await {
            Err(ServiceError::Store(StoreError::NotWritable { .. })) => respond(&operate(service).await?),
            found => {
                let operate = async |service: &SessionService, _salt| operate(service).await;
                Ok(carry_out(found?, service, false, operate, respond).await?.0)
            }
        }
    }

    /// As [`once`](Self::once), for a request whose answer carries a new control token. A repetition gets the same one.
    pub(super) async fn once_with_token(
        self,
        service: &SessionService,
        caller: &Caller,
        operate: impl AsyncFnOnce(&SessionService, Option<&NewSecret>) -> Result<Lookup, ApiError>,
        respond: impl FnOnce(&Lookup) -> Result<HttpResponse, ApiError>,
        add_token: AddToken,
    ) -> Result<HttpResponse, ApiError> {
        let Some(key) = self.key else {
            let token = caller.new_token()?;
            let lookup = operate(service, token.as_ref()).await?;
            return revealed(respond(&lookup)?, token.as_ref(), add_token).await;
        };
        let text = key.text.clone();
        let token = |salt| caller.token_of(&mac(salt, &text, caller.key_sha256()));
        let operate = async |service: &SessionService, salt| operate(service, token(salt).as_ref()).await;
        let found = service.reserve(key.id, key.fingerprint).await?;
        let (response, salt) = carry_out(found, service, caller.asks_for_rights(), operate, respond).await?;
        revealed(response, salt.and_then(token).as_ref(), add_token).await
    }
}

/// Adds a token to an answer. An error has none.
async fn revealed(
    response: HttpResponse,
    token: Option<&NewSecret>,
    add_token: AddToken,
) -> Result<HttpResponse, ApiError> {
    let Some(token) = token.filter(|_| response.status().is_success()) else { return Ok(response) };
    let (response, body) = response.into_parts();
    let body = to_bytes(body).await.map_err(|error| ApiError::Internal(error.to_string().into()))?;
    Ok(response.set_body(add_token(&body, token)).map_into_boxed_body())
}

/// Returns 16 bytes that only the server and the owner of the key can compute: half of HMAC-SHA256. The idempotency keys of an API key
/// may be easy to guess, so the hash of that key counts as well: it is in no store.
fn mac(salt: [u8; 16], key: &str, api_key: Option<&[u8; 32]>) -> [u8; 16] {
    // A shorter secret counts as padded with zeros to the block length (RFC 2104, section 2).
    let mut block = [0; 64];
    block[..salt.len()].copy_from_slice(&salt);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(key.as_bytes());
    if let Some(api_key) = api_key {
        // No idempotency key contains this byte.
        mac.update(&[0]);
        mac.update(api_key);
    }
    let bytes: [u8; 32] = mac.finalize().into_bytes().into();
    bytes.first_chunk().copied().unwrap_or_default()
}

impl Key {
    fn new(text: String, request: &HttpRequest, body: &Map<String, Value>, caller: &Caller) -> Self {
        let body = serde_json::to_vec(body).unwrap_or_default();
        let conditions = request.headers().get_all(header::IF_MATCH).map(header::HeaderValue::as_bytes);
        let parts = [request.method().as_str().as_bytes(), request.path().as_bytes(), &body];
        let fingerprint = hash(parts.into_iter().chain(conditions));
        // A key is valid for one API key, or for all callers that have none.
        let scope = caller.key_name().map_or("", KeyName::as_str);
        let id = RequestId::new(hash([scope.as_bytes(), text.as_bytes()].into_iter()));
        Self { text, id, fingerprint }
    }
}

/// Carries a request out unless `found` says that this has been done. Returns its answer, and the salt of its token if it has
/// one.
async fn carry_out(
    found: Found,
    service: &SessionService,
    has_token: bool,
    operate: impl AsyncFnOnce(&SessionService, [u8; 16]) -> Result<Lookup, ApiError>,
    respond: impl FnOnce(&Lookup) -> Result<HttpResponse, ApiError>,
) -> Result<(HttpResponse, Option<[u8; 16]>), ApiError> {
    let (attempt, outcome) = match found {
        Found::Answered { answer, salt } => {
            let salt = token_salt(answer.has_token, salt);
            return Ok((response_of(answer)?, salt));
        }
        Found::Ours(attempt) => (attempt, Ok(None)),
        Found::Unfinished(attempt, plan) => (attempt, service.outcome_of(*plan).await),
    };
    let result = match outcome {
        Ok(Some(lookup)) => Ok(lookup),
        Ok(None) => operate(&service.for_request(Arc::clone(&attempt)), attempt.salt()).await,
        Err(error) => match ApiError::from(error) {
            error if error.is_final() => Err(error),
            // Nobody knows yet what became of the request, so it must not be forgotten.
            error => {
                warn_if_failed(attempt.leave().await);
                return Err(error);
            }
        },
    };
    let response = conclude(&attempt, result.and_then(|lookup| respond(&lookup)), has_token).await?;
    Ok((response, token_salt(has_token, attempt.salt())))
}

fn token_salt(has_token: bool, salt: [u8; 16]) -> Option<[u8; 16]> {
    has_token.then_some(salt)
}

/// Returns the SHA-256 of several texts, each with its length.
fn hash<'part>(parts: impl Iterator<Item = &'part [u8]>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Says what is wrong without showing the key: anyone with it gets the answer.
fn mistake(least: usize, key: Option<&str>, is_repeated: bool) -> String {
    let got = match key {
        _ if is_repeated => "several keys".to_owned(),
        Some(key) => format!("{} characters", key.len()),
        None => "something else".to_owned(),
    };
    format!(
        "must be a string in double quotes of {least} to {MOST_CHARACTERS} printable ASCII characters, got {got}"
    )
}

/// Reads a string of RFC 8941, section 4.2.5.
pub(super) fn unquoted(text: &str) -> Option<String> {
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
    has_token: bool,
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
        has_token,
    };
    warn_if_failed(attempt.answer(answer).await);
    Ok(response.set_body(body).map_into_boxed_body())
}

fn text_of((name, value): (&HeaderName, &header::HeaderValue)) -> Option<(String, String)> {
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
    use data_encoding::HEXLOWER;

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

    /// The secret is test case 1 of RFC 4231, cut to 16 bytes, with the result of OpenSSL:
    /// `printf 'Hi There' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b`.
    #[test]
    fn the_bytes_of_a_token_are_half_of_hmac_sha256() {
        let bytes = HEXLOWER.encode(&mac([0x0b; 16], "Hi There", None));
        assert_eq!(bytes, "492ce020fe2534a5789dc3848806c78f");
    }

    #[test]
    fn a_mistake_does_not_show_the_key() {
        assert_eq!(
            mistake(LEAST_CHARACTERS, Some("secret"), false),
            "must be a string in double quotes of 32 to 255 printable ASCII characters, got 6 characters"
        );
    }
}
