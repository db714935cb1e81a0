//! Flags and environment variables. No other module reads them.

mod access;
mod effective;
#[cfg(test)]
mod fuzz;
mod limits;
mod moving;
mod place;
mod read;
mod secret;
mod telemetry;
mod values;

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use tickseed_session::{CacheSize, TimeToLive, Timestamp};
use tickseed_store::{InvalidAddress, StoreAddress, StoreLoss, StoreTimeout};

use values::{
    change, host, instant, integer, log_filter, redis_host, store_address, store_loss, store_timeout, text,
    whole_number,
};

pub use access::{AccessSettings, AccessSettingsError, KeyCommand, NewKeySettings, Reach};
pub use effective::EffectiveSettings;
pub use limits::{Contradiction, Limit, LimitSettings};
pub use moving::{
    BackupSettings, CompactSettings, ExportSettings, FileSettings, ImportSettings, MigrateSettings,
    StoreSettings,
};
use place::is_redis;
pub use place::{FolderSettings, ReachSettings};
pub use read::read;
pub use secret::Secret;
pub use telemetry::{MetricsAddress, Switch, TelemetrySettings};
pub use values::ChangeSetting;

/// Libraries that log too much. `actix_http::h1` logs a request that is not HTTP as an error of the server.
const QUIET_TARGETS: &str =
    "actix_server=warn,actix_http::h1=off,redis=error,scylla=error,tokio_postgres=error,deadpool=off";

/// The lines of the access log, which are there whatever the level is.
const ACCESS_TARGET: &str = "tickseed::access=info,";

/// The address of the embedded store.
const EMBEDDED: &str = "embedded";

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
    /// Check the settings of `serve` and print them, with secrets masked. Opens neither the store nor the port.
    CheckConfig(ServeSettings),
    /// Print the state of a session as JSON, computed without a server.
    State(StateSettings),
    /// Print the OpenAPI document of the REST API.
    Openapi,
    /// Make an API key.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Write all sessions of a store as lines of JSON, for `import`. They are secret: with their seeds, and the hashes of control
    /// tokens.
    Export(ExportSettings),
    /// Create the sessions of an export in a store, and read them back. Sessions that are there are never overwritten.
    Import(ImportSettings),
    /// Make the tables that a store needs and does not have, and say what was made. A store without tables needs none of it. Run it once
    /// before the first server of a store, and before servers of a later version.
    Migrate(MigrateSettings),
    /// Copy the file of the embedded store, also while its server runs. To restore it, stop the server, put the copy in the place of
    /// sessions.redb in the data folder, and start the server.
    #[cfg(feature = "embedded")]
    Backup(BackupSettings),
    /// Make the file of the embedded store as small as its contents, while no server uses it.
    #[cfg(feature = "embedded")]
    Compact(CompactSettings),
}

/// Settings of `tickseed serve`. Every value has a parser in `values`, whose errors say what is
/// allowed.
#[derive(Debug, Clone, Args)]
pub struct ServeSettings {
    /// The port to listen on. 0 picks a free port; the server prints its address.
    #[arg(long, env = "PORT", default_value = "8080", value_parser = whole_number::<u16>(0..=65_535))]
    pub port: u16,

    /// The address to listen on. 0.0.0.0 serves other machines too.
    #[arg(long, env = "HOST", default_value = "127.0.0.1", value_parser = host)]
    pub host: String,

    /// Who may use the server.
    #[command(flatten)]
    pub access: AccessSettings,

    /// How many seconds to keep an idle connection open. A load balancer in front must close its idle connections
    /// earlier, or it loses the requests that it sends while the server closes one. With 0, a connection is closed
    /// after a response.
    #[arg(
        long,
        env = "TICKSEED_KEEP_ALIVE_SECONDS",
        default_value = "75",
        value_parser = seconds(),
        value_name = "SECONDS"
    )]
    pub keep_alive_seconds: u32,

    /// Where to keep sessions: `embedded` for a file in the data folder; `redis://HOST:PORT/DATABASE` for Redis 6 or
    /// newer, `redis+cluster://HOST:PORT,HOST:PORT` for a Redis Cluster, and `rediss://` or `rediss+cluster://` for the
    /// same with TLS; `postgres://USER@HOST:PORT,HOST:PORT/DATABASE` for PostgreSQL 13 or newer;
    /// `cassandra://HOST:PORT,HOST:PORT/KEYSPACE` for Cassandra 4.1 or newer, or ScyllaDB. A login precedes the
    /// host: `redis://USER:PASSWORD@HOST`. The default is `REDIS_ADDR` if that is set, else `embedded`.
    #[arg(long, env = "TICKSEED_STORE", value_parser = store_address, value_name = "ADDRESS")]
    pub store: Option<Secret>,

    /// How the store is reached.
    #[command(flatten)]
    pub reach: ReachSettings,

    /// How many milliseconds a store that is another process may take to answer, from 50 to 400. A request that waits longer
    /// for it gets 503, so raise this if the store or the network to it pauses often. A response without `Age` is out of date by this time plus
    /// 100 ms at most.
    #[arg(
        long,
        env = "TICKSEED_STORE_TIMEOUT_MS",
        default_value = "150",
        value_parser = store_timeout,
        value_name = "MILLISECONDS"
    )]
    pub store_timeout_ms: StoreTimeout,

    /// How many milliseconds of acknowledged writes a crash or a failover of the store can lose, at most, from 0 to 86400000.
    /// It counts only where the store cannot say this itself: a Redis with snapshots only, with replicas, or that hides its
    /// settings; a PostgreSQL that does not sync its commits, or whose standbys may lag behind; a Cassandra that syncs its commit log
    /// only now and then, that keeps fewer than three copies, or that hides its settings. Then nothing is promised about sessions with
    /// a notice until this is set.
    #[arg(long, env = "TICKSEED_STORE_LOSS_MS", value_parser = store_loss, value_name = "MILLISECONDS")]
    pub store_loss_ms: Option<StoreLoss>,

    /// The host and port of Redis, such as localhost:6379, if --store is not set.
    #[arg(long, env = "REDIS_ADDR", value_parser = redis_host, value_name = "HOST:PORT")]
    pub redis_addr: Option<Secret>,

    /// The number of the Redis database, used with --redis-addr. The default is 0.
    #[arg(
        long,
        env = "REDIS_DB",
        value_parser = whole_number::<u16>(0..=65_535),
        value_name = "NUMBER"
    )]
    pub redis_db: Option<u16>,

    /// How many megabytes of memory the cached sessions may take. With 0, every response reads the store.
    #[arg(
        long,
        env = "TICKSEED_CACHE_MB",
        default_value = "64",
        value_parser = whole_number::<u32>(0..=u32::MAX.into()),
        value_name = "MEGABYTES"
    )]
    pub cache_mb: u32,

    /// The folder of the embedded store.
    #[command(flatten)]
    pub folder: FolderSettings,

    /// How many seconds a session exists after it is created or starts, whichever is later, unless it is created with
    /// its own `ttl_seconds`. With 0, it never expires.
    #[arg(
        long,
        env = "TICKSEED_SESSION_TTL",
        default_value = "86400",
        value_parser = seconds(),
        value_name = "SECONDS"
    )]
    pub session_ttl: u32,

    /// How many seconds to go on serving after SIGTERM while /readyz already gives 503, so that load balancers notice before
    /// the server closes its port.
    #[arg(
        long,
        env = "TICKSEED_DRAIN_SECONDS",
        default_value = "5",
        value_parser = seconds(),
        value_name = "SECONDS"
    )]
    pub drain_seconds: u32,

    /// What the server is protected from.
    #[command(flatten)]
    pub limits: LimitSettings,

    /// What to log, on standard error: error, warn, info, debug or trace, or a filter such as
    /// `warn,tickseed_server=debug`.
    #[arg(long, env = "TICKSEED_LOG", default_value = "info", value_parser = log_filter, value_name = "FILTER")]
    pub log: String,

    /// What the server tells its operator.
    #[command(flatten)]
    pub telemetry: TelemetrySettings,

    /// All settings, as text that is safe to print.
    #[arg(skip)]
    pub effective: EffectiveSettings,
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

    /// Returns how long to go on serving after SIGTERM.
    #[must_use]
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.into())
    }

    /// Returns the filter for the log. It limits the targets of some libraries, unless the setting names them itself.
    #[must_use]
    pub fn log_filter(&self) -> String {
        let access = if self.telemetry.access_log.is_on() { ACCESS_TARGET } else { "" };
        format!("{QUIET_TARGETS},{access}{}", self.log)
    }

    /// Returns how long to keep an idle connection open.
    #[must_use]
    pub fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_seconds.into())
    }

    /// Returns which store to use.
    ///
    /// # Errors
    ///
    /// [`InvalidAddress`] if no store has the address. [`read()`] checks every address.
    pub fn store(&self) -> Result<StoreAddress, InvalidAddress> {
        let address = match (&self.store, &self.redis_addr) {
            (Some(address), _) => address.reveal().to_owned(),
            (None, Some(host)) => format!("redis://{}/{}", host.reveal(), self.redis_db.unwrap_or_default()),
            (None, None) => EMBEDDED.to_owned(),
        };
        StoreAddress::parse(&address, self.reach.password(&address))
    }

    /// Returns whether the store is the embedded one.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        let address = self.store.as_ref().map(Secret::reveal);
        address.map_or(self.redis_addr.is_none(), |address| address == EMBEDDED)
    }

    /// Names the settings that have no effect because of others, and says why.
    #[must_use]
    pub fn ignored(&self) -> Option<String> {
        let (address, host) = (self.store.as_ref().map(Secret::reveal), self.redis_addr.is_some());
        let (is_redis, is_embedded) = (address.map_or(host, is_redis), self.is_embedded());
        let reach = &self.reach;
        let names: Vec<&str> = [
            (address.is_some() && host, "--redis-addr (or REDIS_ADDR)"),
            ((address.is_some() || !host) && self.redis_db.is_some(), "--redis-db (or REDIS_DB)"),
            (is_embedded && reach.store_password.is_some(), "--store-password (or TICKSEED_STORE_PASSWORD)"),
            (!is_redis && reach.redis_password.is_some(), "--redis-password (or REDIS_PASSWORD)"),
            (is_embedded && self.store_loss_ms.is_some(), "--store-loss-ms (or TICKSEED_STORE_LOSS_MS)"),
        ]
        .into_iter()
        .filter_map(|(is_ignored, name)| is_ignored.then_some(name))
        .collect();
        let reason = match address {
            Some(_) => "--store (or TICKSEED_STORE) takes precedence",
            None => "no setting names another store than the embedded one",
        };
        (!names.is_empty()).then(|| format!("settings without effect: {}; {reason}", names.join(", ")))
    }
}

/// Returns the parser of a number of seconds.
fn seconds() -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync + 'static {
    whole_number(0..=u32::MAX.into())
}

/// The inputs of `tickseed state`.
#[derive(Debug, Clone, Args)]
pub struct StateSettings {
    /// The session's seed: 1 to 128 bytes.
    #[arg(long, value_parser = text)]
    pub seed: String,

    /// When step 0 begins, in RFC 3339, such as 2026-01-31T12:00:03.000Z.
    #[arg(long, value_parser = instant, value_name = "INSTANT")]
    pub start_at: Timestamp,

    /// The length of a tick, in milliseconds: 1 to 86400000.
    #[arg(long, allow_negative_numbers = true, value_parser = integer, value_name = "MILLISECONDS")]
    pub tick_ms: i64,

    /// A change of the session's pace: a pause from an instant on, or another length of ticks. May be given up to 256 times.
    #[arg(long = "change", value_parser = change, value_name = "INSTANT=paused|INSTANT=MILLISECONDS")]
    pub changes: Vec<ChangeSetting>,

    /// The moment to compute.
    #[command(flatten)]
    pub moment: Moment,

    /// The shortest interval between breaks, in ticks.
    #[arg(long, default_value_t = 100, allow_negative_numbers = true, value_parser = integer, value_name = "TICKS")]
    pub min: i64,

    /// The longest interval between breaks, in ticks.
    #[arg(long, default_value_t = 300, allow_negative_numbers = true, value_parser = integer, value_name = "TICKS")]
    pub max: i64,

    /// The number of rounds in an epoch: an even number from 2 to 256.
    #[arg(long, default_value_t = 64, allow_negative_numbers = true, value_parser = integer, value_name = "ROUNDS")]
    pub rounds_per_epoch: i64,
}

/// The moment to compute: either an instant or a step.
#[derive(Debug, Clone, Args)]
#[group(required = true, multiple = false)]
pub struct Moment {
    /// The instant to compute, in RFC 3339.
    #[arg(long, value_parser = instant, value_name = "INSTANT")]
    pub at: Option<Timestamp>,

    /// The step to compute, from 0.
    #[arg(long, allow_negative_numbers = true, value_parser = integer, value_name = "STEP")]
    pub step: Option<i64>,
}
