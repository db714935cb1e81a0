//! Moves sessions from any store to any other, as lines of JSON.
//!
//! The first line says what the file is, the last one how many sessions it holds and what their [digest](SessionDigest) is. Each line
//! between them is one session: its id, and its record exactly as stores keep it. `line` has the format, which never changes
//! without a new [`FORMAT_VERSION`].

mod compare;
mod digest;
mod export;
mod fields;
mod import;
mod imported;
mod line;
mod patience;
mod reader;

pub use self::digest::SessionDigest;
pub use self::export::{ExportError, Exported, export};
pub use self::import::import;
pub use self::imported::{ImportError, ImportOptions, Imported};
pub use self::line::{FORMAT_VERSION, LineError, Origin};
pub use self::reader::{CheckError, check};

use tickseed_session::{SessionId, StoreError};

/// Receives the progress of a transfer.
pub trait Observer {
    /// Receives the number of sessions that are done so far.
    fn progressed(&mut self, sessions: u64);

    /// Receives each session that is not moved, and the reason.
    fn left_out(&mut self, id: SessionId, reason: &str);
}

/// Returns which session a store cannot read, and why. Returns `None` for an error that is not about one record.
fn left_out(error: &StoreError) -> Option<(SessionId, String)> {
    match error {
        StoreError::NewerRecord { id, reason } => {
            Some((*id, format!("a later version wrote its record: {reason}")))
        }
        StoreError::Unreadable { id, reason } => Some((*id, format!("its record cannot be read: {reason}"))),
        _ => None,
    }
}
