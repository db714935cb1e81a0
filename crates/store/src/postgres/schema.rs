//! The tables and functions in PostgreSQL. A start makes those that are missing, under a lock, so that servers can start at the same
//! time.

use deadpool_postgres::tokio_postgres::{Client, Transaction};

use crate::remote::connect::Failure;

/// What makes each version of the schema out of the one before.
const VERSIONS: &[&str] = &[include_str!("schema_1.sql")];

/// The lock that one start holds while it changes the schema.
const LOCK: i64 = 8_389_772_276_738_712_933;

/// The lock that each write takes which a promise is about, shared, and each proof of the change feed. As in `schema_1.sql`.
pub(super) const WRITE_LOCK: i64 = 8_389_772_276_738_712_932;

/// The table is made with no version at first, so that no start sees a version whose tables are not there.
const VERSION_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS tickseed_schema (
      version integer NOT NULL,
      probed_at timestamptz NOT NULL
    );
    INSERT INTO tickseed_schema SELECT 0, clock_timestamp() WHERE NOT EXISTS (SELECT FROM tickseed_schema)
";

/// A later version of this program has changed the schema.
#[derive(Debug, thiserror::Error)]
#[error("its tables have version {found}, and this version of tickseed knows versions up to {known}")]
pub(super) struct NewerSchema {
    found: i32,
    known: usize,
}

/// The tables are missing or old, and this user may not change them.
#[derive(Debug, thiserror::Error)]
#[error("the tables of tickseed cannot be made")]
pub(super) struct CannotMakeTables(#[source] pub(super) deadpool_postgres::tokio_postgres::Error);

/// Makes what is missing. A user who may not make tables can start a server if nothing is missing.
pub(super) async fn make(client: &mut Client) -> Result<(), Failure> {
    if version(client).await? == Some(VERSIONS.len()) {
        return Ok(());
    }
    let transaction = client.transaction().await?;
    // Ends with the transaction.
    transaction.query("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    upgrade(&transaction).await.map_err(CannotMakeTables)?;
    Ok(transaction.commit().await?)
}

/// Returns the version of the schema, or `None` without one.
async fn version(client: &Client) -> Result<Option<usize>, Failure> {
    let has_table: bool =
        client.query_one_scalar("SELECT to_regclass('tickseed_schema') IS NOT NULL", &[]).await?;
    if !has_table {
        return Ok(None);
    }
    let found: i32 = client.query_one_scalar("SELECT version FROM tickseed_schema", &[]).await?;
    match usize::try_from(found) {
        Ok(version) if version <= VERSIONS.len() => Ok(Some(version)),
        _ => Err(NewerSchema { found, known: VERSIONS.len() }.into()),
    }
}

/// Applies the versions that are missing by now.
async fn upgrade(transaction: &Transaction<'_>) -> Result<(), deadpool_postgres::tokio_postgres::Error> {
    transaction.batch_execute(VERSION_TABLE).await?;
    let found: i32 = transaction.query_one("SELECT version FROM tickseed_schema", &[]).await?.get(0);
    for (number, version) in (1..).zip(VERSIONS) {
        if number > found {
            transaction.batch_execute(version).await?;
            transaction.execute("UPDATE tickseed_schema SET version = $1", &[&number]).await?;
            tracing::info!("made version {number} of the tables in PostgreSQL");
        }
    }
    Ok(())
}
