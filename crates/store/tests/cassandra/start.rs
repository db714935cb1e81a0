//! The keyspace and the tables: who makes them, and what a server says that does not find them.

use std::sync::Arc;
use std::time::Duration;

use tickseed_session::acceptance::{DEADLINE, session};
use tickseed_session::{Created, SessionStore, SystemClock, error_chain};
use tickseed_store::test_servers::CassandraNode;
use tickseed_store::{CassandraAddress, CassandraStore, ConnectError, RemoteOptions, StoreAddress};

use super::{PAUSES, open};

/// Says why a server does not start.
async fn refusal(address: &str) -> String {
    let address = CassandraAddress::parse(address, None).unwrap();
    // A mistake ends the start at once, however long it may take.
    let options = RemoteOptions { wait: 10 * DEADLINE, ..RemoteOptions::new(Arc::new(SystemClock)) };
    let error = CassandraStore::connect(address, options).await.err().expect("it does not start");
    error_chain(&error)
}

#[tokio::test]
async fn the_tables_are_made_once_and_a_start_without_them_names_the_remedy() {
    let node = CassandraNode::shared();
    let _runs = PAUSES.read().await;
    let address = node.address("start", "");
    let missing = refusal(&address).await;
    assert!(missing.contains("it has no keyspace start; run tickseed migrate once"), "{missing}");

    let store = StoreAddress::parse(&address, None).unwrap();
    let made = store.migrate(DEADLINE).await.unwrap();
    assert_eq!(made.len(), 6, "{made:#?}");
    assert!(made[0].starts_with("made the keyspace start, with replication"), "{made:#?}");
    assert!(made.contains(&"made the table start.sessions".to_owned()), "{made:#?}");
    assert_eq!(store.migrate(DEADLINE).await.unwrap(), Vec::<String>::new());
    assert_eq!(open(&address, Arc::new(SystemClock)).await.create(session(0)).await.ok(), Some(Created::Yes));

    node.ask("DROP TABLE start.requests").await;
    let missing = refusal(&address).await;
    assert!(missing.contains("the keyspace start has no table requests; run tickseed migrate"), "{missing}");
    assert_eq!(store.migrate(DEADLINE).await.unwrap(), ["made the table start.requests"]);
}

#[tokio::test]
async fn tables_of_a_later_version_are_refused() {
    let node = CassandraNode::shared();
    let _runs = PAUSES.read().await;
    let address = node.address("later", "migrate=true");
    drop(open(&address, Arc::new(SystemClock)).await);
    node.ask("UPDATE later.schema_version SET version = 2 WHERE part = 'tables'").await;
    let newer = refusal(&address).await;
    assert!(newer.contains("its tables have version 2, which a later tickseed has made"), "{newer}");
    let store = StoreAddress::parse(&address, None).unwrap();
    let newer = error_chain(&store.migrate(DEADLINE).await.unwrap_err());
    assert!(newer.contains("run that later tickseed"), "{newer}");
}

#[tokio::test]
async fn a_cassandra_that_is_away_is_looked_for_as_long_as_it_may_take() {
    let address = CassandraAddress::parse("cassandra://127.0.0.1:1/away", None).unwrap();
    let wait = Duration::from_millis(700);
    let options = RemoteOptions { wait, ..RemoteOptions::new(Arc::new(SystemClock)) };
    let error = CassandraStore::connect(address, options).await.err().expect("nothing is there");
    assert!(matches!(&error, ConnectError::Unreachable { waited, .. } if *waited == wait), "{error:?}");
}
