//! Entity tags, which identify the bytes of a response so that no client has to download the same bytes twice.

use actix_web::HttpRequest;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch};

/// Returns the entity tag of a body with this hash; half of the hash is enough to avoid collisions. Because the tag
/// comes from the bytes themselves, it differs whenever another server or release sends different bytes.
pub(super) fn entity_tag(hash: &[u8; 32]) -> String {
    let half = hash.first_chunk().copied().unwrap_or_default();
    format!("\"{:032x}\"", u128::from_be_bytes(half))
}

/// Returns whether `If-None-Match` names this tag, so that the client already has the response.
pub(super) fn is_not_modified(request: &HttpRequest, entity_tag: &str) -> bool {
    let Some(value) = request.headers().get(header::IF_NONE_MATCH) else { return false };
    // The common case: a single tag, exactly as the server sent it.
    value.as_bytes() == entity_tag.as_bytes()
        || match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => entity_tag
                .parse::<EntityTag>()
                .is_ok_and(|entity_tag| tags.iter().any(|tag| tag.weak_eq(&entity_tag))),
            Err(_) => false,
        }
}
