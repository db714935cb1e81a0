//! Flags and environment variables: the only place that reads them.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::session::{CacheSize, TimeToLive, Timestamp};
use crate::store::{InvalidRedisAddress, RedisAddress};

/// Everybody sees the same counter at the same moment, and nothing is streamed.
#[derive(Debug, Parser)]
#[command(name = "tickseed", version, about)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the binary can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the REST API, its documentation at /docs/ and the demo page at /.
    Serve(ServeSettings),
    /// Print the state of a session as JSON, computed here: no server is asked.
    State(StateSettings),
    /// Print the OpenAPI document of the REST API.
    Openapi,
}

/// Settings of `tickseed serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeSettings {
    /// The port to listen on; 0 takes any free one. The address is printed.
    #[arg(long, env = "PORT", default_value_t = 8080)]
    pub port: u16,

    /// The address to listen on; 0.0.0.0 serves other machines too.
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub host: String,

    /// Where sessions are kept: `embedded` for a file in the data folder, `redis://HOST:PORT/DATABASE` for Redis 6 or newer,
    /// `rediss://` for Redis with TLS, `redis+cluster://HOST:PORT,HOST:PORT` for a Redis Cluster. A user and a password are
    /// written before the host: `redis://USER:PASSWORD@HOST`. If it is left out, `REDIS_ADDR` counts, and without that it is
    /// `embedded`.
    #[arg(long, env = "TICKSEED_STORE", hide_env_values = true, value_name = "ADDRESS")]
    pub store: Option<String>,

    /// For how many seconds the server tries to reach Redis when it starts, before it gives up.
    #[arg(long, env = "TICKSEED_STORE_WAIT", default_value_t = 30, value_name = "SECONDS")]
    pub store_wait: u32,

    /// The host and port of Redis, like localhost:6379, if --store is left out.
    #[arg(long, env = "REDIS_ADDR", hide_env_values = true, value_name = "HOST:PORT")]
    pub redis_addr: Option<String>,

    /// The password of Redis, if its address has none.
    #[arg(long, env = "REDIS_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub redis_password: Option<String>,

    /// The number of the database in Redis, together with --redis-addr.
    #[arg(long, env = "REDIS_DB", default_value = "0", value_parser = database, value_name = "NUMBER")]
    pub redis_db: u16,

    /// How many megabytes of memory the sessions may take that are kept ready to be answered; 0 keeps none, so that every
    /// answer reads the store.
    #[arg(long, env = "TICKSEED_CACHE_MB", default_value_t = 64, value_name = "MEGABYTES")]
    pub cache_mb: u32,

    /// The folder that the embedded store is in; it is made if need be. One process at a time can use it.
    #[arg(long, env = "TICKSEED_DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    pub data_dir: PathBuf,

    /// For how many seconds a session is kept after it was created or has started, whichever is later, unless it was
    /// created with a `ttl_seconds` of its own; 0 keeps it for ever.
    #[arg(long, env = "TICKSEED_SESSION_TTL", default_value_t = 24 * 60 * 60, value_name = "SECONDS")]
    pub session_ttl: u32,

    /// What to log, to the standard error: error, warn, info, debug or trace, or a filter like `tickseed_server=debug`.
    #[arg(
        long,
        env = "TICKSEED_LOG",
        default_value = "info,actix_server=warn,redis=error",
        value_name = "FILTER"
    )]
    pub log: String,
}

impl ServeSettings {
    /// How long sessions are kept that are created without a time of their own.
    #[must_use]
    pub const fn time_to_live(&self) -> TimeToLive {
        TimeToLive::from_seconds(self.session_ttl)
    }

    /// How much memory sessions may take.
    #[must_use]
    pub const fn cache_size(&self) -> CacheSize {
        CacheSize::from_megabytes(self.cache_mb)
    }

    /// For how long to try to reach the store.
    #[must_use]
    pub fn store_wait(&self) -> Duration {
        Duration::from_secs(self.store_wait.into())
    }

    /// Which store to use.
    ///
    /// # Errors
    ///
    /// [`InvalidStore`] if the setting that counts is no address of a store.
    pub fn store(&self) -> Result<StoreAddress, InvalidStore> {
        let given = |setting: &Option<String>| setting.clone().filter(|setting| !setting.is_empty());
        let password = given(&self.redis_password);
        let (setting, address) = match (given(&self.store), given(&self.redis_addr)) {
            (Some(store), _) if store == "embedded" => return Ok(StoreAddress::Embedded),
            (Some(store), _) => ("--store (or TICKSEED_STORE)", store),
            (None, Some(host)) => {
                ("--redis-addr (or REDIS_ADDR)", format!("redis://{host}/{}", self.redis_db))
            }
            (None, None) => return Ok(StoreAddress::Embedded),
        };
        RedisAddress::parse(&address, password.as_deref())
            .map(StoreAddress::Redis)
            .map_err(|source| InvalidStore { setting, source })
    }
}

/// The number of a database. Compose passes a variable that is not set as an empty text, which counts as left out.
fn database(text: &str) -> Result<u16, std::num::ParseIntError> {
    if text.is_empty() { Ok(0) } else { text.parse() }
}

/// Which store the settings say.
#[derive(Debug, Clone)]
pub enum StoreAddress {
    /// A file in the data folder.
    Embedded,
    /// A Redis.
    Redis(RedisAddress),
}

/// A setting that does not say which store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}")]
pub struct InvalidStore {
    /// Which setting.
    setting: &'static str,
    /// What is wrong with it.
    source: InvalidRedisAddress,
}

/// Inputs of `tickseed state`.
#[derive(Debug, Clone, Args)]
pub struct StateSettings {
    /// The session's seed: 1 to 128 bytes.
    #[arg(long)]
    pub seed: String,

    /// When step 0 begins, in RFC 3339, like 2026-01-31T12:00:03.000Z.
    #[arg(long, value_parser = Timestamp::parse, value_name = "INSTANT")]
    pub start_at: Timestamp,

    /// The length of a tick, in milliseconds: 1 to 86400000.
    #[arg(long, allow_negative_numbers = true, value_name = "MILLISECONDS")]
    pub tick_ms: i64,

    /// What to compute.
    #[command(flatten)]
    pub moment: Moment,

    /// The shortest interval between breaks, in ticks.
    #[arg(long, default_value_t = 100, allow_negative_numbers = true, value_name = "TICKS")]
    pub min: i64,

    /// The longest interval between breaks, in ticks.
    #[arg(long, default_value_t = 300, allow_negative_numbers = true, value_name = "TICKS")]
    pub max: i64,

    /// How many rounds make an epoch: even, 2 to 256.
    #[arg(long, default_value_t = 64, allow_negative_numbers = true, value_name = "ROUNDS")]
    pub rounds_per_epoch: i64,
}

/// The moment that `tickseed state` computes: one of the two.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Moment {
    /// The instant to compute, in RFC 3339.
    #[arg(long, value_parser = Timestamp::parse, value_name = "INSTANT")]
    pub at: Option<Timestamp>,

    /// The step to compute, from 0.
    #[arg(long, allow_negative_numbers = true, value_name = "STEP")]
    pub step: Option<i64>,
}
