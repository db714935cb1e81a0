//! Connects to PostgreSQL when the server starts, makes its tables, and tells the mistakes in an address from failures that may pass.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::tokio_postgres::error::SqlState;
use deadpool_postgres::tokio_postgres::{Client, Error};
use tokio::time::timeout;

use super::PostgresAddress;
use super::inspection::Inspection;
use super::lease::Lease;
use super::pool::Pool;
use super::promises::Promises;
use super::schema::{self, CannotMakeTables, NewerSchema};
use crate::remote::background::Background;
use crate::remote::connect::{ConnectError, Failure, retry};

/// The oldest version that is supported.
const OLDEST: i32 = 13;

/// How long one attempt may take: two logins, and making the tables.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(15);

/// The server is too old.
#[derive(Debug, thiserror::Error)]
#[error("it has version {0}")]
struct TooOld(i32);

/// Connects, makes the tables, and notes what a crash can lose. Returns a connection for the probes.
pub(super) async fn connect(
    background: &Background,
    address: &PostgresAddress,
    wait: Duration,
    (pool, promises): (&Arc<Pool>, &Arc<Promises>),
) -> Result<Lease, ConnectError> {
    let attempt = async || {
        let (pool, promises) = (Arc::clone(pool), Arc::clone(promises));
        background.run(timeout(ATTEMPT_WITHIN, first_contact(pool, promises))).await??
    };
    let mistake = async |failure: &Failure| mistake(failure);
    retry(&address.to_string(), wait, attempt, mistake).await
}

async fn first_contact(pool: Arc<Pool>, promises: Arc<Promises>) -> Result<Lease, Failure> {
    let (mut client, connection) = pool.connect().await?;
    let connection = tokio::spawn(connection);
    let outcome = prepare(&mut client, &promises).await;
    drop(client);
    drop(connection.await);
    outcome?;
    pool.try_connections().await
}

async fn prepare(client: &mut Client, promises: &Promises) -> Result<(), Failure> {
    let inspection = Inspection::of(client).await?;
    if inspection.version / 10_000 < OLDEST {
        return Err(TooOld(inspection.version / 10_000).into());
    }
    schema::make(client).await?;
    promises.note_loss(promises.ask_loss(), &inspection);
    Ok(())
}

/// Returns what is wrong, if another attempt would not help.
fn mistake(failure: &Failure) -> Option<String> {
    if let Some(newer) = failure.downcast_ref::<NewerSchema>() {
        return Some(format!("{newer}; start a newer tickseed"));
    }
    if let Some(TooOld(version)) = failure.downcast_ref() {
        return Some(format!("it is PostgreSQL {version}, and tickseed needs {OLDEST} or newer"));
    }
    if let Some(CannotMakeTables(error)) = failure.downcast_ref() {
        return match error.code() {
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Some(
                "its user may not make tables; as the owner of the database, run: GRANT CREATE ON SCHEMA public TO the user",
            ),
            Some(&SqlState::INVALID_SCHEMA_NAME) => {
                Some("the schema in search_path is missing; make it with CREATE SCHEMA, and grant its user USAGE and CREATE")
            }
            _ => None,
        }
        .map(str::to_owned);
    }
    in_answer(failure.downcast_ref::<Error>()?).map(str::to_owned)
}

fn in_answer(error: &Error) -> Option<&'static str> {
    if let Some(code) = error.code() {
        return match *code {
            SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Some(
                "it refuses the login; check the user in the address, and the password there or in TICKSEED_STORE_PASSWORD",
            ),
            SqlState::INVALID_CATALOG_NAME => Some("it has no such database; make it with CREATE DATABASE"),
            SqlState::INSUFFICIENT_PRIVILEGE => Some("its user lacks a right that this server needs"),
            _ => None,
        };
    }
    let says = |text| {
        error.to_string().contains(text)
            || error.source().is_some_and(|source| source.to_string().contains(text))
    };
    if says("password missing") {
        return Some("it demands a password; set TICKSEED_STORE_PASSWORD");
    }
    if says("server does not support TLS") {
        return Some("it does not offer TLS; sslmode must be prefer or disable");
    }
    says("invalid peer certificate")
        .then_some("its certificate is not trusted; check the host, and the CA certificates in SSL_CERT_FILE")
}
