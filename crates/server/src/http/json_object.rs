//! Reads the body of a request: one JSON object, limited in size and in the time it may take to arrive.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::fields::{duplicate_field, quoted};
use super::strict_json;

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

impl FromRequest for JsonObject {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = web::Payload::from_request(&request, payload);
        Box::pin(async move {
            let payload = payload.await.map_err(|_| incomplete())?;
            let limits = request.app_data::<Limits>().copied().unwrap_or_default();
            check_length(&request, limits)?;
            let body = read(payload, limits).await?;
            if body.is_empty() {
                return Ok(Self(Map::new()));
            }
            check_media_type(&request)?;
            parse(&body).map(Self)
        })
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
        Ok(Some(mime)) if mime.essence_str() == "application/json" => Ok(()),
        _ => {
            let media_type = request.headers().get(header::CONTENT_TYPE);
            let media_type = media_type
                .map_or_else(|| "none".to_owned(), |value| String::from_utf8_lossy(value.as_bytes()).into());
            Err(ApiError::UnsupportedMediaType { media_type })
        }
    }
}

async fn read(payload: web::Payload, limits: Limits) -> Result<Bytes, ApiError> {
    let body = tokio::time::timeout(limits.body_timeout, payload.to_bytes_limited(limits.body_bytes)).await;
    let body = body.map_err(|_| ApiError::BodyTimeout { limit: limits.body_timeout })?;
    let body = body.map_err(|_| ApiError::BodyTooLarge { limit: limits.body_bytes })?;
    body.map_err(|_| incomplete())
}

fn parse(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let (value, duplicates) =
        strict_json::parse(body).map_err(|error| ApiError::MalformedJson { reason: error.to_string() })?;
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

/// The error for a broken connection, and for a body that contradicts its headers.
fn incomplete() -> ApiError {
    ApiError::MalformedJson { reason: "it is incomplete".to_owned() }
}
