//! Writes a copy of a store.

use std::fs::File;
use std::path::Path;

use redb::backends::FileBackend;

use super::BackupError;
use super::entries::{Entry, Tables};
use crate::embedded::file::builder;

/// Writes one entry.
type WriteEntry<'write> = &'write mut dyn FnMut(Entry<'_>) -> Result<(), redb::Error>;

/// Writes the entries that `fill` gives to a new file, in one transaction. When this returns, they are on the disk, and the file opens
/// without a repair.
pub(super) fn write(
    file: &File,
    path: &Path,
    fill: impl FnOnce(WriteEntry<'_>) -> Result<(), BackupError>,
) -> Result<(), BackupError> {
    let failed = |error: redb::Error| BackupError::Write(path.to_owned(), error);
    let file = file.try_clone().map_err(|error| failed(error.into()))?;
    let backend = FileBackend::new(file).map_err(|error| failed(error.into()))?;
    let database = builder(path).create_with_backend(backend).map_err(|error| failed(error.into()))?;
    let mut transaction = database.begin_write().map_err(|error| failed(error.into()))?;
    transaction.set_quick_repair(true);
    {
        let mut tables = Tables::open(&transaction).map_err(failed)?;
        fill(&mut |entry| tables.insert(entry))?;
    }
    transaction.commit().map_err(|error| failed(error.into()))?;
    // Gives back what the file has grown too much.
    database.close().map_err(|error| failed(error.into()))
}
