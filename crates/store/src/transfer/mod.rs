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
mod line;
mod patience;
mod reader;

pub use self::digest::SessionDigest;
pub use self::export::{ExportError, Exported, Origin, export};
pub use self::import::{ImportError, ImportOptions, Imported, import};
pub use self::line::{FORMAT_VERSION, LineError};
pub use self::reader::{CheckError, check};

use tickseed_session::{SessionId, error_chain};

/// What a transfer tells while it goes on.
pub trait Observer {
    /// Learns how many sessions are done so far.
    fn progressed(&mut self, sessions: u64);

    /// Learns of each session that was not moved, and why.
    fn left_out(&mut self, id: SessionId, reason: &str);
}

/// Returns why a store has left a session out, without its id.
fn left_out(error: &tickseed_session::StoreError) -> (Option<SessionId>, String) {
    use tickseed_session::StoreError::{NewerRecord, Unreadable};
    match error {
        NewerRecord { id, reason } => (Some(*id), format!("a later version wrote its record: {reason}")),
        Unreadable { id, reason } => (Some(*id), format!("its record cannot be read: {reason}")),
        other => (None, error_chain(other)),
    }
}
