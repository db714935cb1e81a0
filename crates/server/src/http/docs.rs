//! `GET /docs/`: the documentation of the API as a page. Its assets are embedded in the binary.

use std::sync::{Arc, LazyLock};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::{Config, serve};

use super::bodyless::BLANK;
use super::error::ApiError;
use super::{NO_REFERRER, not_found};

/// The page loads nothing from other origins. Swagger UI sets styles in its markup, and has images in its style sheet.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                                       object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| Arc::new(Config::from("/openapi.json")));

/// Redirects `/docs` to `/docs/`, because the links on the page are relative.
pub(super) async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).body(BLANK)
}

pub(super) async fn handle(file: web::Path<String>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let asset =
        serve(&file, Arc::clone(&CONFIG)).map_err(|error| ApiError::Internal(error.to_string().into()))?;
    let asset = asset.ok_or_else(|| not_found(&request))?;
    let mut response = HttpResponse::Ok();
    if asset.gzpipped {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    response
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::REFERRER_POLICY, NO_REFERRER));
    Ok(response.content_type(asset.content_type).body(asset.bytes.into_owned()))
}
