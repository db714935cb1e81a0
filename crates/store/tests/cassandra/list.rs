//! The list of sessions, whose entries are written and removed apart from the sessions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tickseed_session::acceptance::{DEADLINE, PatientStore, session};
use tickseed_session::{Created, Deleted, Session, SessionId, SessionStore, SystemClock};
use tickseed_store::CassandraStore;
use tickseed_store::test_servers::CassandraNode;
use tokio::time::{sleep, timeout};

use super::{PAUSES, open};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How many sessions a page has.
const PAGE: usize = 50;

/// The clock of the tests stands still, and that of Cassandra does not.
const THREE_YEARS: u32 = 3 * 365 * 86_400;

async fn store(node: &CassandraNode, keyspace: &str) -> PatientStore<CassandraStore> {
    PatientStore(open(&node.address(keyspace, "migrate=true"), Arc::new(SystemClock)).await)
}

async fn create(store: &impl SessionStore, session: &Session) {
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
}

async fn listed(store: &impl SessionStore) -> BTreeSet<SessionId> {
    let (mut ids, mut after) = (BTreeSet::new(), None);
    loop {
        let page = store.list(after, PAGE).await.unwrap();
        ids.extend(page.sessions.iter().map(|session| session.id));
        let Some(next) = page.next else { return ids };
        after = Some(next);
    }
}

/// Waits until nothing is left of a session.
async fn is_removed(node: &CassandraNode, keyspace: &str, id: SessionId) {
    let hexadecimal =
        |bytes: &[u8]| bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02x}"));
    let (minute, id) = (hexadecimal(&id.as_bytes()[..4]), hexadecimal(id.as_bytes()));
    let entry =
        format!("SELECT entry FROM {keyspace}.session_index WHERE prefix = {minute} AND entry = {id}");
    let row = format!("SELECT id FROM {keyspace}.sessions WHERE id = {id}");
    let removed = async {
        while !node.ask(&entry).await.is_empty() || !node.ask(&row).await.is_empty() {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, removed).await.expect("it is removed");
}

#[tokio::test]
async fn a_deleted_session_that_is_imported_again_is_in_the_list() {
    let (node, keyspace) = (CassandraNode::shared(), "imported_again");
    let _runs = PAUSES.read().await;
    let store = store(node, keyspace).await;
    for session in [session(0), session(THREE_YEARS)] {
        for _ in 0..2 {
            create(&store, &session).await;
            assert!(listed(&store).await.contains(&session.id), "{:?}", session.expires_at);
            assert_eq!(store.delete(session.clone(), None).await.unwrap(), Deleted::Yes);
            assert!(!listed(&store).await.contains(&session.id));
            is_removed(node, keyspace, session.id).await;
        }
    }
}

/// A node that crashes may lose entries which the store has written and remembers.
#[tokio::test]
async fn sessions_that_are_created_after_an_outage_are_in_the_list_whatever_was_lost() {
    let (node, keyspace) = (CassandraNode::shared(), "after_an_outage");
    let _pauses = PAUSES.write().await;
    let store = store(node, keyspace).await;
    create(&store, &session(0)).await;
    node.pause();
    let noticed = async {
        while store.0.vitals().nodes.iter().any(|node| node.is_answering) {
            sleep(LOOK_EVERY).await;
        }
    };
    let noticed = timeout(DEADLINE, noticed).await;
    node.go_on();
    noticed.expect("the outage is noticed");
    node.ask(&format!("TRUNCATE {keyspace}.session_index")).await;
    let session = session(0);
    create(&store, &session).await;
    assert_eq!(listed(&store).await, BTreeSet::from([session.id]));
}
