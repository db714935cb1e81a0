//! The settings for what the server tells its operator.

use clap::Args;
use tickseed_session::Timestamp;

use super::values::{instant, log_format, metrics_address, switch};
use crate::telemetry::LogFormat;

/// What the server tells its operator, and what the operator tells it about its surroundings.
#[derive(Debug, Clone, Args)]
pub struct TelemetrySettings {
    /// How to write the log: `text`, or `json` for one JSON object a line with the same fields.
    #[arg(long, env = "TICKSEED_LOG_FORMAT", default_value = "text", value_parser = log_format, value_name = "FORMAT")]
    pub log_format: LogFormat,

    /// Whether to log one line for each request, `on` or `off`. Then responses carry `x-request-id`, and so do the lines of requests
    /// that fail.
    #[arg(long, env = "TICKSEED_ACCESS_LOG", default_value = "off", value_parser = switch, value_name = "on|off")]
    pub access_log: Switch,

    /// Where to serve metrics for Prometheus, at /metrics. This is a port of its own, because nobody but the operator should reach
    /// it. Port 0 picks a free port; the server prints its address. Without this, there are no metrics.
    #[arg(long, env = "TICKSEED_METRICS_ADDR", value_parser = metrics_address, value_name = "HOST:PORT")]
    pub metrics_addr: Option<MetricsAddress>,

    /// With `on`, /readyz stays 200 while the store cannot be asked or written, because sessions in memory can be served. Without,
    /// a load balancer takes out every server when their common store is down.
    #[arg(
        long,
        env = "TICKSEED_READY_FROM_MEMORY",
        default_value = "off",
        value_parser = switch,
        value_name = "on|off"
    )]
    pub ready_from_memory: Switch,

    /// Confirms that the clock is right as long as it shows an earlier instant than this. Without this, the embedded store keeps
    /// expired sessions for up to 6 hours if the clock is more than an hour ahead of the last instant that the store has seen.
    #[arg(long, env = "TICKSEED_CLOCK_CONFIRMED_UNTIL", value_parser = instant, value_name = "INSTANT")]
    pub clock_confirmed_until: Option<Timestamp>,
}

/// A setting that is on or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// It has an effect.
    On,
    /// It has none.
    Off,
}

impl Switch {
    /// Returns whether it is on.
    #[must_use]
    pub const fn is_on(self) -> bool {
        matches!(self, Self::On)
    }
}

/// Where to serve metrics: a host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsAddress {
    pub(super) host: String,
    pub(super) port: u16,
}

impl MetricsAddress {
    /// Returns the name or the address of this machine.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port; 0 picks a free one.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}
