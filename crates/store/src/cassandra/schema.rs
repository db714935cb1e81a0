//! The keyspace and the tables, and which version they have.

use scylla::client::session::Session as Driver;
use scylla::errors::ExecutionError;
use scylla::statement::{Consistency, Statement};

use super::CassandraAddress;
use super::address::Replication;

/// The version of the tables that this binary knows.
const VERSION: i32 = 1;

/// With three copies, one node can be away.
const WANTED_COPIES: u8 = 3;

/// Entries of the list are only ever added, and expire. What they leave behind needs no long memory, and slows the list down.
const TABLES: [(&str, &str); 4] = [
    ("sessions", "(id blob PRIMARY KEY, number uuid, record blob, replaced blob, deadline_us bigint)"),
    (
        "session_index",
        "(prefix blob, entry blob, PRIMARY KEY (prefix, entry)) WITH CLUSTERING ORDER BY (entry DESC) AND gc_grace_seconds = 3600",
    ),
    ("requests", "(id blob PRIMARY KEY, version bigint, record blob)"),
    (SCHEMA, "(part text PRIMARY KEY, version int)"),
];

/// The table that says which version all of them have.
const SCHEMA: &str = "schema_version";

/// The state of the tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Schema {
    Current,
    Missing(String),
    Newer(i32),
}

impl Schema {
    /// Looks at the tables of a keyspace.
    pub(super) async fn of(driver: &Driver, address: &CassandraAddress) -> Result<Self, ExecutionError> {
        let keyspace = address.keyspace();
        if !exists(driver, keyspace).await? {
            return Ok(Self::Missing(format!("it has no keyspace {keyspace}")));
        }
        let found = tables(driver, keyspace).await?;
        if let Some((missing, _)) = TABLES.iter().find(|(name, _)| !found.iter().any(|found| found == name)) {
            return Ok(Self::Missing(format!("the keyspace {keyspace} has no table {missing}")));
        }
        Ok(match version(driver, address).await? {
            Some(version) if version > VERSION => Self::Newer(version),
            Some(_) => Self::Current,
            None => Self::Missing(format!("the tables of the keyspace {keyspace} are not complete")),
        })
    }

    /// Says what is wrong and what helps.
    pub(super) fn mistake(&self) -> Option<String> {
        match self {
            Self::Current => None,
            Self::Missing(what) => Some(format!(
                "{what}; run tickseed migrate once with the same --store, or add migrate=true to its options to let servers do it"
            )),
            Self::Newer(version) => Some(format!(
                "its tables have version {version}, which a later tickseed has made, and this one knows versions up to {VERSION}; \
                 run that later tickseed"
            )),
        }
    }
}

/// Makes what is missing, and returns what that was.
pub(super) async fn migrate(
    driver: &Driver,
    address: &CassandraAddress,
) -> Result<Vec<String>, ExecutionError> {
    let (keyspace, mut done) = (address.keyspace(), Vec::new());
    if !exists(driver, keyspace).await? {
        let replication = replication(driver, address);
        let text = format!("CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {replication}");
        driver.query_unpaged(text, ()).await?;
        done.push(format!("made the keyspace {keyspace}, with replication {replication}"));
    }
    let found = tables(driver, keyspace).await?;
    for (name, definition) in TABLES {
        if !found.iter().any(|found| found == name) {
            driver
                .query_unpaged(format!("CREATE TABLE IF NOT EXISTS {keyspace}.{name} {definition}"), ())
                .await?;
            done.push(format!("made the table {keyspace}.{name}"));
        }
    }
    if version(driver, address).await?.is_none() {
        let text = format!("INSERT INTO {keyspace}.{SCHEMA} (part, version) VALUES ('tables', {VERSION})");
        driver.query_unpaged(asked(text, address.reach().majority()), ()).await?;
        done.push(format!("noted that the tables have version {VERSION}"));
    }
    Ok(done)
}

/// Returns the replication of a new keyspace, in the words of CQL.
fn replication(driver: &Driver, address: &CassandraAddress) -> String {
    let copies = match address.replication() {
        Some(Replication::In(datacenters)) => datacenters
            .iter()
            .map(|(name, copies)| format!("'{name}': {copies}"))
            .collect::<Vec<_>>()
            .join(", "),
        Some(Replication::Everywhere(copies)) => everywhere(*copies),
        None => {
            let nodes = driver.get_cluster_state().get_nodes_info().len();
            everywhere(u8::try_from(nodes).unwrap_or(u8::MAX).clamp(1, WANTED_COPIES))
        }
    };
    format!("{{'class': 'NetworkTopologyStrategy', {copies}}}")
}

fn everywhere(copies: u8) -> String {
    format!("'replication_factor': {copies}")
}

async fn exists(driver: &Driver, keyspace: &str) -> Result<bool, ExecutionError> {
    let text = "SELECT keyspace_name FROM system_schema.keyspaces";
    Ok(names(driver, text).await?.iter().any(|name| name == keyspace))
}

async fn tables(driver: &Driver, keyspace: &str) -> Result<Vec<String>, ExecutionError> {
    names(driver, &format!("SELECT table_name FROM system_schema.tables WHERE keyspace_name = '{keyspace}'"))
        .await
}

async fn names(driver: &Driver, text: &str) -> Result<Vec<String>, ExecutionError> {
    let answer = driver.query_unpaged(asked(text.to_owned(), Consistency::One), ()).await?;
    let Ok(rows) = answer.into_rows_result() else { return Ok(Vec::new()) };
    let Ok(names) = rows.rows::<(String,)>() else { return Ok(Vec::new()) };
    Ok(names.filter_map(|row| Some(row.ok()?.0)).collect())
}

async fn version(driver: &Driver, address: &CassandraAddress) -> Result<Option<i32>, ExecutionError> {
    let text = format!("SELECT version FROM {}.{SCHEMA} WHERE part = 'tables'", address.keyspace());
    let answer = driver.query_unpaged(asked(text, address.reach().majority()), ()).await?;
    let Ok(rows) = answer.into_rows_result() else { return Ok(None) };
    Ok(rows.maybe_first_row::<(Option<i32>,)>().ok().flatten().and_then(|(version,)| version))
}

fn asked(text: String, consistency: Consistency) -> Statement {
    let mut statement = Statement::new(text);
    statement.set_consistency(consistency);
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_the_tables_names_the_remedy() {
        assert_eq!(Schema::Current.mistake(), None);
        let missing = Schema::Missing("it has no keyspace a".to_owned()).mistake().unwrap();
        assert!(missing.starts_with("it has no keyspace a; run tickseed migrate"), "{missing}");
        let newer = Schema::Newer(7).mistake().unwrap();
        assert!(newer.contains("version 7") && newer.contains("up to 1"), "{newer}");
    }
}
