//! Where a store is and how it is reached: settings that the server shares with the commands that move sessions.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PathBufValueParser, TypedValueParser};

use super::values::{folder, password};
use super::{Secret, seconds};

/// The folder of the embedded store.
#[derive(Debug, Clone, Args)]
pub struct FolderSettings {
    /// The folder of the embedded store. `tickseed serve` and `tickseed import` make it if it does not exist. Only one process at a
    /// time can use it.
    #[arg(
        long,
        env = "TICKSEED_DATA_DIR",
        default_value = "./data",
        value_parser = PathBufValueParser::new().try_map(folder),
        value_name = "FOLDER"
    )]
    pub data_dir: PathBuf,
}

/// How a store is reached.
#[derive(Debug, Clone, Args)]
pub struct ReachSettings {
    /// How many seconds to try to reach the store before giving up.
    #[arg(
        long,
        env = "TICKSEED_STORE_WAIT",
        default_value = "30",
        value_parser = seconds(),
        value_name = "SECONDS"
    )]
    pub store_wait: u32,

    /// The password of Redis, if its address contains none.
    #[arg(
        long,
        env = "REDIS_PASSWORD",
        allow_hyphen_values = true,
        value_parser = password,
        value_name = "PASSWORD"
    )]
    pub redis_password: Option<Secret>,
}

impl ReachSettings {
    /// Returns how long to try to reach the store.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.store_wait.into())
    }

    /// Returns the password of Redis.
    pub(super) fn password(&self) -> Option<&str> {
        self.redis_password.as_ref().map(Secret::reveal)
    }
}
