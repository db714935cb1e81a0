//! Flags and environment variables: the only place that reads them.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::session::{TimeToLive, Timestamp};

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

    /// The folder that sessions are kept in; it is made if need be. One process at a time can use it.
    #[arg(long, env = "TICKSEED_DATA_DIR", default_value = "./data", value_name = "FOLDER")]
    pub data_dir: PathBuf,

    /// For how many seconds a session is kept after it was created or has started, whichever is later, unless it was
    /// created with a `ttl_seconds` of its own; 0 keeps it for ever.
    #[arg(long, env = "TICKSEED_SESSION_TTL", default_value_t = 24 * 60 * 60, value_name = "SECONDS")]
    pub session_ttl: u32,

    /// What to log, to the standard error: error, warn, info, debug or trace, or a filter like `tickseed_server=debug`.
    #[arg(long, env = "TICKSEED_LOG", default_value = "info,actix_server=warn", value_name = "FILTER")]
    pub log: String,
}

impl ServeSettings {
    /// How long sessions are kept that are created without a time of their own.
    #[must_use]
    pub const fn time_to_live(&self) -> TimeToLive {
        TimeToLive::from_seconds(self.session_ttl)
    }
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
