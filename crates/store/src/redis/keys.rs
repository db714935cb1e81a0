//! The keys of the Redis store.

use data_encoding::HEXLOWER;
use tickseed_session::{RequestId, SessionId};

/// Returns the key of a session, such as `session:{sess_550e8400-e29b-41d4-a716-446655440000}`. The braces are part of the key:
/// a cluster places it by the text in them.
pub(super) fn session(id: SessionId) -> String {
    format!("session:{{{id}}}")
}

/// The index of all sessions of a Redis that is not a cluster.
pub(super) const INDEX: &str = "session:{index}";

/// What precedes the id of a session in its key, as a pattern of SCAN.
pub(super) const SESSIONS: &str = "session:{sess_*";

/// Returns the id of the session whose key this is.
pub(super) fn session_of(key: &[u8]) -> Option<SessionId> {
    let id = key.strip_prefix(b"session:{")?.strip_suffix(b"}")?;
    str::from_utf8(id).ok()?.parse().ok()
}

/// Returns a key for a part of the index of a cluster. The number decides about its slot.
pub(super) fn index(number: u32) -> String {
    format!("session:{{index-{number}}}")
}

/// Returns a key that servers write to find out whether Redis accepts writes. The number decides about its slot.
pub(super) fn probe(number: u32) -> String {
    format!("session:{{probe-{number}}}")
}

/// Returns the key of a request with an idempotency key.
pub(super) fn request(id: RequestId) -> String {
    format!("session:{{request-{}}}", HEXLOWER.encode(id.as_bytes()))
}
