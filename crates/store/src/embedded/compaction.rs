//! Makes the file as small as its contents.

use std::path::Path;

use super::file::{self, FILE_NAME};
use super::file_error::FileError;

/// How long the file was, and is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compaction {
    /// Its length before, in bytes.
    pub before: u64,
    /// Its length now.
    pub after: u64,
}

/// Moves the contents of the file in a data folder to its beginning and cuts off the rest. No server may use the file meanwhile. It
/// can be interrupted at any moment: every step is a transaction, so the file then opens with everything that it held, after a
/// repair.
///
/// # Errors
///
/// [`FileError`] if there is no file, another process uses it, or it cannot be written.
pub fn compact(folder: &Path) -> Result<Compaction, FileError> {
    let path = folder.join(FILE_NAME);
    let before = file::length(&path)?;
    if before == 0 {
        return Err(FileError::Empty(path));
    }
    let failed = |error: redb::Error| FileError::file(path.clone(), error);
    let mut database = file::open(&path)?;
    while database.compact().map_err(|error| failed(error.into()))? {}
    database.close().map_err(|error| failed(error.into()))?;
    Ok(Compaction { before, after: file::length(&path)? })
}
