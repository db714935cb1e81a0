//! The contract of a store: sessions that are deleted.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::{DEADLINE, Handles, RecordingSubscriber, now, rescheduled, session, session_with_notice};
use crate::{Created, Deadline, Deleted, Replaced, Session, SessionStore, Timestamp};

/// Holds a store to the part of its contract that is about deletions.
pub(super) async fn assert_contract(handles: &Handles, subscriber: Option<&RecordingSubscriber>) {
    let [one, other] = handles;
    deletes_only_the_write_that_is_stored(&**one, &**other).await;
    deletes_only_before_the_deadline(&**one).await;
    never_brings_a_deleted_session_back(&**one, &**other).await;
    lets_a_replacement_or_a_deletion_through(handles).await;
    if let Some(subscriber) = subscriber {
        reports_deletions(handles, subscriber).await;
    }
}

async fn created(store: &dyn SessionStore, session: Session) -> Session {
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    session
}

async fn replaced(store: &dyn SessionStore, session: Session) -> Session {
    assert_eq!(store.compare_and_set(session.clone(), None).await.unwrap(), Replaced::Yes);
    session
}

async fn deletes_only_the_write_that_is_stored(one: &dyn SessionStore, other: &dyn SessionStore) {
    assert_eq!(one.delete(session(0), None).await.unwrap(), Deleted::No, "it does not exist");
    for first in [session(0), session(3_600), session_with_notice()] {
        let first = created(one, first).await;
        let second = first.stopped(now());
        assert_eq!(other.delete(second.clone(), None).await.unwrap(), Deleted::No, "it is not stored yet");
        let second = replaced(other, second).await;
        assert_eq!(one.delete(first.clone(), None).await.unwrap(), Deleted::No, "it has been replaced");
        if !first.notice.is_none() {
            let lost = first.stopped(now());
            assert_eq!(lost.revision, second.revision);
            assert_eq!(one.delete(lost, None).await.unwrap(), Deleted::No, "the store has lost this write");
        }
        // The record takes another form with the first change.
        let third = replaced(one, rescheduled(&second, 2)).await;
        assert_eq!(other.find(first.id).await.unwrap().as_ref(), Some(&third));
        assert_eq!(other.delete(third.clone(), None).await.unwrap(), Deleted::Yes);
        for store in [one, other] {
            assert_eq!(store.find(first.id).await.unwrap(), None);
            assert_eq!(store.delete(third.clone(), None).await.unwrap(), Deleted::No, "only once");
        }
    }
}

async fn deletes_only_before_the_deadline(store: &dyn SessionStore) {
    let first = created(store, session(0)).await;
    let long_ago = Deadline::OfStore(Timestamp::from_millis(0).unwrap());
    let just_now = now().before(Duration::from_millis(1));
    for passed in [Deadline::OfServer(now()), Deadline::OfServer(just_now), long_ago] {
        assert_eq!(store.delete(first.clone(), Some(passed)).await.unwrap(), Deleted::TooLate, "{passed:?}");
        assert_eq!(store.find(first.id).await.unwrap().as_ref(), Some(&first));
        let other_write = first.stopped(now());
        let outcome = store.delete(other_write, Some(passed)).await.unwrap();
        assert_eq!(outcome, Deleted::No, "another write counts first");
    }
    let deadline = now().after(DEADLINE).map(Deadline::OfServer);
    assert_eq!(store.delete(first.clone(), deadline).await.unwrap(), Deleted::Yes);
    let second = created(store, session(0)).await;
    let never = Some(Deadline::OfStore(Timestamp::MAX));
    assert_eq!(store.delete(second.clone(), never).await.unwrap(), Deleted::Yes);
    for session in [first, second] {
        assert_eq!(store.find(session.id).await.unwrap(), None);
    }
}

/// A change that another server has decided upon reaches the store after the deletion.
async fn never_brings_a_deleted_session_back(one: &dyn SessionStore, other: &dyn SessionStore) {
    for first in [session(0), session(3_600), session_with_notice()] {
        let first = created(one, first).await;
        let late = [first.stopped(now()), rescheduled(&first, 1), first.expiring(Some(Timestamp::MAX))];
        assert_eq!(one.delete(first.clone(), None).await.unwrap(), Deleted::Yes);
        for late in late {
            for deadline in [None, now().after(DEADLINE).map(Deadline::OfServer)] {
                let outcome = other.compare_and_set(late.clone(), deadline).await.unwrap();
                assert_eq!(outcome, Replaced::No, "it has been deleted");
            }
        }
        for store in [one, other] {
            assert_eq!(store.find(first.id).await.unwrap(), None);
        }
    }
}

/// Of a deletion and many replacements at the same time, one takes effect.
async fn lets_a_replacement_or_a_deletion_through(handles: &Handles) {
    for _ in 0..8 {
        let first = created(&*handles[0], session(0)).await;
        let mut writes = JoinSet::new();
        for (number, store) in (0..16_i64).zip(handles.iter().cycle()) {
            let (store, first) = (Arc::clone(store), first.clone());
            writes.spawn(async move {
                if number % 4 == 0 {
                    return store.delete(first, None).await.unwrap() == Deleted::Yes;
                }
                let second = first.stopped(Timestamp::from_millis(number).unwrap());
                store.compare_and_set(second, None).await.unwrap() == Replaced::Yes
            });
        }
        let took_effect = writes.join_all().await.into_iter().filter(|took_effect| *took_effect).count();
        assert_eq!(took_effect, 1);
        let found = handles[1].find(first.id).await.unwrap();
        assert_ne!(found, Some(first));
    }
}

async fn reports_deletions(handles: &Handles, subscriber: &RecordingSubscriber) {
    for store in handles {
        let (kept, gone) = (created(&**store, session(0)).await, created(&**store, session(0)).await);
        let other_write = kept.stopped(now());
        assert_eq!(store.delete(other_write, None).await.unwrap(), Deleted::No);
        let passed = Some(Deadline::OfServer(now()));
        assert_eq!(store.delete(kept.clone(), passed).await.unwrap(), Deleted::TooLate);
        assert_eq!(store.delete(gone.clone(), None).await.unwrap(), Deleted::Yes);
        assert!(!subscriber.hears_before_acknowledgement() || subscriber.knows_deleted(gone.id));
        subscriber.is_caught_up().await;
        assert!(subscriber.knows_deleted(gone.id) && !subscriber.knows_removed(gone.id));
        assert!(!subscriber.knows_deleted(kept.id));
    }
}
