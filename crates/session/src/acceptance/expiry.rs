//! The contract of a store: expired sessions.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{DEADLINE, LOOK_EVERY, RecordingSubscriber, now, session};
use crate::{Created, Replaced, Session, SessionStore, Timestamp};

/// How much longer a store that removes sessions by itself may keep them.
const KEPT_LONGER: Duration = Duration::from_mins(1);

/// Holds a store to the part of its contract that is about expired sessions.
pub(super) async fn assert_contract(store: &dyn SessionStore, subscriber: Option<&RecordingSubscriber>) {
    removes_expired_sessions(store, subscriber).await;
    replacements_move_the_expiry(store).await;
}

async fn removes_expired_sessions(store: &dyn SessionStore, subscriber: Option<&RecordingSubscriber>) {
    let (permanent, late, changed) = (session(0), session(61), session(30));
    for session in [&permanent, &late, &changed] {
        assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    }
    // A session that has changed is removed like any other, and only once.
    assert_eq!(store.compare_and_set(changed.stopped(now()), None).await.unwrap(), Replaced::Yes);
    let mut expired = vec![changed];
    for _ in 0..20 {
        let session = session(60);
        assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
        expired.push(session);
    }
    let then = now().after(Duration::from_mins(1)).unwrap();
    let removed = store.remove_expired(then).await.unwrap();
    assert!(
        removed == expired.len() as u64 || removed == 0,
        "all are removed, or the store expires sessions by itself: {removed}"
    );
    assert_eq!(store.remove_expired(then).await.unwrap(), 0);
    if let Some(subscriber) = subscriber.filter(|_| removed > 0) {
        subscriber.is_caught_up().await;
        assert!(
            expired.iter().all(|session| subscriber.knows_removed(session.id)),
            "the feed reports removals"
        );
    }
    for session in [permanent, late] {
        assert!(store.find(session.id).await.unwrap().is_some());
        assert!(subscriber.is_none_or(|subscriber| !subscriber.knows_removed(session.id)));
    }
}

/// Each session is replaced by one with another expiry, and that one counts.
async fn replacements_move_the_expiry(store: &dyn SessionStore) {
    let (soon, later) = (now().after(Duration::from_secs(30)), now().after(Duration::from_hours(1)));
    let long_over = Some(now().before(KEPT_LONGER));
    let mut removed = Vec::new();
    for expires_at in [None, soon, Some(Timestamp::MAX)] {
        let session = created(store, expires_at).await;
        removed.push(replaced(store, &session, long_over).await);
    }
    let mut kept = Vec::new();
    for expires_at in [None, later] {
        let session = created(store, soon).await;
        kept.push(replaced(store, &session, expires_at).await);
    }
    for session in &removed {
        is_removed(store, session).await;
    }
    assert_eq!(store.remove_expired(now().after(Duration::from_mins(1)).unwrap()).await.unwrap(), 0);
    for session in &kept {
        assert_eq!(store.find(session.id).await.unwrap().as_ref(), Some(session), "it has not expired");
    }
}

async fn created(store: &dyn SessionStore, expires_at: Option<Timestamp>) -> Session {
    let session = Session { expires_at, ..session(0) };
    assert_eq!(store.create(session.clone()).await.unwrap(), Created::Yes);
    session
}

/// Replaces a session by one that expires at another time.
async fn replaced(store: &dyn SessionStore, session: &Session, expires_at: Option<Timestamp>) -> Session {
    let replaced = Session { expires_at, ..session.stopped(now()) };
    assert_eq!(store.compare_and_set(replaced.clone(), None).await.unwrap(), Replaced::Yes);
    replaced
}

/// Waits until the store removes a session by itself, or removes it.
async fn is_removed(store: &dyn SessionStore, session: &Session) {
    let removal = async {
        store.remove_expired(now()).await.unwrap();
        while store.find(session.id).await.unwrap().is_some() {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(DEADLINE, removal).await.expect("an expired session is removed");
}
