//! The demo page at `/`, embedded in the binary at build time, and the 404 for every unknown address.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::bodyless::not_modified;
use super::entity_tag::{entity_tag, is_not_modified};
use super::error::ApiError;
use super::{GET_HEAD, NO_REFERRER, not_found};

/// The output of Vite. Empty if the page was not built before the binary.
#[derive(RustEmbed)]
#[folder = "../../web-demo/dist"]
#[allow_missing = true]
struct Page;

/// The page loads nothing from other origins. WebAssembly must be allowed explicitly.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; \
                                       form-action 'none'; frame-ancestors 'none'";

pub(super) async fn handle(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = request.path();
    let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
    match Page::get(name) {
        Some(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            Err(ApiError::MethodNotAllowed { allow: GET_HEAD })
        }
        Some(file) => Ok(file_response(&request, name, file)),
        None if path == "/" => Err(ApiError::PageNotBuilt),
        None => Err(not_found(&request)),
    }
}

fn file_response(request: &HttpRequest, name: &str, file: EmbeddedFile) -> HttpResponse {
    let tag = entity_tag(&file.metadata.sha256_hash());
    // The names of assets contain a hash of their content, so an asset never changes.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    if is_not_modified(request, &tag) {
        let mut response = HttpResponse::NotModified();
        response.insert_header((header::ETAG, tag)).insert_header((header::CACHE_CONTROL, cache));
        return not_modified(response);
    }
    HttpResponse::Ok()
        .content_type(file.metadata.mimetype())
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::REFERRER_POLICY, NO_REFERRER))
        .body(file.data.into_owned())
}
