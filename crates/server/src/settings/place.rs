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

    /// The password of the store, if its address contains none.
    #[arg(
        long,
        env = "TICKSEED_STORE_PASSWORD",
        allow_hyphen_values = true,
        value_parser = password,
        value_name = "PASSWORD"
    )]
    pub store_password: Option<Secret>,

    /// The password of Redis, if neither its address nor --store-password contains one.
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

    /// Returns the password for a store at this address, if the address contains none.
    pub(super) fn password(&self, address: &str) -> Option<&str> {
        let of_redis = self.redis_password.as_ref().filter(|_| is_redis(address));
        self.store_password.as_ref().or(of_redis).map(Secret::reveal)
    }
}

/// Returns whether an address is that of a Redis.
pub(super) fn is_redis(address: &str) -> bool {
    address.starts_with("redis")
}
