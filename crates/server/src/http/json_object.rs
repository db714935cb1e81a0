//! The body of a request: one JSON object of limited size that arrives in time.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde_json::{Map, Value};

use super::error::ApiError;
use super::fields::{given_twice, quoted};
use super::strict_json;

/// The largest body, in bytes.
const BODY_LIMIT: usize = 64 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// The object in the body. An empty body is an empty object; whether that will do is for the endpoint to say.
pub(super) struct JsonObject(pub(super) Map<String, Value>);

impl FromRequest for JsonObject {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = web::Payload::from_request(&request, payload);
        Box::pin(async move {
            let payload = payload.await.map_err(|error| malformed(&error))?;
            check_length(&request)?;
            let body = read(payload).await?;
            if body.is_empty() {
                return Ok(Self(Map::new()));
            }
            check_media_type(&request)?;
            parse(&body).map(Self)
        })
    }
}

/// Refuses a body that says beforehand that it is too large, without reading it.
fn check_length(request: &HttpRequest) -> Result<(), ApiError> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    match length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok()) {
        Some(length) if length > BODY_LIMIT => Err(ApiError::BodyTooLarge { limit: BODY_LIMIT }),
        _ => Ok(()),
    }
}

fn check_media_type(request: &HttpRequest) -> Result<(), ApiError> {
    match request.mime_type() {
        Ok(Some(mime)) if mime.essence_str() == "application/json" => Ok(()),
        _ => {
            let got = request.headers().get(header::CONTENT_TYPE);
            let got = got
                .map_or_else(|| "none".to_owned(), |value| String::from_utf8_lossy(value.as_bytes()).into());
            Err(ApiError::UnsupportedMediaType { got })
        }
    }
}

async fn read(payload: web::Payload) -> Result<Bytes, ApiError> {
    let body = tokio::time::timeout(BODY_TIMEOUT, payload.to_bytes_limited(BODY_LIMIT)).await;
    let body = body.map_err(|_| ApiError::BodyTimeout { seconds: BODY_TIMEOUT.as_secs() })?;
    let body = body.map_err(|_| ApiError::BodyTooLarge { limit: BODY_LIMIT })?;
    body.map_err(|error| malformed(&error))
}

fn parse(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let (value, duplicates) = strict_json::parse(body).map_err(|error| malformed(&error))?;
    if !duplicates.is_empty() {
        return Err(ApiError::InvalidFields(duplicates.iter().map(|path| given_twice(path)).collect()));
    }
    match value {
        Value::Object(object) => Ok(object),
        other => {
            Err(ApiError::MalformedJson { reason: format!("it must be an object, got {}", quoted(&other)) })
        }
    }
}

fn malformed(reason: &impl ToString) -> ApiError {
    ApiError::MalformedJson { reason: reason.to_string() }
}
