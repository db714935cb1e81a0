//! What a server is made with besides its store.

use std::time::Duration;

use crate::access::Access;
use crate::http::{Limits, ProtectionOptions};
use crate::telemetry::metrics::Metrics;

/// Limits and intervals that no setting changes. Tests use others.
#[derive(Debug, Clone)]
pub struct Options {
    /// Who may use the server. By default anybody may, whatever the address of the listener is.
    pub access: Access,
    /// The limits of a request.
    pub limits: Limits,
    /// How often expired sessions are removed from the store. The service hides them from the moment they expire.
    pub remove_expired_every: Duration,
    /// How often a silent event stream sends a heartbeat.
    pub heartbeat_every: Duration,
    /// How long an event stream waits at least before it says anew until when its session is settled. It waits a third of the
    /// session's notice if that is longer.
    pub settled_every: Duration,
    /// How long a client may leave data unread before its connection is cut.
    pub unread_for: Duration,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// What the server is to be protected from.
    pub protection: ProtectionOptions,
    /// Where requests are counted, if they are.
    pub metrics: Option<&'static Metrics>,
    /// Whether each request is logged.
    pub access_log: bool,
    /// Whether the server counts as ready while only sessions in memory can be served.
    pub ready_from_memory: bool,
}

impl Default for Options {
    /// Anybody may use the server, within the default limits. Expired sessions are removed every 30 seconds, heartbeats are sent every
    /// 15 seconds, an event `settled` at most every second, a client that reads nothing for 30 seconds is cut off, and an idle
    /// connection stays open for 75 seconds.
    fn default() -> Self {
        Self {
            access: Access::default(),
            limits: Limits::default(),
            remove_expired_every: Duration::from_secs(30),
            heartbeat_every: Duration::from_secs(15),
            settled_every: Duration::from_secs(1),
            unread_for: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            protection: ProtectionOptions::default(),
            metrics: None,
            access_log: false,
            ready_from_memory: false,
        }
    }
}
