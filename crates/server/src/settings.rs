//! Flags and environment variables. No other module reads them.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use tickseed_session::{CacheSize, TimeToLive, Timestamp};
use tickseed_store::{InvalidAddress, InvalidStoreTimeout, StoreAddress, StoreTimeout};

/// Everybody sees the same counter at the same moment, and nothing is streamed.
#[derive(Debug, Parser)]
#[command(name = "tickseed", version, about)]
pub struct CommandLine {
    /// The command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands of the binary.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the REST API, its documentation at /docs/ and the demo page at /.
    Serve(ServeSettings),
    /// Print the state of a session as JSON, computed without a server.
    State(StateSettings),
    /// Print the OpenAPI document of the REST API.
    Openapi,
}

/// Settings of `tickseed serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeSettings {
    /// The port to listen on. 0 picks a free port; the server prints its address.
    #[arg(long, env = "PORT", default_value_t = 8080)]
    pub port: u16,

    /// The address to listen on. 0.0.0.0 serves other machines too.
    #[arg(long, env = "HOST", default_value = "127.0.0.1")]
    pub host: String,

    /// Where to keep sessions: `embedded` for a file in the data folder, `redis://HOST:PORT/DATABASE` for Redis 6 or
    /// newer, `redis+cluster://HOST:PORT,HOST:PORT` for a Redis Cluster, and `rediss://` or `rediss+cluster://` for the
    /// same with TLS. A login precedes the host: `redis://USER:PASSWORD@HOST`. The default is `REDIS_ADDR` if that is
    /// set, else `embedded`.
    #[arg(long, env = "TICKSEED_STORE", hide_env_values = true, value_name = "ADDRESS")]
    pub store: Option<String>,

    /// How many seconds to try to reach the store at startup before giving up.
    #[arg(long, env = "TICKSEED_STORE_WAIT", default_value_t = 30, value_name = "SECONDS")]
    pub store_wait: u32,

    /// How many milliseconds Redis may take to answer, from 50 to 400. A request that waits longer for Redis gets 503, so
    /// raise this if Redis or the network to it pauses often. A response without `Age` is out of date by this time plus
    /// 100 ms at most.
    #[arg(
        long,
        env = "TICKSEED_STORE_TIMEOUT_MS",
        default_value = "150",
        value_parser = store_timeout,
        value_name = "MILLISECONDS"
    )]
    pub store_timeout_ms: StoreTimeout,

    /// The host and port of Redis, such as localhost:6379, if --store is not set.
    #[arg(long, env = "REDIS_ADDR", hide_env_values = true, value_name = "HOST:PORT")]
    pub redis_addr: Option<String>,

    /// The password of Redis, if its address contains none.
    #[arg(long, env = "REDIS_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub redis_password: Option<String>,

    /// The number of the Redis database, used with --redis-addr.
    #[arg(long, env = "REDIS_DB", default_value = "0", value_parser = database, value_name = "NUMBER")]
    pub redis_db: u16,

    /// How many megabytes of memory the cached sessions may take. With 0, every response reads the store.
    #[arg(long, env = "TICKSEED_CACHE_MB", default_value_t = 64, value_name = "MEGABYTES")]
    pub cache_mb: u32,

    /// The folder of the embedded store. It is created if it does not exist. Only one process at a time can use it.
    #[arg(long, env = "TICKSEED_DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    pub data_dir: PathBuf,

    /// How many seconds a session exists after it is created or starts, whichever is later, unless it is created with
    /// its own `ttl_seconds`. With 0, it never expires.
    #[arg(long, env = "TICKSEED_SESSION_TTL", default_value_t = 24 * 60 * 60, value_name = "SECONDS")]
    pub session_ttl: u32,

    /// How many seconds to go on serving after SIGTERM while /readyz already gives 503, so that load balancers notice before
    /// the server closes its port.
    #[arg(long, env = "TICKSEED_DRAIN_SECONDS", default_value_t = 5, value_name = "SECONDS")]
    pub drain_seconds: u32,

    /// What to log, on standard error: error, warn, info, debug or trace, or a filter such as `tickseed=debug`.
    #[arg(
        long,
        env = "TICKSEED_LOG",
        default_value = "info,actix_server=warn,redis=error",
        value_name = "FILTER"
    )]
    pub log: String,
}

impl ServeSettings {
    /// Returns how long a session exists by default.
    #[must_use]
    pub const fn time_to_live(&self) -> TimeToLive {
        TimeToLive::from_seconds(self.session_ttl)
    }

    /// Returns how much memory the cached sessions may take.
    #[must_use]
    pub const fn cache_size(&self) -> CacheSize {
        CacheSize::from_megabytes(self.cache_mb)
    }

    /// Returns how long to try to reach the store.
    #[must_use]
    pub fn store_wait(&self) -> Duration {
        Duration::from_secs(self.store_wait.into())
    }

    /// Returns how long to go on serving after SIGTERM.
    #[must_use]
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.into())
    }

    /// Returns which store to use.
    ///
    /// # Errors
    ///
    /// [`InvalidStore`] if the setting that applies is not the address of a store.
    pub fn store(&self) -> Result<StoreAddress, InvalidStore> {
        let non_empty = |setting: &Option<String>| setting.clone().filter(|setting| !setting.is_empty());
        let password = non_empty(&self.redis_password);
        let (setting, address) = match (non_empty(&self.store), non_empty(&self.redis_addr)) {
            (None, Some(host)) => {
                ("--redis-addr (or REDIS_ADDR)", format!("redis://{host}/{}", self.redis_db))
            }
            (store, _) => ("--store (or TICKSEED_STORE)", store.unwrap_or_else(|| "embedded".to_owned())),
        };
        StoreAddress::parse(&address, password.as_deref()).map_err(|source| InvalidStore { setting, source })
    }
}

/// Reads how long the store may take to answer. Compose passes an unset variable as an empty string, which counts as unset.
fn store_timeout(text: &str) -> Result<StoreTimeout, InvalidStoreTimeout> {
    if text.is_empty() { Ok(StoreTimeout::default()) } else { text.parse() }
}

/// Reads the number of a database. Compose passes an unset variable as an empty string, which counts as unset.
fn database(text: &str) -> Result<u16, std::num::ParseIntError> {
    if text.is_empty() { Ok(0) } else { text.parse() }
}

/// A setting that does not name a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}")]
pub struct InvalidStore {
    /// The setting.
    setting: &'static str,
    /// Why it is invalid.
    source: InvalidAddress,
}

/// The inputs of `tickseed state`.
#[derive(Debug, Clone, Args)]
pub struct StateSettings {
    /// The session's seed: 1 to 128 bytes.
    #[arg(long)]
    pub seed: String,

    /// When step 0 begins, in RFC 3339, such as 2026-01-31T12:00:03.000Z.
    #[arg(long, value_parser = Timestamp::parse, value_name = "INSTANT")]
    pub start_at: Timestamp,

    /// The length of a tick, in milliseconds: 1 to 86400000.
    #[arg(long, allow_negative_numbers = true, value_name = "MILLISECONDS")]
    pub tick_ms: i64,

    /// The moment to compute.
    #[command(flatten)]
    pub moment: Moment,

    /// The shortest interval between breaks, in ticks.
    #[arg(long, default_value_t = 100, allow_negative_numbers = true, value_name = "TICKS")]
    pub min: i64,

    /// The longest interval between breaks, in ticks.
    #[arg(long, default_value_t = 300, allow_negative_numbers = true, value_name = "TICKS")]
    pub max: i64,

    /// The number of rounds in an epoch: an even number from 2 to 256.
    #[arg(long, default_value_t = 64, allow_negative_numbers = true, value_name = "ROUNDS")]
    pub rounds_per_epoch: i64,
}

/// The moment to compute: either an instant or a step.
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
