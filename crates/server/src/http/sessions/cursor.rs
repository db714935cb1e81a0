//! Where a list goes on, as a text that only the server reads.
//!
//! It holds the id of the last session and a checksum over it and the filters of the list. Every server reads the cursors of every
//! other one. A cursor that was cut off, or belongs to another list, is refused. It is no secret, and nothing relies on that.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tickseed_session::{KeyName, ListFilter, SessionId, Status};

/// What makes these checksums differ from all others. Another form of the cursor gets another number.
const FORM: &[u8] = b"tickseed list cursor 1";

/// How many bytes of the id and of the checksum a cursor has.
const ID_LENGTH: usize = 16;
const CHECKSUM_LENGTH: usize = 8;

/// Makes the cursor of a list that goes on after a session.
pub(super) fn write(after: SessionId, filter: &ListFilter) -> String {
    let bytes: Vec<u8> = after.as_bytes().iter().copied().chain(checksum(after, filter)).collect();
    HEXLOWER.encode(&bytes)
}

/// Reads a cursor of a list with these filters.
pub(super) fn read(text: &str, filter: &ListFilter) -> Option<SessionId> {
    let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
    let after = SessionId::from_bytes(*bytes.first_chunk::<ID_LENGTH>()?);
    // It has one spelling.
    (write(after, filter) == text).then_some(after)
}

fn checksum(after: SessionId, filter: &ListFilter) -> impl Iterator<Item = u8> {
    let status = match filter.status {
        None => "",
        Some(Status::Running) => "running",
        Some(Status::Paused) => "paused",
        Some(Status::Stopped) => "stopped",
    };
    let key = filter.key.as_ref().map_or("", KeyName::as_str);
    let mut hash = Sha256::new();
    for part in [FORM, after.as_bytes(), status.as_bytes(), key.as_bytes()] {
        // No part contains this byte, apart from the id, whose length is fixed.
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().into_iter().take(CHECKSUM_LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters() -> [ListFilter; 4] {
        let key = KeyName::new("stopped").ok();
        [
            ListFilter::default(),
            ListFilter { status: Some(Status::Stopped), key: None },
            ListFilter { status: None, key: key.clone() },
            ListFilter { status: Some(Status::Running), key },
        ]
    }

    #[test]
    fn a_cursor_is_read_only_for_its_own_list_and_only_whole() {
        let id: SessionId = "sess_550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        for filter in filters() {
            let cursor = write(id, &filter);
            assert_eq!(cursor.len(), 2 * (ID_LENGTH + CHECKSUM_LENGTH));
            for other in filters() {
                assert_eq!(read(&cursor, &other), (other == filter).then_some(id));
            }
            for length in 0..cursor.len() {
                assert_eq!(read(&cursor[..length], &filter), None, "{length}");
                let mut changed = cursor.clone().into_bytes();
                changed[length] = if changed[length] == b'0' { b'1' } else { b'0' };
                assert_eq!(read(str::from_utf8(&changed).unwrap(), &filter), None, "{length}");
            }
            for wrong in
                [cursor.to_uppercase(), format!("{cursor}0"), format!(" {cursor}"), cursor.replace('5', "é")]
            {
                assert_eq!(read(&wrong, &filter), None, "{wrong}");
            }
        }
    }

    /// Cursors are passed from server to server, also during an upgrade.
    #[test]
    fn a_cursor_never_changes() {
        let id: SessionId = "sess_550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        assert_eq!(write(id, &ListFilter::default()), "550e8400e29b41d4a7164466554400003b45f4a9364d085b");
    }
}
