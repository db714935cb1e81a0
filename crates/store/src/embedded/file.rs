//! The file of the embedded store: made, opened, read, and opened anew after a failed write.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError};

use super::disk;
use super::file_error::FileError;
use super::frozen::FrozenFile;
use super::tables;
use super::write_fault::WriteFault;
use crate::NewFile;
use tickseed_session::StoreError;

pub(super) const FILE_NAME: &str = "sessions.redb";
/// How many bytes of the file redb caches at most. More made creating sessions no faster in measurements: the operating system
/// caches the file, too, and the server the sessions.
const CACHE_BYTES: usize = 16 * 1024 * 1024;

/// The length of a file whose repair takes too long, because redb reads all of it: up to a second for this length.
const LARGE_BYTES: u64 = 256 << 20;

/// How often, and after what pause, to try a read again while the file is opened anew after a failed write.
const READ_AGAIN: (u32, Duration) = (40, Duration::from_millis(5));

/// The file and its database.
pub(super) struct StoreFile {
    path: PathBuf,
    /// `None` between a failure and the next successful opening.
    database: RwLock<Option<Database>>,
}

impl StoreFile {
    /// Opens the file in a folder, or makes both. If the disk is full, the file of earlier sessions can only be read, and the fault
    /// says why.
    pub(super) fn open(folder: &Path) -> Result<(Self, Option<FileError>), FileError> {
        disk::make_folder(folder)?;
        let path = folder.join(FILE_NAME);
        let (database, fault) = match fs::metadata(&path) {
            Ok(found) if found.len() == 0 => return Err(FileError::Empty(path)),
            Ok(found) => {
                disk::warn_about_rights(&path, &found);
                open_or_freeze(&path)?
            }
            Err(error) if error.kind() == ErrorKind::NotFound => (make(folder, &path)?, None),
            Err(error) => return Err(FileError::file(path, error)),
        };
        Ok((Self { path, database: RwLock::new(Some(database)) }, fault))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether a repair of the file takes so long that every write must make one unnecessary.
    pub(super) fn is_large(&self) -> bool {
        is_large(&self.path)
    }

    /// Reads with the database.
    pub(super) fn read<T>(
        &self,
        access: impl Fn(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, StoreError> {
        let (times, pause) = READ_AGAIN;
        for _ in 0..times {
            match self.with_database(&access) {
                // The thread that writes is about to open the file anew.
                Err(redb::Error::PreviousIo) => thread::sleep(pause),
                result => return result.map_err(StoreError::unavailable),
            }
        }
        Err(StoreError::unavailable(redb::Error::PreviousIo))
    }

    /// Calls `access` with the database.
    pub(super) fn with_database<T>(
        &self,
        access: impl FnOnce(&Database) -> Result<T, redb::Error>,
    ) -> Result<T, redb::Error> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        database.as_ref().map_or(Err(redb::Error::DatabaseClosed), access)
    }

    /// Writes what redb needs to open the file without a repair, unless something else is written later.
    pub(super) fn make_checkpoint(&self) -> Result<(), redb::Error> {
        self.with_database(|database| {
            let mut transaction = database.begin_write()?;
            transaction.set_quick_repair(true);
            Ok(transaction.commit()?)
        })
    }

    /// Opens the file anew after a failed write, so that it can be read. After such a failure redb refuses everything.
    pub(super) fn freeze(&self) -> Result<(), FileError> {
        self.replace(freeze)
    }

    /// Opens the file anew so that it can be written again. Includes a write.
    pub(super) fn thaw(&self) -> Result<(), FileError> {
        self.replace(open)
    }

    fn replace(&self, open: impl FnOnce(&Path) -> Result<Database, FileError>) -> Result<(), FileError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The file stays locked until the old database is dropped.
        drop(database.take());
        *database = Some(open(&self.path)?);
        Ok(())
    }
}

/// Makes a new store. It gets its name only when it is complete, so a file with that name never is half a store.
fn make(folder: &Path, path: &Path) -> Result<Database, FileError> {
    let made = NewFile::begin(path, false, None).map_err(redb::Error::Io).and_then(|file| {
        // The lock of the database belongs to both handles, so it stays when the other one is closed.
        let backend = FileBackend::new(file.file().try_clone()?)?;
        let database = builder(path).create_with_backend(backend)?;
        tables::make(&database, false)?;
        file.finish()?;
        Ok(database)
    });
    match made {
        Ok(database) => {
            tracing::info!("made a new embedded store: {}", path.display());
            Ok(database)
        }
        // Another process has just made it, and uses it.
        Err(redb::Error::Io(error)) if error.kind() == ErrorKind::AlreadyExists => open(path),
        Err(error) => Err(FileError::Make(folder.to_owned(), Box::new(error))),
    }
}

/// Opens an existing file, or opens it for reading if its disk is full.
fn open_or_freeze(path: &Path) -> Result<(Database, Option<FileError>), FileError> {
    match open(path) {
        Ok(database) => Ok((database, None)),
        Err(error) if WriteFault::of_opening(&error) == WriteFault::Full => Ok((freeze(path)?, Some(error))),
        Err(error) => Err(error),
    }
}

/// Opens an existing file and writes to it.
pub(super) fn open(path: &Path) -> Result<Database, FileError> {
    let database = builder(path).open(path).map_err(|error| cannot_open(path, error))?;
    tables::make(&database, is_large(path)).map_err(|error| FileError::file(path.to_owned(), error))?;
    Ok(database)
}

/// A file whose length is unknown counts as small: then a repair is possible, and only slow.
fn is_large(path: &Path) -> bool {
    length(path).is_ok_and(|length| length >= LARGE_BYTES)
}

/// Opens an existing file without writing to it.
pub(super) fn freeze(path: &Path) -> Result<Database, FileError> {
    let file = FrozenFile::open(path).map_err(|error| cannot_open(path, error))?;
    builder(path).create_with_backend(file).map_err(|error| cannot_open(path, error))
}

/// Returns how many bytes a file has that must be there.
pub(super) fn length(path: &Path) -> Result<u64, FileError> {
    fs::metadata(path).map(|found| found.len()).map_err(|error| match error.kind() {
        ErrorKind::NotFound => FileError::Missing(path.to_owned()),
        _ => FileError::file(path.to_owned(), error),
    })
}

fn cannot_open(path: &Path, error: DatabaseError) -> FileError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => FileError::InUse(path.to_owned()),
        error => FileError::file(path.to_owned(), error),
    }
}

pub(super) fn builder(path: &Path) -> Builder {
    let shown = path.display().to_string();
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_repair_callback(move |repair| {
        // redb calls this again and again.
        if repair.progress() <= 0.0 {
            tracing::warn!(
                file = shown,
                "repairing the store after an unclean end, which reads the whole file"
            );
        }
    });
    builder
}
