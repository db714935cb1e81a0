//! The demo page at `/`, as it was built when the binary was, and the answer to every address that nobody knows.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::entity_tag::{entity_tag, is_known};
use super::error::ApiError;
use super::{READ, nothing_at};

/// What Vite has built. Empty if the page was not built before the binary.
#[derive(RustEmbed)]
#[folder = "../../web-demo/dist"]
#[allow_missing = true]
struct Page;

/// The page loads nothing from elsewhere. WebAssembly needs to be allowed by name.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; base-uri 'none'; \
                                       form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT: &str = "/ (the demo page was not built into this server; scripts/run does that; the API is under \
                         /v1 and described at /docs/)";

pub(super) async fn handle(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let path = request.path();
    let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
    match Page::get(name) {
        Some(_) if !matches!(*request.method(), Method::GET | Method::HEAD) => {
            Err(ApiError::MethodNotAllowed { allow: READ })
        }
        Some(file) => Ok(answer(&request, name, file)),
        None if path == "/" => Err(ApiError::NotFound { path: NOT_BUILT.to_owned() }),
        None => Err(nothing_at(&request)),
    }
}

fn answer(request: &HttpRequest, name: &str, file: EmbeddedFile) -> HttpResponse {
    let tag = entity_tag(&file.metadata.sha256_hash());
    // Vite puts a hash of the content into the names of assets, so those never change.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    if is_known(request, &tag) {
        return HttpResponse::NotModified()
            .insert_header((header::ETAG, tag))
            .insert_header((header::CACHE_CONTROL, cache))
            .finish();
    }
    HttpResponse::Ok()
        .content_type(file.metadata.mimetype())
        .insert_header((header::ETAG, tag))
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .body(file.data.into_owned())
}
