//! How to import, and what has become of the sessions of an export.

use std::io;
use std::time::Duration;

use tickseed_session::{SessionId, StoreError};

use super::digest::SessionDigest;
use super::line::LineError;
use super::reader::ReadError;

/// How to import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportOptions {
    /// Whether only to say what would be done.
    pub is_dry: bool,
    /// For how long to try a call again that the store cannot answer at the moment.
    pub patience: Duration,
    /// How many sessions to create or read back at once; 0 counts as 1.
    /// [`StoreAddress::calls_at_once`](crate::StoreAddress::calls_at_once) has a good number.
    pub at_once: usize,
}

/// What has become of the sessions of an export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many were created, or would be without a store.
    pub created: u64,
    /// How many were there already, exactly as in the export.
    pub already_there: u64,
    /// How many were not created because another record has their id.
    pub conflicts: u64,
    /// How many had expired, and were not created.
    pub expired: u64,
    /// How many were not created because only a later version understands them.
    pub newer: u64,
    /// How many the export says it left out, because they could not be read.
    pub left_out: u64,
    /// How many were read back and are as in the export.
    pub compared: u64,
    /// How many of those that were there have been changed meanwhile by a server.
    pub changed: u64,
    /// How many have expired meanwhile.
    pub gone: u64,
    /// The digest of the export.
    pub digest: SessionDigest,
    /// The digest over the sessions that were read back and are as in the export.
    pub digest_of_copies: SessionDigest,
}

impl Imported {
    /// Returns whether every session of the export is in the store now, unless it has expired or a server has changed it.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.conflicts == 0 && self.newer == 0 && self.left_out == 0
    }

    /// Returns how many sessions have been dealt with.
    pub(super) const fn done(&self) -> u64 {
        self.created + self.already_there + self.conflicts + self.expired + self.newer
    }
}

/// Why an import failed. What was created before stays, and another import of the same file goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A line is not as it must be, or the input was cut off.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The input cannot be read.
    #[error("the input cannot be read")]
    Input(#[from] io::Error),
    /// The store cannot be read or written.
    #[error("the store failed")]
    Store(#[from] StoreError),
    /// A session is not as it was written.
    #[error("{0} is not in the store as it was written: the store has lost or changed it")]
    Lost(SessionId),
}

impl From<ReadError> for ImportError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Line(error) => Self::Line(error),
            ReadError::Input(error) => Self::Input(error),
        }
    }
}
