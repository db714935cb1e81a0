//! The first contact with a store that is another process: tries again while it cannot be reached, and gives up at once if trying
//! again would not help.

use std::sync::Arc;
use std::time::Duration;

use tickseed_session::{Clock, error_chain};
use tokio::time::{Instant, sleep};

use crate::{StoreLoss, StoreTimeout};

/// How long after a failed attempt the next one begins.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Why an attempt failed.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What connecting to a store that is another process needs besides an address. It is exhaustive on purpose, so that others can write
/// `RemoteOptions { wait, ..RemoteOptions::new(clock) }`; a new field is a new minor version before 1.0, and a major one after it.
#[derive(Clone)]
pub struct RemoteOptions {
    /// For how long to try to reach the store.
    pub wait: Duration,
    /// How long the store may take to answer.
    pub timeout: StoreTimeout,
    /// How much acknowledged writing the store may lose, where its settings do not say it. Without this, nothing is promised then.
    pub loss: Option<StoreLoss>,
    /// The clock of the server.
    pub clock: Arc<dyn Clock>,
}

impl RemoteOptions {
    /// Tries once, with the default time limit.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { wait: Duration::ZERO, timeout: StoreTimeout::default(), loss: None, clock }
    }
}

/// Why a store that is another process cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// It could not be reached.
    #[error(
        "could not reach {address} within {waited:?}; is it running? --store says where it is, --store-wait for how long to try"
    )]
    Unreachable {
        /// Its address.
        address: String,
        /// How long the server tried.
        waited: Duration,
        /// Why the last attempt failed.
        source: Failure,
    },
    /// Its address or its login is wrong, or it is of a kind that cannot be used.
    #[error("{address} cannot be used: {mistake}")]
    Refused {
        /// Its address.
        address: String,
        /// What is wrong.
        mistake: String,
        /// Its answer.
        source: Failure,
    },
    /// The thread for the connections cannot be started.
    #[error("the thread for the store cannot be started")]
    Thread(#[from] std::io::Error),
}

/// Tries until an attempt succeeds, for up to `wait`. `mistake` says why another attempt would not help, if it would not.
pub(crate) async fn retry<Contact>(
    address: &str,
    wait: Duration,
    attempt: impl AsyncFn() -> Result<Contact, Failure>,
    mistake: impl AsyncFn(&Failure) -> Option<String>,
) -> Result<Contact, ConnectError> {
    let began = Instant::now();
    let mut has_warned = false;
    loop {
        let error = match attempt().await {
            Ok(contact) => return Ok(contact),
            Err(error) => error,
        };
        let address = address.to_owned();
        if let Some(mistake) = mistake(&error).await {
            return Err(ConnectError::Refused { address, mistake, source: error });
        }
        if began.elapsed() + RETRY_AFTER > wait {
            return Err(ConnectError::Unreachable { address, waited: wait, source: error });
        }
        if !has_warned {
            tracing::warn!(
                error = error_chain(&*error),
                "cannot reach {address} yet; retrying for up to {wait:?}"
            );
            has_warned = true;
        }
        sleep(RETRY_AFTER).await;
    }
}
