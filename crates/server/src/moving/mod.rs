//! The commands that move sessions between stores, make the tables of a store, and keep the file of the embedded store:
//! `tickseed export`, `import`, `migrate`, `backup` and `compact`.

mod export;
#[cfg(feature = "embedded")]
mod file;
mod import;
mod migrate;
mod progress;

use std::error::Error;
use std::future::Future;
use std::num::NonZeroU64;
use std::sync::Arc;

use tickseed_session::{SessionStore, SystemClock};
use tickseed_store::{OpenOptions, StoreAddress};

pub use self::export::export;
#[cfg(feature = "embedded")]
pub use self::file::{backup, compact};
pub use self::import::import;
pub use self::migrate::migrate;

use crate::platform::Signals;
use crate::settings::StoreSettings;

/// What the log says while such a command runs: warnings.
pub const LOG: &str = "actix_server=warn,redis=error,scylla=error,warn";

/// Why a command has done its work only in part. What is missing has been named.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Incomplete(String);

/// Why a command has failed, in words for its user.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Failed(String);

/// Opens the store of the settings.
async fn open(
    settings: &StoreSettings,
    address: StoreAddress,
    max_sessions: Option<NonZeroU64>,
) -> Result<Arc<dyn SessionStore>, Box<dyn Error>> {
    let options = OpenOptions {
        data_dir: settings.folder.data_dir.clone(),
        wait: settings.reach.wait(),
        timeout: settings.store_timeout_ms,
        loss: None,
        max_sessions,
        clock: Arc::new(SystemClock),
        clock_confirmed_until: None,
    };
    Ok(Box::pin(address.open(options)).await?)
}

/// Runs a command to its end, unless a signal comes first. Dropping it removes the file that it has not finished.
async fn unless_signalled<T>(
    command: impl Future<Output = Result<T, Box<dyn Error>>>,
) -> Result<T, Box<dyn Error>> {
    let mut signals = Signals::catch()?;
    tokio::select! {
        done = command => done,
        _ = signals.next(|| {}) => Err(Failed("a signal ended the command; nothing was written".to_owned()).into()),
    }
}

/// Returns a number with its noun.
fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Returns a number of sessions.
fn sessions(number: u64) -> String {
    count(number, "session", "sessions")
}
