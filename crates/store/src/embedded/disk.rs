//! The folder of the embedded store, and a probe of its disk.

use std::fs::{self, DirBuilder, Metadata};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::file_error::FileError;
use crate::new_file::folder_of;

/// How many bytes a probe writes: more than a session needs.
const PROBE_BYTES: usize = 64 * 1024;

/// By how many bytes a file grows at most: redb doubles a file that is full, and adds this much to a large one.
const MOST_GROWTH: u64 = 4 << 30;

/// Makes the data folder if it does not exist, for this user only.
pub(super) fn make_folder(folder: &Path) -> Result<(), FileError> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.recursive(true).create(folder) {
        Ok(()) => Ok(()),
        Err(_) if fs::metadata(folder).is_ok_and(|found| !found.is_dir()) => {
            Err(FileError::NotAFolder(folder.to_owned()))
        }
        Err(error) => Err(FileError::Folder(folder.to_owned(), error)),
    }
}

/// Warns if other users of the machine may read or write the file. The rights may be as they are on purpose, so they stay.
#[cfg_attr(not(unix), expect(unused_variables, reason = "only Unix has such rights"))]
pub(super) fn warn_about_rights(path: &Path, found: &Metadata) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = found.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let file = path.display();
            tracing::warn!(
                "other users of this machine have rights to {file} (mode {mode:o}), which holds the seeds of all sessions; \
                 chmod 600 takes them away"
            );
        }
    }
}

/// Returns how many bytes of the disk of a file are used, or kept for root, and how many it has. Only Unix says.
pub(super) fn space(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(path).ok()?;
        let total = disk.f_blocks.checked_mul(disk.f_frsize)?;
        Some((total.saturating_sub(disk.f_bavail.checked_mul(disk.f_frsize)?), total))
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// Finds out whether the disk of a file accepts writes: writes and syncs a file without a name beside it, which is gone
/// afterwards. Its data begin where those of the grown file would, so that a limit on the size of files is found, too.
pub(super) fn probe(path: &Path) -> io::Result<()> {
    let length = fs::metadata(path)?.len();
    let grown = length + length.min(MOST_GROWTH);
    let mut file = tempfile::tempfile_in(folder_of(path))?;
    file.seek(SeekFrom::Start(grown.saturating_sub(PROBE_BYTES as u64)))?;
    file.write_all(&vec![0xA5; PROBE_BYTES])?;
    file.sync_all()
}
