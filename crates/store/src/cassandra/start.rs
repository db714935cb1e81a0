//! Connects to Cassandra when the server starts, and tells the mistakes in an address from failures that may pass.

use std::sync::Arc;
use std::time::Duration;

use scylla::client::session::Session as Driver;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use tokio::time::timeout;

use super::CassandraAddress;
use super::connection::{Connected, Disconnected, answered, is_final};
use super::driver;
use super::promises::Promises;
use super::routing::SilentNodes;
use super::schema::{self, Schema};
use super::watch;
use crate::remote::background::Background;
use crate::remote::connect::{ConnectError, Failure, RemoteOptions, retry};

/// How long one attempt may take. Cassandra takes seconds to make a table.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(20);

/// The tables cannot be used, for this reason.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UnusableTables(String);

/// Connects, looks at the tables, and notes the clocks of the nodes and what their crash can lose.
pub(super) async fn connect(
    background: &Background,
    address: &CassandraAddress,
    options: &RemoteOptions,
    promises: &Arc<Promises>,
    silent: &Arc<SilentNodes>,
) -> Result<Connected, ConnectError> {
    let limit = options.timeout.duration();
    let attempt = async || {
        let (address, promises, silent) = (address.clone(), Arc::clone(promises), Arc::clone(silent));
        // The driver's futures are large.
        let contact = Box::pin(async move { first_contact(&address, &promises, &silent, limit).await });
        background.run(timeout(ATTEMPT_WITHIN, contact)).await??
    };
    retry(&address.to_string(), options.wait, attempt, async |failure: &Failure| mistake(failure)).await
}

/// Makes the keyspace and the tables that are missing, and returns what that was.
pub(super) async fn migrate(address: &CassandraAddress, wait: Duration) -> Result<Vec<String>, ConnectError> {
    let background = Background::start("cassandra")?;
    let attempt = async || {
        let address = address.clone();
        let contact = Box::pin(async move {
            let driver = driver::connect(&address, &Arc::default()).await?;
            make_tables(&driver, &address).await
        });
        background.run(timeout(ATTEMPT_WITHIN, contact)).await??
    };
    retry(&address.to_string(), wait, attempt, async |failure: &Failure| mistake(failure)).await
}

async fn make_tables(driver: &Driver, address: &CassandraAddress) -> Result<Vec<String>, Failure> {
    if let newer @ Schema::Newer(_) = Schema::of(driver, address).await? {
        return Err(unusable(&newer));
    }
    Ok(schema::migrate(driver, address).await?)
}

/// Looks at the tables, asks every node for its time and its settings, and makes Cassandra know what it will be asked.
async fn first_contact(
    address: &CassandraAddress,
    promises: &Promises,
    silent: &Arc<SilentNodes>,
    limit: Duration,
) -> Result<Connected, Failure> {
    let driver = driver::connect(address, silent).await?;
    let mut schema = Schema::of(&driver, address).await?;
    if address.migrates() && matches!(schema, Schema::Missing(_)) {
        for step in make_tables(&driver, address).await? {
            tracing::info!("Cassandra at {}: {step}", address.hosts().join(", "));
        }
        schema = Schema::of(&driver, address).await?;
        driver.refresh_metadata().await?;
    }
    if schema != Schema::Current {
        return Err(unusable(&schema));
    }
    watch::measure(&driver, promises, limit).await;
    watch::ask_settings(&driver, promises, address.keyspace(), promises.unasked()).await;
    Ok(Connected::prepare(driver, address).await.map_err(Disconnected::from)?)
}

fn unusable(schema: &Schema) -> Failure {
    UnusableTables(schema.mistake().unwrap_or_default()).into()
}

/// Returns what is wrong, if another attempt would not help.
fn mistake(failure: &Failure) -> Option<String> {
    if let Some(UnusableTables(mistake)) = failure.downcast_ref() {
        return Some(mistake.clone());
    }
    in_answer(failure).map(str::to_owned)
}

fn in_answer(failure: &Failure) -> Option<&'static str> {
    if let Some(error) = failure.downcast_ref::<ExecutionError>() {
        return match error {
            ExecutionError::LastAttemptError(RequestAttemptError::DbError(DbError::Unauthorized, _)) => {
                Some("its user lacks a permission; docs/stores/cassandra.md lists those that it needs")
            }
            _ if answered(error).is_some_and(is_final) => Some("it refuses what this server asks for"),
            _ => None,
        };
    }
    // The driver wraps these in several kinds of errors, which say no more.
    let words = format!("{failure:?}");
    if words.contains("MissingAuthentication") {
        return Some("it demands a login; name a user in the address, and set TICKSEED_STORE_PASSWORD");
    }
    words.contains("AuthenticationError").then_some(
        "it refuses the login; check the user in the address, and the password there or in TICKSEED_STORE_PASSWORD",
    )
}
