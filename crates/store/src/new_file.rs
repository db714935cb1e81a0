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
    /// Begins a file beside its later place. `replaces` says whether it may take the place of another one.
    ///
    /// # Errors
    ///
    /// [`io::Error`] if there is such a file and it must not be replaced, or the folder cannot be written.
    pub fn begin(path: &Path, replaces: bool) -> io::Result<Self> {
        if !replaces && fs::symlink_metadata(path).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
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

/// Returns the folder of a file.
fn folder_of(path: &Path) -> &Path {
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
        let file = NewFile::begin(&path, false).unwrap();
        file.file().write_all(b"one").unwrap();
        assert!(!path.exists());
        drop(file);
        assert_eq!(count(), 0, "nothing is left");

        for (replaces, text) in [(false, "one"), (true, "two")] {
            let file = NewFile::begin(&path, replaces).unwrap();
            file.file().write_all(text.as_bytes()).unwrap();
            file.finish().unwrap();
            assert_eq!((fs::read_to_string(&path).unwrap().as_str(), count()), (text, 1));
        }
        assert_eq!(NewFile::begin(&path, false).unwrap_err().kind(), ErrorKind::AlreadyExists);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_appears_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let file = NewFile::begin(&path, false).unwrap();
        fs::write(&path, "another").unwrap();
        assert_eq!(file.finish().unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "another");
    }
}
