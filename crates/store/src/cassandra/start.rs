//! Connects to Cassandra when the server starts.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use scylla::client::session::Session as Driver;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use tickseed_session::{Clock, error_chain};
use tokio::time::{Instant, sleep, timeout};

use super::CassandraAddress;
use super::connection::{Connected, answered, is_final};
use super::driver;
use super::promises::Promises;
use super::routing::SilentNodes;
use super::schema::{self, Schema};
use super::watch;
use crate::remote::background::Background;
use crate::{StoreLoss, StoreTimeout};

/// How long after a failed attempt the next one begins.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// Why an attempt has failed.
pub(super) type Failure = Box<dyn Error + Send + Sync>;

/// What connecting needs besides an address. It is exhaustive on purpose, so that others can write
/// `CassandraOptions { wait, ..CassandraOptions::new(clock) }`; a new field is a new minor version before 1.0, and a major one after
/// it.
#[derive(Clone)]
pub struct CassandraOptions {
    /// For how long to try to reach Cassandra.
    pub wait: Duration,
    /// How long Cassandra may take to answer.
    pub timeout: StoreTimeout,
    /// How much acknowledged writing Cassandra may lose, where its settings do not say it. Without this, nothing is promised then.
    pub loss: Option<StoreLoss>,
    /// The clock of the server.
    pub clock: Arc<dyn Clock>,
}

impl CassandraOptions {
    /// Tries once, with the default time limit.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { wait: Duration::ZERO, timeout: StoreTimeout::default(), loss: None, clock }
    }
}

/// Why Cassandra cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CassandraError {
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
        source: Box<dyn Error + Send + Sync>,
    },
    /// Its address or its login is wrong, or its tables cannot be used.
    #[error("{address} cannot be used: {mistake}")]
    Refused {
        /// Its address.
        address: String,
        /// What is wrong.
        mistake: String,
        /// Its answer, if there is one.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The thread for the connections cannot be started.
    #[error("the thread for Cassandra cannot be started")]
    Thread(#[from] std::io::Error),
}

/// What one attempt comes to.
enum Attempt<T> {
    Done(T),
    Mistake(String),
}

/// Connects, retrying for up to `wait`, and logs what a crash of a node can lose.
pub(super) async fn connect(
    background: &Background,
    address: &CassandraAddress,
    wait: Duration,
    timeout: StoreTimeout,
    (promises, silent): (&Arc<Promises>, &Arc<SilentNodes>),
) -> Result<Connected, CassandraError> {
    let contact = || {
        let (address, promises, silent) = (address.clone(), Arc::clone(promises), Arc::clone(silent));
        async move { first_contact(&address, &promises, &silent, timeout).await }
    };
    retry(background, address, wait, contact).await
}

/// Makes the keyspace and the tables that are missing, and returns what that was.
pub(super) async fn migrate(
    address: &CassandraAddress,
    wait: Duration,
) -> Result<Vec<String>, CassandraError> {
    let background = Background::start("cassandra")?;
    let work = || {
        let address = address.clone();
        async move {
            let driver = driver::connect(&address, &Arc::default()).await?;
            if let Schema::Newer(version) = found(&driver, &address).await? {
                return Ok(Attempt::Mistake(Schema::Newer(version).mistake().unwrap_or_default()));
            }
            Ok(Attempt::Done(schema::migrate(&driver, &address).await?))
        }
    };
    retry(&background, address, wait, work).await
}

/// Repeats an attempt until it succeeds, a mistake is found, or the time is over.
async fn retry<T: Send + 'static, Work>(
    background: &Background,
    address: &CassandraAddress,
    wait: Duration,
    work: impl Fn() -> Work,
) -> Result<T, CassandraError>
where
    Work: Future<Output = Result<Attempt<T>, Failure>> + Send + 'static,
{
    let (began, mut has_warned) = (Instant::now(), false);
    loop {
        let attempt = background.run(timeout(ATTEMPT_TIMEOUT, work())).await;
        let error: Failure = match attempt {
            Ok(Ok(Ok(Attempt::Done(done)))) => return Ok(done),
            Ok(Ok(Ok(Attempt::Mistake(mistake)))) => {
                return Err(CassandraError::Refused { address: address.to_string(), mistake, source: None });
            }
            Ok(Ok(Err(error))) => error,
            Ok(Err(_)) => format!("Cassandra did not answer within {ATTEMPT_TIMEOUT:?}").into(),
            Err(panicked) => panicked.into(),
        };
        let name = address.to_string();
        if let Some(mistake) = mistake(&*error) {
            return Err(CassandraError::Refused {
                address: name,
                mistake: mistake.to_owned(),
                source: Some(error),
            });
        }
        if began.elapsed() + RETRY_AFTER > wait {
            return Err(CassandraError::Unreachable { address: name, waited: wait, source: error });
        }
        if !has_warned {
            tracing::warn!(
                error = error_chain(&*error),
                "cannot reach {name} yet; retrying for up to {wait:?}"
            );
            has_warned = true;
        }
        sleep(RETRY_AFTER).await;
    }
}

/// Looks at the tables, asks every node for its time and its settings, and makes Cassandra know what will be asked.
async fn first_contact(
    address: &CassandraAddress,
    promises: &Promises,
    silent: &Arc<SilentNodes>,
    timeout: StoreTimeout,
) -> Result<Attempt<Connected>, Failure> {
    let driver = driver::connect(address, silent).await?;
    let mut schema = found(&driver, address).await?;
    if address.migrates() && matches!(schema, Schema::Missing(_)) {
        for step in schema::migrate(&driver, address).await? {
            tracing::info!("Cassandra at {}: {step}", address.hosts().join(", "));
        }
        schema = found(&driver, address).await?;
        driver.refresh_metadata().await?;
    }
    if let Some(mistake) = schema.mistake() {
        return Ok(Attempt::Mistake(mistake));
    }
    watch::measure(&driver, promises, timeout.duration()).await;
    watch::ask_settings(&driver, promises, address.keyspace(), promises.unasked()).await;
    Ok(Attempt::Done(Connected::prepare(driver, address).await?))
}

async fn found(driver: &Driver, address: &CassandraAddress) -> Result<Schema, ExecutionError> {
    Schema::of(driver, address).await
}

/// Returns what is wrong with the address or the login, if that is why an attempt has failed. Trying again would not help then.
fn mistake(error: &(dyn Error + Send + Sync + 'static)) -> Option<&'static str> {
    if let Some(error) = error.downcast_ref::<ExecutionError>() {
        return match error {
            ExecutionError::LastAttemptError(RequestAttemptError::DbError(DbError::Unauthorized, _)) => {
                Some("its user lacks a permission; docs/stores/cassandra.md lists them")
            }
            _ if answered(error).is_some_and(is_final) => Some("it refuses what this server asks for"),
            _ => None,
        };
    }
    // The driver wraps these in several kinds of errors, which do not say more.
    let words = format!("{error:?}");
    if words.contains("MissingAuthentication") {
        return Some(
            "it demands a login: cassandra://USER@HOST, and the password there or in the password setting",
        );
    }
    words
        .contains("AuthenticationError")
        .then_some("it refuses the login; check the user in the address, and the password there or in the password setting")
}
