//! Reads the body of a request: one JSON object, limited in size and in the time it may take to arrive.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::fields::{duplicate_field, quoted};
use super::problem::FieldError;
use super::strict_json::{self, Mistake, ParseError};
use crate::excerpt::excerpt;

/// The limits of a request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
}

impl Default for Limits {
    /// 64 KiB within 10 seconds.
    fn default() -> Self {
        Self { body_bytes: 64 * 1024, body_timeout: Duration::from_secs(10) }
    }
}

/// The JSON object in the body of a request. An empty body and `null` count as an empty object, so that a body whose
/// fields are all optional can be left out.
pub(super) struct JsonObject(pub(super) Map<String, Value>);

/// A body that has arrived and is not parsed yet, for endpoints that refuse a request before they take that trouble.
pub(super) struct UnparsedBody {
    request: HttpRequest,
    bytes: Bytes,
}

impl UnparsedBody {
    /// Parses the body.
    pub(super) fn parse(&self) -> Result<JsonObject, ApiError> {
        if self.bytes.is_empty() {
            return Ok(JsonObject(Map::new()));
        }
        check_media_type(&self.request)?;
        check_encoding(&self.request)?;
        parse(&self.bytes).map(JsonObject)
    }
}

impl FromRequest for JsonObject {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = read(request, payload);
        Box::pin(async move { body.await?.parse() })
    }
}

impl FromRequest for UnparsedBody {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        Box::pin(read(request, payload))
    }
}

/// Reads a whole body.
fn read(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<UnparsedBody, ApiError>> + use<> {
    let request = request.clone();
    let payload = web::Payload::from_request(&request, payload);
    async move {
        let payload = payload.await.map_err(|_| incomplete())?;
        let limits = request.app_data::<Limits>().copied().unwrap_or_default();
        check_length(&request, limits)?;
        let bytes = receive(payload, limits).await?;
        Ok(UnparsedBody { request, bytes })
    }
}

/// Rejects a body whose `Content-Length` is too large, without reading it.
fn check_length(request: &HttpRequest, limits: Limits) -> Result<(), ApiError> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    match length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok()) {
        Some(length) if length > limits.body_bytes => {
            Err(ApiError::BodyTooLarge { limit: limits.body_bytes })
        }
        _ => Ok(()),
    }
}

fn check_media_type(request: &HttpRequest) -> Result<(), ApiError> {
    match request.mime_type() {
        Ok(Some(mime))
            if mime.essence_str() == "application/json"
                && mime.get_param("charset").is_none_or(|charset| charset == "utf-8") =>
        {
            Ok(())
        }
        _ => Err(ApiError::UnsupportedMediaType {
            media_type: header_text(request, header::CONTENT_TYPE).unwrap_or_else(|| "none".to_owned()),
        }),
    }
}

/// Rejects a compressed body. Nothing here would decompress it.
fn check_encoding(request: &HttpRequest) -> Result<(), ApiError> {
    match header_text(request, header::CONTENT_ENCODING) {
        Some(encoding) if !encoding.eq_ignore_ascii_case("identity") => {
            Err(ApiError::UnsupportedEncoding { encoding })
        }
        _ => Ok(()),
    }
}

fn header_text(request: &HttpRequest, name: HeaderName) -> Option<String> {
    request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

async fn receive(payload: web::Payload, limits: Limits) -> Result<Bytes, ApiError> {
    let body = tokio::time::timeout(limits.body_timeout, payload.to_bytes_limited(limits.body_bytes)).await;
    let body = body.map_err(|_| ApiError::BodyTimeout { limit: limits.body_timeout })?;
    let body = body.map_err(|_| ApiError::BodyTooLarge { limit: limits.body_bytes })?;
    body.map_err(|_| incomplete())
}

pub(super) fn parse(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let (value, duplicates) = strict_json::parse(body).map_err(|error| unreadable(body, &error))?;
    if !duplicates.is_empty() {
        return Err(ApiError::InvalidFields(duplicates.iter().map(|path| duplicate_field(path)).collect()));
    }
    match value {
        Value::Object(object) => Ok(object),
        // As for a field, null counts as left out.
        Value::Null => Ok(Map::new()),
        other => Err(ApiError::MalformedJson { reason: format!("got {}", quoted(&other)) }),
    }
}

/// Explains why a body cannot be parsed. Names the field where there is one.
fn unreadable(body: &[u8], error: &ParseError) -> ApiError {
    let path = excerpt(&error.path);
    let of_field = |message: String| {
        ApiError::InvalidFields(vec![FieldError {
            message: format!("{path} {message}"),
            field: path.clone(),
        }])
    };
    match error.mistake {
        Mistake::HugeNumber if !path.is_empty() => {
            let number = String::from_utf8_lossy(error.number(body));
            of_field(format!("must be a number that a double can hold, got {}", excerpt(&number)))
        }
        Mistake::LoneSurrogate if path.is_empty() => {
            let position = error.position();
            let reason = format!("the name of a field has half of a surrogate pair at {position}");
            ApiError::MalformedJson { reason }
        }
        Mistake::LoneSurrogate => {
            let position = error.position();
            of_field(format!("must be whole Unicode characters, got half of a surrogate pair at {position}"))
        }
        _ => {
            let reason = encoding_mistake(body).unwrap_or_else(|| error.to_string());
            let place = if path.is_empty() { String::new() } else { format!(", in {path}") };
            ApiError::MalformedJson { reason: reason + &place }
        }
    }
}

/// Returns what is wrong with the encoding of a body, if anything is.
fn encoding_mistake(body: &[u8]) -> Option<String> {
    match body {
        [0xef, 0xbb, 0xbf, ..] => {
            Some("it begins with a byte order mark, which JSON must not have".to_owned())
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(NOT_UTF_8.to_owned()),
        // Half of the bytes of ASCII in UTF-16 are zero.
        [0, _, _, _, ..] | [_, 0, _, _, ..] if body.len().is_multiple_of(2) => Some(NOT_UTF_8.to_owned()),
        _ => str::from_utf8(body)
            .err()
            .map(|error| format!("it must be UTF-8, and the byte at index {} is not", error.valid_up_to())),
    }
}

const NOT_UTF_8: &str = "it must be UTF-8, and it looks like UTF-16 or UTF-32";

/// The error for a broken connection, and for a body that contradicts its headers.
fn incomplete() -> ApiError {
    ApiError::MalformedJson { reason: "it is incomplete".to_owned() }
}
