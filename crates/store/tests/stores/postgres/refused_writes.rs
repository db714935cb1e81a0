//! A PostgreSQL that answers, but refuses writes.

use tickseed_session::acceptance::{DEADLINE, LOOK_EVERY, PatientStore, session};
use tickseed_session::{Created, SessionStore, StoreError};
use tickseed_store::PostgresStore;
use tokio::time::{sleep, timeout};

use super::postgres_and_store;

/// Waits until the store says that writes fail for this reason, or that they work.
async fn says(store: &PatientStore<PostgresStore>, expected: Option<&str>) {
    let says = async {
        while store.0.write_failure().map(|error| error.to_string()).as_deref() != expected {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, says).await.unwrap_or_else(|_| panic!("{:?}", store.0.write_failure()));
}

#[tokio::test]
async fn a_missing_right_is_named_and_its_return_is_noticed() {
    let (server, _) = postgres_and_store().await;
    server.ask(
        "CREATE ROLE reader LOGIN; GRANT SELECT, UPDATE ON tickseed_sessions, tickseed_schema TO reader",
    );
    let address = server.address().replace("tickseed@", "reader@");
    let store = super::connect(&address, tickseed_session::acceptance::TestClock::new()).await;
    assert!(matches!(store.0.create(session(0)).await, Err(StoreError::NotWritable { .. })));
    assert_eq!(store.find(session(0).id).await.unwrap(), None, "reads work");
    let reason = store.0.write_failure().unwrap().to_string();
    assert_eq!(reason, "PostgreSQL denies this server a right");
    // One table is not enough, although nobody writes to the other one at the moment.
    server.ask("GRANT INSERT ON tickseed_sessions TO reader");
    assert_eq!(store.create(session(0)).await.unwrap(), Created::Yes);
    assert!(store.0.write_failure().is_some());
    server.ask("GRANT INSERT ON tickseed_requests TO reader");
    says(&store, None).await;
    assert_eq!(store.create(session(0)).await.unwrap(), Created::Yes);
}

#[tokio::test]
async fn a_read_only_server_is_noticed_without_a_write() {
    let (server, store) = postgres_and_store().await;
    server.ask("ALTER SYSTEM SET default_transaction_read_only = on");
    server.ask("SELECT pg_reload_conf()");
    says(&store, Some("PostgreSQL is read-only")).await;
    server.ask("ALTER SYSTEM RESET default_transaction_read_only");
    server.ask("SELECT pg_reload_conf()");
    says(&store, None).await;
    assert_eq!(store.create(session(0)).await.unwrap(), Created::Yes);
}

/// Somebody has restored an empty database, for example.
#[tokio::test]
async fn missing_tables_are_named_and_made_by_the_next_start() {
    let (server, store) = postgres_and_store().await;
    assert_eq!(store.create(session(0)).await.unwrap(), Created::Yes);
    let names = "SELECT proname FROM pg_proc WHERE proname LIKE 'tickseed_%'";
    server.ask("DROP TABLE tickseed_sessions, tickseed_requests, tickseed_schema");
    for function in server.ask(names).lines() {
        server.ask(&format!("DROP FUNCTION {function}"));
    }
    says(&store, Some("the tables of tickseed are missing in PostgreSQL")).await;
    assert!(matches!(store.0.create(session(0)).await, Err(StoreError::NotWritable { .. })));
    assert!(store.0.vitals().nodes[0].is_answering);
    let another = super::connect(&server.address(), tickseed_session::acceptance::TestClock::new()).await;
    assert_eq!(another.create(session(0)).await.unwrap(), Created::Yes);
    says(&store, None).await;
}
