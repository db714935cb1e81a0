//! The commands that move sessions, and keep the file of the embedded store.

use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use tickseed_store::{InvalidAddress, StoreAddress, StoreTimeout};

use super::limits::number;
use super::place::{FolderSettings, ReachSettings};
use super::values::{file, limit, store_address, store_timeout};
use super::{EMBEDDED, Limit, Secret};

/// Which store to read or write.
#[derive(Debug, Clone, Args)]
pub struct StoreSettings {
    /// The store, as for `tickseed serve`: `embedded`, `redis://HOST:PORT/DATABASE`, `redis+cluster://HOST:PORT,HOST:PORT` or
    /// `postgres://USER@HOST:PORT/DATABASE`. An
    /// address with a password belongs in the environment, because every user of the machine sees the flags of its programs.
    #[arg(long, env = "TICKSEED_STORE", required = true, value_parser = store_address, value_name = "ADDRESS")]
    pub store: Secret,

    /// The folder of the embedded store.
    #[command(flatten)]
    pub folder: FolderSettings,

    /// How the store is reached, at the start and again whenever it does not answer.
    #[command(flatten)]
    pub reach: ReachSettings,

    /// How many milliseconds a store that is another process may take to answer, from 50 to 400. No player waits for it here, so it is the longest.
    #[arg(
        long,
        env = "TICKSEED_STORE_TIMEOUT_MS",
        default_value = "400",
        value_parser = store_timeout,
        value_name = "MILLISECONDS"
    )]
    pub store_timeout_ms: StoreTimeout,
}

impl StoreSettings {
    /// Returns which store to use.
    ///
    /// # Errors
    ///
    /// [`InvalidAddress`] if no store has the address. [`read()`](super::read()) checks every address.
    pub fn address(&self) -> Result<StoreAddress, InvalidAddress> {
        StoreAddress::parse(self.store.reveal(), self.reach.password(self.store.reveal()))
    }
}

/// The inputs of `tickseed export`.
#[derive(Debug, Clone, Args)]
pub struct ExportSettings {
    /// The store to read.
    #[command(flatten)]
    pub store: StoreSettings,

    /// The file to write, which only this user may read. Without it, the export goes to standard output.
    #[arg(long, value_parser = PathBufValueParser::new().try_map(file), value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Replace the file if it exists.
    #[arg(long, requires = "output")]
    pub force: bool,

    /// Do not show how far it is.
    #[arg(long)]
    pub quiet: bool,
}

/// The inputs of `tickseed import`.
#[derive(Debug, Clone, Args)]
pub struct ImportSettings {
    /// The store to write.
    #[command(flatten)]
    pub store: StoreSettings,

    /// The file to read, which is checked to its end before anything is written, unless it is a pipe. Without it, the export comes
    /// from standard input, and everything before a mistake is written.
    #[arg(long, value_parser = PathBufValueParser::new().try_map(file), value_name = "FILE")]
    pub input: Option<PathBuf>,

    /// How many sessions the embedded store may have, or none. The default is none.
    #[arg(long, env = "TICKSEED_MAX_SESSIONS", value_parser = limit(u32::MAX), value_name = "SESSIONS")]
    pub max_sessions: Option<Limit>,

    /// Only say what would be done. Writes nothing.
    #[arg(long)]
    pub dry_run: bool,

    /// Do not show how far it is.
    #[arg(long)]
    pub quiet: bool,
}

impl ImportSettings {
    /// Returns how many sessions the store may have.
    #[must_use]
    pub fn max_sessions(&self) -> Option<NonZeroU64> {
        number(self.max_sessions, None).map(NonZeroU64::from)
    }
}

/// The inputs of `tickseed migrate`.
#[derive(Debug, Clone, Args)]
pub struct MigrateSettings {
    /// The store, as for `tickseed serve`. Only a database has tables.
    #[arg(long, env = "TICKSEED_STORE", required = true, value_parser = store_address, value_name = "ADDRESS")]
    pub store: Secret,

    /// How the store is reached.
    #[command(flatten)]
    pub reach: ReachSettings,
}

impl MigrateSettings {
    /// Returns which store to use.
    ///
    /// # Errors
    ///
    /// [`InvalidAddress`] if no store has the address. [`read()`](super::read()) checks every address.
    pub fn address(&self) -> Result<StoreAddress, InvalidAddress> {
        StoreAddress::parse(self.store.reveal(), self.reach.password(self.store.reveal()))
    }
}

/// The embedded store, which alone is a file.
#[derive(Debug, Clone, Args)]
pub struct FileSettings {
    /// The store, as for `tickseed serve`. Only `embedded` is a file, and it is the default.
    #[arg(long, env = "TICKSEED_STORE", value_parser = store_address, value_name = "ADDRESS")]
    pub store: Option<Secret>,

    /// The folder of the embedded store.
    #[command(flatten)]
    pub folder: FolderSettings,
}

impl FileSettings {
    /// Returns whether the store is the embedded one.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.store.as_ref().is_none_or(|address| address.reveal() == EMBEDDED)
    }
}

/// The inputs of `tickseed backup`.
#[derive(Debug, Clone, Args)]
pub struct BackupSettings {
    /// The store to copy.
    #[command(flatten)]
    pub store: FileSettings,

    /// The file to write, which only this user may read.
    #[arg(long, value_parser = PathBufValueParser::new().try_map(file), value_name = "FILE")]
    pub output: PathBuf,

    /// Replace the file if it exists.
    #[arg(long)]
    pub force: bool,

    /// Do not show how far it is.
    #[arg(long)]
    pub quiet: bool,
}

/// The inputs of `tickseed compact`.
#[derive(Debug, Clone, Args)]
pub struct CompactSettings {
    /// The store to make smaller.
    #[command(flatten)]
    pub store: FileSettings,
}
