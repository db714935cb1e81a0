//! Entity tags: what tells the bytes of an answer from all others, so that nobody is sent what they have.

use actix_web::HttpRequest;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch};

/// The tag of bytes that have this hash, half of which tells them apart well enough. Of the bytes themselves, so that every
/// server and every release that sends others has another tag.
pub(super) fn entity_tag(hash: &[u8; 32]) -> String {
    let half = hash.first_chunk().copied().unwrap_or_default();
    format!("\"{:032x}\"", u128::from_be_bytes(half))
}

/// Whether the client has an answer of that tag.
pub(super) fn is_known(request: &HttpRequest, entity_tag: &str) -> bool {
    let Some(value) = request.headers().get(header::IF_NONE_MATCH) else { return false };
    // The usual case: one tag, as it was sent.
    value.as_bytes() == entity_tag.as_bytes()
        || match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => entity_tag
                .parse::<EntityTag>()
                .is_ok_and(|entity_tag| tags.iter().any(|tag| tag.weak_eq(&entity_tag))),
            Err(_) => false,
        }
}
