//! `GET /docs/`: the API's documentation as a page. Its assets are in the binary.

use std::sync::{Arc, LazyLock};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::{Config, serve};

use super::error::ApiError;
use super::nothing_at;

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("/openapi.json")));

/// The page's own links are relative to `/docs/`.
pub(super) async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

pub(super) async fn handle(file: web::Path<String>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let found =
        serve(&file, Arc::clone(&CONFIG)).map_err(|error| ApiError::Internal(error.to_string().into()))?;
    let found = found.ok_or_else(|| nothing_at(&request))?;
    let mut response = HttpResponse::Ok();
    if found.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    Ok(response.content_type(found.content_type).body(found.bytes.into_owned()))
}
