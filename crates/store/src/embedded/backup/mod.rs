//! A copy of the file while it is in use.
//!
//! Only one process can have the file open, so the server that has it open reads the copy: from one transaction, which sees
//! everything that was acknowledged before it began and keeps no write waiting. The server hands the copy out on a Unix socket beside
//! the file, which only its own user can reach, so nothing new listens on the network. The client writes the copy with its own rights
//! wherever it likes, which a server in a sandbox could not. If no server runs, the client opens the file itself. A signal would need
//! a setting for the place, and could not say what went wrong.

mod copy;
mod entries;
#[cfg(unix)]
mod socket;
#[cfg(unix)]
mod stream;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::ReadableDatabase;

use self::entries::{Entry, Snapshot};
#[cfg(unix)]
use self::stream::{StreamError, read_entries};
use super::disk;
use super::file::{self, FILE_NAME};
use super::file_error::FileError;
use crate::NewFile;
use crate::new_file::folder_of;

#[cfg(unix)]
pub(super) use self::socket::BackupSocket;

/// What a copy takes besides its contents: empty pages of redb.
const LEAST_ROOM: u64 = 4 << 20;

/// What a backup holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backup {
    /// How many sessions it holds.
    pub sessions: u64,
    /// How many entries it has altogether: sessions, when they expire, and requests with an idempotency key.
    pub entries: u64,
    /// Its length, in bytes.
    pub bytes: u64,
    /// Whether a running server has read it.
    pub from_server: bool,
}

/// Why a backup failed. There is no file then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The place is taken.
    #[error("{} exists already, and is not overwritten without --force", .0.display())]
    Exists(PathBuf),
    /// The file of the store cannot be opened.
    #[error(transparent)]
    Store(#[from] FileError),
    /// Another process uses the file of the store, and offers no copy.
    #[error(
        "{} is in use by another process that does not hand out backups: a server of an earlier version, or one whose log says why; \
         stop it, and try again", .0.display()
    )]
    NoSocket(PathBuf),
    /// The socket of the server cannot be used.
    #[error("{} cannot be used; only root and the user of the server can", .0.display())]
    Socket(PathBuf, #[source] io::Error),
    /// The disk has not enough room.
    #[error("the disk of {} has {free} bytes free, and the backup needs about {needed}", .path.display())]
    NoRoom {
        /// The backup.
        path: PathBuf,
        /// How many bytes are free.
        free: u64,
        /// How many are needed.
        needed: u64,
    },
    /// The backup cannot be written.
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] redb::Error),
    /// The store cannot be read to its end.
    #[error("the store cannot be read to its end")]
    Read(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The caller has cancelled the backup.
    #[error("the backup was cancelled")]
    Cancelled,
}

/// How large a copy will be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Size {
    entries: u64,
    sessions: u64,
    bytes: u64,
}

/// Where entries come from.
enum Source {
    File(Snapshot),
    #[cfg(unix)]
    Server(socket::Incoming),
}

/// Copies the store in a data folder to a new file, which a server opens as its own. `replaces` says whether the file may take the
/// place of another one. Calls `progressed` for every entry, with the number of entries copied so far and of all entries. Setting
/// `is_cancelled` ends the copy early, even while it waits for a server.
///
/// The copy holds everything that was acknowledged before this is called. It gets its name when it is complete and on the disk, and
/// only this user may read it.
///
/// # Errors
///
/// [`BackupError`] if the file exists, its disk has not enough room, or the store cannot be read.
pub fn back_up(
    folder: &Path,
    path: &Path,
    replaces: bool,
    is_cancelled: &Arc<AtomicBool>,
    progressed: &mut dyn FnMut(u64, u64),
) -> Result<Backup, BackupError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(path.to_owned()),
        _ => BackupError::Write(path.to_owned(), error.into()),
    };
    let file = NewFile::begin(path, replaces, Some(&folder.join(FILE_NAME))).map_err(failed)?;
    let copied = open(folder, is_cancelled).and_then(|(source, size)| {
        check_room(path, size)?;
        copy_all(source, size, (file.file(), path), is_cancelled, progressed)
    });
    let copied = copied.map_err(|error| match error {
        BackupError::Read(_) if is_cancelled.load(Ordering::Relaxed) => BackupError::Cancelled,
        other => other,
    })?;
    let bytes = file.file().metadata().map_err(failed)?.len();
    file.finish().map_err(failed)?;
    Ok(Backup { bytes, ..copied })
}

/// Copies every entry to a new file. Returns what was copied, without the length of the file.
fn copy_all(
    source: Source,
    size: Size,
    (file, path): (&File, &Path),
    is_cancelled: &AtomicBool,
    progressed: &mut dyn FnMut(u64, u64),
) -> Result<Backup, BackupError> {
    let from_server = !matches!(source, Source::File(_));
    let mut done = 0;
    let mut each = |write: &mut dyn FnMut(Entry<'_>) -> Result<(), redb::Error>, entry: Entry<'_>| {
        if is_cancelled.load(Ordering::Relaxed) {
            return Err(BackupError::Cancelled);
        }
        write(entry).map_err(|error| BackupError::Write(path.to_owned(), error))?;
        done += 1;
        progressed(done, size.entries);
        Ok(())
    };
    copy::write(file, path, |write| match source {
        Source::File(snapshot) => snapshot.for_each(&mut |entry| each(write, entry)),
        #[cfg(unix)]
        Source::Server(mut incoming) => read_entries(&mut incoming, &mut |entry| each(write, entry)),
    })?;
    if done != size.entries {
        return Err(BackupError::Read(format!("it has {done} entries instead of {}", size.entries).into()));
    }
    Ok(Backup { sessions: size.sessions, entries: done, bytes: 0, from_server })
}

/// Asks the server that uses the file, or opens the file if there is none.
#[cfg_attr(
    not(unix),
    expect(unused_variables, reason = "only Unix has the socket, for which a backup may wait")
)]
fn open(folder: &Path, is_cancelled: &Arc<AtomicBool>) -> Result<(Source, Size), BackupError> {
    let path = folder.join(FILE_NAME);
    file::length(&path)?;
    #[cfg(unix)]
    if let Some((incoming, size)) = socket::connect(folder, is_cancelled)? {
        return Ok((Source::Server(incoming), size));
    }
    // Nothing is written to it, not even a repair.
    let database = file::freeze(&path).map_err(|error| match error {
        FileError::InUse(path) => BackupError::NoSocket(path),
        other => other.into(),
    })?;
    let read = |error: redb::Error| BackupError::Read(error.into());
    let transaction = database.begin_read().map_err(|error| read(error.into()))?;
    let snapshot = Snapshot::new(transaction, Some(database));
    let size = snapshot.size().map_err(read)?;
    Ok((Source::File(snapshot), size))
}

fn check_room(path: &Path, size: Size) -> Result<(), BackupError> {
    let needed = size.bytes.saturating_add(LEAST_ROOM);
    match disk::space(folder_of(path)).map(|(used, total)| total.saturating_sub(used)) {
        Some(free) if free < needed => Err(BackupError::NoRoom { path: path.to_owned(), free, needed }),
        _ => Ok(()),
    }
}

#[cfg(unix)]
impl From<StreamError> for BackupError {
    fn from(error: StreamError) -> Self {
        Self::Read(error.into())
    }
}
