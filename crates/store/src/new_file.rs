//! A file that gets its name only when it is complete.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that is being made for this user only. It gets its name when it is complete and on the disk. Dropped before that, it
/// leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
    replaces: bool,
}

impl NewFile {
    /// Begins a file beside its later place. `replaces` says whether it may take the place of another one; it never takes that of
    /// `source`, which it is made from, nor of a folder, a device or a socket.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if there is such a file and it must not be replaced, or the folder cannot be written.
    pub fn begin(path: &Path, replaces: bool, source: Option<&Path>) -> io::Result<Self> {
        if let Ok(found) = fs::symlink_metadata(path) {
            if !replaces {
                return Err(ErrorKind::AlreadyExists.into());
            }
            if !found.is_file() && !found.is_symlink() {
                return Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file"));
            }
            if source.is_some_and(|source| is_same(path, source)) {
                return Err(io::Error::new(ErrorKind::InvalidInput, "it is the file of the store itself"));
            }
        }
        let name =
            path.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "it has no file name"))?;
        let prefix = format!("{}.", name.to_string_lossy());
        let file =
            tempfile::Builder::new().prefix(&prefix).suffix(".partial").tempfile_in(folder_of(path))?;
        Ok(Self { file, path: path.to_owned(), replaces })
    }

    /// Returns the file, to write to it.
    #[must_use]
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Writes everything to the disk, and gives the file its name.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if the disk fails, or another file has got the name meanwhile and must not be replaced.
    pub fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        if self.replaces {
            self.file.persist(&self.path)?;
        } else {
            self.file.persist_noclobber(&self.path)?;
        }
        // Else the name may be lost when the machine crashes.
        #[cfg(unix)]
        File::open(folder_of(&self.path))?.sync_all()?;
        Ok(())
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).ok().zip(fs::canonicalize(other).ok()).is_some_and(|(one, other)| one == other)
}

/// Returns the folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let count = || fs::read_dir(folder.path()).unwrap().count();
        let file = NewFile::begin(&path, false, None).unwrap();
        file.file().write_all(b"one").unwrap();
        assert!(!path.exists());
        drop(file);
        assert_eq!(count(), 0, "nothing is left");

        for (replaces, text) in [(false, "one"), (true, "two")] {
            let file = NewFile::begin(&path, replaces, None).unwrap();
            file.file().write_all(text.as_bytes()).unwrap();
            file.finish().unwrap();
            assert_eq!((fs::read_to_string(&path).unwrap().as_str(), count()), (text, 1));
        }
        assert_eq!(NewFile::begin(&path, false, None).unwrap_err().kind(), ErrorKind::AlreadyExists);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn neither_the_source_nor_anything_but_a_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("source");
        fs::write(&source, "all sessions").unwrap();
        let spelled_differently = folder.path().join(".").join("source");
        for path in [&source, &spelled_differently, &folder.path().to_owned()] {
            let error = NewFile::begin(path, true, Some(&source)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{path:?}");
        }
        #[cfg(unix)]
        assert!(NewFile::begin(Path::new("/dev/null"), true, Some(&source)).is_err());
        assert_eq!(fs::read_to_string(&source).unwrap(), "all sessions");
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = NewFile::begin(&path, false, None).unwrap();
        fs::write(&path, "another").unwrap();
        assert_eq!(file.finish().unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "another");
    }
}
