//! The file of the embedded store: opened, read, and reopened after a failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use redb::{Builder, Database, DatabaseError};

use super::tables;
use tickseed_session::StoreError;

const FILE_NAME: &str = "sessions.redb";
/// How many bytes of the file redb caches at most. Sessions are small, and redb's default is 1 GiB.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// Why the file of the embedded store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The data folder cannot be made.
    #[error("the data folder {} cannot be made", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    /// Another process has the store open.
    #[error("{} is in use by another process; stop it, or choose another data folder", .0.display())]
    InUse(PathBuf),
    /// The file cannot be opened.
    #[error("{} cannot be opened", .0.display())]
    File(PathBuf, #[source] redb::Error),
}

/// The file and its database.
pub(super) struct StoreFile {
    path: PathBuf,
    /// `None` between a failure and the next successful opening.
    database: RwLock<Option<Database>>,
}

impl StoreFile {
    pub(super) fn open(folder: &Path) -> Result<Self, FileError> {
        fs::create_dir_all(folder).map_err(|error| FileError::Folder(folder.to_owned(), error))?;
        let path = folder.join(FILE_NAME);
        let database = RwLock::new(Some(open(&path)?));
        Ok(Self { path, database })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Calls `access` with the database.
    pub(super) fn with_database<T>(
        &self,
        access: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        match database.as_ref() {
            Some(database) => access(database).map_err(StoreError::unavailable),
            None => Err(StoreError::unavailable("the file has been closed since a write failed")),
        }
    }

    /// Reopens the file. After a failed write redb refuses all others.
    pub(super) fn reopen(&self) -> Result<(), FileError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The file stays locked until the old database is dropped.
        drop(database.take());
        *database = Some(open(&self.path)?);
        Ok(())
    }
}

fn open(path: &Path) -> Result<Database, FileError> {
    let shown = path.display().to_string();
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_repair_callback(move |repair| {
        tracing::warn!(
            file = shown,
            progress = repair.progress(),
            "repairing the store after an unclean end"
        );
    });
    let failed = |error: redb::Error| FileError::File(path.to_owned(), error);
    let database = builder.create(path).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => FileError::InUse(path.to_owned()),
        error => failed(error.into()),
    })?;
    tables::make(&database).map_err(failed)?;
    Ok(database)
}
