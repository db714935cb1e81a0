//! Why the file of the embedded store cannot be opened.

use std::io;
use std::path::PathBuf;

/// Why the file of the embedded store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The data folder cannot be made.
    #[error("the data folder {} cannot be made; --data-dir (or TICKSEED_DATA_DIR) names it", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// The data folder is something else.
    #[error("{} is not a folder; --data-dir (or TICKSEED_DATA_DIR) must name the folder of the store", .0.display())]
    NotAFolder(PathBuf),
    /// No store can be made in the data folder.
    #[error(
        "no store can be made in the data folder {}; --data-dir (or TICKSEED_DATA_DIR) names it", .0.display()
    )]
    Make(PathBuf, #[source] Box<redb::Error>),
    /// The file is empty. A store that is being made gets its name only once it is complete.
    #[error(
        "{} is empty, so it is not a store; restore the backup, or remove the file to begin with a new store",
        .0.display()
    )]
    Empty(PathBuf),
    /// There is no store, where there must be one.
    #[error("there is no {}; --data-dir (or TICKSEED_DATA_DIR) must name the folder of the store", .0.display())]
    Missing(PathBuf),
    /// Another process has the store open.
    #[error(
        "{} is in use by another process; stop it, or choose another data folder with --data-dir (or TICKSEED_DATA_DIR)",
        .0.display()
    )]
    InUse(PathBuf),
    /// The file cannot be opened.
    #[error("{} cannot be opened; --data-dir (or TICKSEED_DATA_DIR) names its folder", .0.display())]
    File(PathBuf, #[source] Box<redb::Error>),
}

impl FileError {
    /// The file cannot be opened, for this reason.
    pub(crate) fn file(path: PathBuf, error: impl Into<redb::Error>) -> Self {
        Self::File(path, Box::new(error.into()))
    }
}
