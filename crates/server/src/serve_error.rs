//! Why the server fails.

use tickseed_store::{InvalidAddress, OpenError};

use crate::settings::{AccessSettingsError, Contradiction};

/// Why the server failed to start or stopped running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(Box<OpenError>),
    /// The settings do not say who may use the server, or the file of API keys cannot be used.
    #[error(transparent)]
    Access(#[from] AccessSettingsError),
    /// No store has the address in the settings.
    #[error(transparent)]
    Settings(#[from] InvalidAddress),
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}, the address from --host (or HOST) and --port (or PORT)")]
    Listen {
        /// Host and port.
        address: String,
        /// The cause.
        source: std::io::Error,
    },
    /// Two settings contradict each other.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// Metrics cannot be served on their address.
    #[error("cannot serve metrics on {address}, the address from --metrics-addr (or TICKSEED_METRICS_ADDR)")]
    ListenMetrics {
        /// Host and port.
        address: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A part of the server that works in the background has ended, by a mistake in the program.
    #[error("the server cannot go on, because of a bug: {0}; the log says more")]
    Background(String),
    /// A second signal ended the server before the requests in progress had finished.
    #[error("a second signal ended the server at once: requests in progress are cut off")]
    CutShort,
    /// The server itself failed.
    #[error("the server failed")]
    Server(#[from] std::io::Error),
}

impl From<OpenError> for ServeError {
    /// Boxes the error, which is large on some systems.
    fn from(error: OpenError) -> Self {
        Self::Store(Box::new(error))
    }
}
