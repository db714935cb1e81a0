//! Transactions that a coordinator has left half done: a replica has accepted them, and no caller knows. The next transaction completes
//! them, perhaps much later.

use std::sync::Arc;
use std::time::Duration;

use tickseed_session::acceptance::{DEADLINE, LOOK_EVERY, PatientStore, now, session, session_with_notice};
use tickseed_session::{
    Clock, Created, Deadline, Deleted, Replaced, Session, SessionId, SessionStore, SystemClock,
};
use tickseed_store::CassandraStore;
use tickseed_store::test_servers::CassandraNode;
use tokio::time::{Instant, sleep};

use super::{PAUSES, open};

/// How much time a change has before its deadline: enough to be made once, so that a test can take its bytes.
const LEFT: Duration = Duration::from_millis(1_500);

const KEYSPACE: &str = "half_done";

/// The row of a session, as CQL writes its values.
struct Row {
    number: String,
    record: String,
    replaced: String,
    written_us: i64,
}

fn key(id: SessionId) -> String {
    id.as_bytes().iter().fold("0x".to_owned(), |key, byte| format!("{key}{byte:02x}"))
}

async fn row(node: &CassandraNode, id: SessionId) -> Row {
    let text = format!(
        "SELECT number, record, replaced, WRITETIME(number) FROM {KEYSPACE}.sessions WHERE id = {}",
        key(id)
    );
    let mut rows = node.ask(&text).await;
    let [number, record, replaced, written_us] = rows.remove(0).try_into().expect("it has these columns");
    Row { number, record, replaced, written_us: written_us.parse().expect("it is a number") }
}

/// Takes the last change of a session back, which was the one from `before`, and leaves it accepted by the replica instead.
async fn make_half_done(node: &CassandraNode, id: SessionId, before: &Row) {
    let (id, last) = (key(id), row(node, id).await);
    let text = format!(
        "SELECT cf_id, most_recent_commit, most_recent_commit_at, most_recent_commit_version FROM system.paxos WHERE row_key = {id}"
    );
    let [table, commit, ballot, version] =
        node.ask(&text).await.remove(0).try_into().expect("it has these columns");
    let undo = format!(
        "UPDATE {KEYSPACE}.sessions USING TIMESTAMP {} SET number = {}, record = {}, replaced = {}, deadline_us = null \
         WHERE id = {id}",
        last.written_us + 1,
        before.number,
        before.record,
        before.replaced
    );
    node.ask(&undo).await;
    let ballot = after(&ballot);
    let accept = format!(
        "UPDATE system.paxos SET in_progress_ballot = {ballot}, proposal_ballot = {ballot}, proposal = {commit}, \
         proposal_version = {version} WHERE row_key = {id} AND cf_id = {table}"
    );
    node.ask(&accept).await;
}

/// Returns a ballot that is a little later: the first eight digits of a time UUID are the low bits of its time.
fn after(ballot: &str) -> String {
    let (low, rest) = ballot.split_once('-').expect("it is a UUID");
    let low = u32::from_str_radix(low, 16).expect("it is hexadecimal").wrapping_add(100);
    format!("{low:08x}-{rest}")
}

/// A change that is made and then left half done. Returns the number of its row.
async fn leave_half_done(
    node: &CassandraNode,
    store: &CassandraStore,
    first: &Session,
    left: Duration,
) -> String {
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let before = row(node, first.id).await;
    let deadline = SystemClock.now().after(left).map(Deadline::OfStore);
    let changed = first.stopped(now());
    assert_eq!(store.compare_and_set(changed, deadline).await.unwrap(), Replaced::Yes);
    let number = row(node, first.id).await.number;
    make_half_done(node, first.id, &before).await;
    number
}

/// Waits until every deadline has passed that was there before.
async fn deadlines_pass() {
    let over = Instant::now() + LEFT;
    while Instant::now() <= over {
        sleep(LOOK_EVERY).await;
    }
}

async fn store(node: &CassandraNode) -> CassandraStore {
    open(&node.address(KEYSPACE, "migrate=true"), Arc::new(SystemClock)).await
}

/// A SERIAL read completes it, which a session with a notice is read by.
#[tokio::test]
async fn a_change_that_is_completed_after_its_deadline_does_not_count() {
    let node = CassandraNode::shared();
    let _runs = PAUSES.read().await;
    let (store, first) = (store(node).await, session_with_notice());
    let number = leave_half_done(node, &store, &first, LEFT).await;
    assert_ne!(row(node, first.id).await.number, number, "nobody has completed it yet");
    deadlines_pass().await;
    let store = PatientStore(store);
    assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(row(node, first.id).await.number, number, "it has been completed");
    assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
    let deadline = SystemClock.now().after(DEADLINE).map(Deadline::OfStore);
    let second = first.expiring(Some(now()));
    assert_eq!(store.compare_and_set(second.clone(), deadline).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(first.id).await.unwrap(), Some(second));
}

#[tokio::test]
async fn a_change_that_is_completed_before_its_deadline_counts() {
    let node = CassandraNode::shared();
    let _runs = PAUSES.read().await;
    let (store, first) = (store(node).await, session_with_notice());
    let number = leave_half_done(node, &store, &first, DEADLINE).await;
    assert_ne!(row(node, first.id).await.number, number, "nobody has completed it yet");
    let found = PatientStore(store).find(first.id).await.unwrap().unwrap();
    assert_eq!((found.stopped_at, row(node, first.id).await.number), (Some(now()), number));
}

/// The next change completes it first, finds that it came too late, and takes the place of the session that counts.
#[tokio::test]
async fn the_next_change_goes_past_one_that_is_completed_after_its_deadline() {
    let node = CassandraNode::shared();
    let _runs = PAUSES.read().await;
    let (store, first) = (store(node).await, session(0));
    leave_half_done(node, &store, &first, LEFT).await;
    deadlines_pass().await;
    let (store, second) = (PatientStore(store), first.expiring(Some(now())));
    let deadline = SystemClock.now().after(DEADLINE).map(Deadline::OfStore);
    assert_eq!(store.compare_and_set(second.clone(), deadline).await.unwrap(), Replaced::Yes);
    assert_eq!(store.find(first.id).await.unwrap(), Some(second));
}

#[tokio::test]
async fn a_deletion_that_is_completed_after_its_deadline_deletes_nothing() {
    let node = CassandraNode::shared();
    let _runs = PAUSES.read().await;
    let (store, first) = (store(node).await, session_with_notice());
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let before = row(node, first.id).await;
    let deadline = SystemClock.now().after(LEFT).map(Deadline::OfStore);
    // What is left of it is removed in the background, unless that is gone.
    let other = self::store(node).await;
    assert_eq!(other.delete(first.clone(), deadline).await.unwrap(), Deleted::Yes);
    drop(other);
    make_half_done(node, first.id, &before).await;
    deadlines_pass().await;
    let store = PatientStore(store);
    assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
    assert_eq!(store.delete(first.clone(), None).await.unwrap(), Deleted::Yes);
    assert_eq!(store.find(first.id).await.unwrap(), None);
}
