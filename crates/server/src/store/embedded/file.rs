//! The file of the embedded store: opened, read, and opened anew after a failure.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use redb::{Builder, Database, DatabaseError};

use super::tables;
use crate::session::StoreError;

const FILE_NAME: &str = "sessions.redb";
/// How many bytes of the file are kept in memory at most. Sessions are small; redb's own default is 1 GiB.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
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

/// The file, and the database in it.
pub(super) struct StoreFile {
    path: PathBuf,
    /// `None` from a failure on, until the file has been opened anew.
    database: RwLock<Option<Database>>,
}

impl StoreFile {
    pub(super) fn open(folder: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(folder).map_err(|error| OpenError::Folder(folder.to_owned(), error))?;
        let path = folder.join(FILE_NAME);
        let database = RwLock::new(Some(open(&path)?));
        Ok(Self { path, database })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets somebody read or write the database.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        match database.as_ref() {
            Some(database) => read(database).map_err(StoreError::unavailable),
            None => Err(StoreError::unavailable("the file is closed since a write has failed")),
        }
    }

    /// Opens the file anew: after a failed write redb refuses every further one.
    pub(super) fn reopen(&self) -> Result<(), OpenError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The file is locked until the old database is gone.
        drop(database.take());
        *database = Some(open(&self.path)?);
        Ok(())
    }
}

fn open(path: &Path) -> Result<Database, OpenError> {
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
    let failed = |error: redb::Error| OpenError::File(path.to_owned(), error);
    let database = builder.create(path).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse(path.to_owned()),
        error => failed(error.into()),
    })?;
    tables::make(&database).map_err(failed)?;
    Ok(database)
}
