//! Why the file of the embedded store cannot be written.

use std::io::{self, ErrorKind};

use super::file_error::FileError;
use crate::write_health::Cause;

/// Why the file cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WriteFault {
    /// The disk, a quota or a limit on the size of files leaves no room.
    Full,
    /// The file system has become read-only, or the file may not be written any more.
    ReadOnly,
    /// Anything else, such as a defect of the disk.
    Other,
}

impl WriteFault {
    /// Returns the fault behind an error of redb.
    pub(super) fn of(error: &redb::Error) -> Self {
        match error {
            redb::Error::Io(error) => Self::of_io(error),
            _ => Self::Other,
        }
    }

    /// Returns the fault behind an error of the operating system.
    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::Full,
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Other,
        }
    }

    /// Returns the fault that keeps the file from being opened.
    pub(super) fn of_opening(error: &FileError) -> Self {
        match error {
            FileError::File(_, error) | FileError::Make(_, error) => Self::of(error),
            _ => Self::Other,
        }
    }

    /// Returns the fault in words.
    pub(super) const fn cause(self) -> Cause {
        let (phrase, remedy) = match self {
            Self::Full => (
                "the disk of the embedded store is full",
                "free some space, or raise the quota or the limit on the size of files",
            ),
            Self::ReadOnly => (
                "the embedded store is read-only",
                "find out in the system's log why, and make its disk and its folder writable again",
            ),
            Self::Other => (
                "the embedded store could not be written",
                "look for a defect of the disk in the system's log",
            ),
        };
        Cause { phrase, remedy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_system_have_a_cause() {
        for (number, fault) in [
            (28, WriteFault::Full),
            (27, WriteFault::Full),
            (122, WriteFault::Full),
            (30, WriteFault::ReadOnly),
            (13, WriteFault::ReadOnly),
            (5, WriteFault::Other),
        ] {
            let error = redb::Error::Io(io::Error::from_raw_os_error(number));
            assert_eq!(WriteFault::of(&error), fault, "{error}");
        }
        assert_eq!(WriteFault::of(&redb::Error::PreviousIo), WriteFault::Other);
    }
}
