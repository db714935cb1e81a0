//! The contract of a store: a write that the store has lost is not taken for another one with the same revision.

use std::time::Duration;

use super::{now, session};
use crate::{Created, Deadline, Notice, Replaced, Session, SessionStore, Timestamp};

/// Checks that only what follows the stored write replaces it. Writes that were never stored stand for those that were lost.
pub(super) async fn assert_contract(store: &dyn SessionStore) {
    let first = Session { notice: Notice::from_millis(1_000).expect("it is in its range"), ..session(0) };
    assert_eq!(store.create(first.clone()).await.unwrap(), Created::Yes);
    let (lost, stored) = (first.stopped(Timestamp::MAX), first.stopped(Timestamp::MAX));
    assert_eq!(lost.revision, stored.revision);
    assert_eq!(replace(store, &stored).await, Replaced::Yes);
    assert_eq!(replace(store, &lost.stopped(now())).await, Replaced::No, "it follows a lost write");
    assert_eq!(store.find(first.id).await.unwrap(), Some(stored.clone()));
    let next = stored.stopped(now());
    assert_eq!(replace(store, &next).await, Replaced::Yes);
    assert_eq!(store.find(first.id).await.unwrap(), Some(next));
}

async fn replace(store: &dyn SessionStore, session: &Session) -> Replaced {
    let deadline = now().after(Duration::from_hours(24 * 365 * 100)).map(Deadline::OfStore);
    store.compare_and_set(session.clone(), deadline).await.unwrap()
}
