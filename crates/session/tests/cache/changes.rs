//! The effects of reports from the change feed.

use std::time::Duration;

use tickseed_session::acceptance::session;
use tickseed_session::{
    ANY_SESSION, Lookup, ReadySession, ServiceError, Session, SessionId, StoreChange, StoreError, Timestamp,
    Update,
};

use super::{LONG, PARTS, Server, answered, hears, next};

/// Creates a session that belongs to this part of the feed.
fn session_of_part(server: &Server, part: u8) -> Session {
    let stored = std::iter::repeat_with(|| session(0)).find(|session| session.id.as_bytes()[15] & 1 == part);
    let stored = stored.expect("every other id belongs to this part");
    server.store.put(stored.clone());
    stored
}

#[tokio::test]
async fn a_silent_part_of_the_feed_leaves_the_sessions_of_the_others_fresh() {
    let server = Server::new();
    let [silent, other] = [0, 1].map(|part| session_of_part(&server, part));
    server.finds(&silent).await;
    server.finds(&other).await;
    server.time_passes(LONG);
    server.catches_up_with(PARTS[1]);
    server.finds(&other).await;
    server.has_read(2);
    server.finds(&silent).await;
    server.finds(&silent).await;
    server.has_read(4);
}

#[tokio::test]
async fn a_restart_of_one_part_leaves_the_sessions_of_the_others_fresh() {
    let server = Server::new();
    let [restarted, other] = [0, 1].map(|part| session_of_part(&server, part));
    server.finds(&restarted).await;
    server.finds(&other).await;
    server.store.subscriber().restarted(PARTS[0]);
    server.catches_up();
    server.finds(&other).await;
    server.has_read(2);
    server.finds(&restarted).await;
    server.finds(&restarted).await;
    server.has_read(3);
}

#[tokio::test]
async fn a_change_without_its_record_is_read_from_the_store() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let stopped = server.stopped_elsewhere(&session);
    server.reports_without_record(&stopped);
    server.finds(&stopped).await;
    server.finds(&stopped).await;
    server.has_read(2);
    server.reports_without_record(&stopped);
    server.finds(&stopped).await;
    server.has_read(2);
}

#[tokio::test]
async fn a_caller_after_a_change_without_its_record_does_not_share_a_read_from_before() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let before = server.start_to_find(session.id);
    server.reads(1).await;
    let stopped = server.stopped_elsewhere(&session);
    server.reports_without_record(&stopped);
    let after = server.start_to_find(session.id);
    server.reads(2).await;
    server.store.holds_back(false);
    assert_eq!(*answered(after).await.session.session(), stopped);
    assert_eq!(*answered(before).await.session.session(), session);
    server.finds(&stopped).await;
    server.has_read(2);
}

/// Once a caller has seen a change, no caller sees an earlier session, even while the store fails.
#[tokio::test]
async fn what_a_read_from_before_a_report_has_found_outlasts_a_failure() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    server.time_passes(LONG);
    server.store.holds_back(true);
    let stopped = server.stopped_elsewhere(&session);
    let before = server.start_to_find(session.id);
    server.reads(2).await;
    server.reports_without_record(&stopped);
    server.store.holds_back(false);
    assert_eq!(*answered(before).await.session.session(), stopped);
    server.store.fails(true);
    let Lookup { session: found, age, .. } = server.service.find(session.id).await.unwrap();
    assert!(age.is_some());
    assert_eq!(*found.session(), stopped);
    server.store.fails(false);
    server.finds(&stopped).await;
    server.finds(&stopped).await;
}

#[tokio::test]
async fn listeners_hear_of_a_change_without_its_record() {
    let server = Server::new();
    let session = server.created_elsewhere();
    let _updates = server.keeps_listeners_current();
    let mut listener = server.service.listen(session.id).await.unwrap();
    assert!(matches!(next(&mut listener).await, Update::Session(_)));
    let stopped = server.stopped_elsewhere(&session);
    server.reports_without_record(&stopped);
    hears(&mut listener, &stopped).await;
}

#[tokio::test]
async fn a_removed_session_is_gone_for_callers_and_listeners() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let mut listener = server.service.listen(session.id).await.unwrap();
    assert!(matches!(next(&mut listener).await, Update::Session(_)));
    server.store.remove(session.id);
    server.store.subscriber().changed(StoreChange::Removed { id: session.id });
    assert!(matches!(next(&mut listener).await, Update::Removed));
    assert!(matches!(server.service.find(session.id).await, Err(ServiceError::NotFound(_))));
}

fn newer_record(id: SessionId) -> StoreError {
    StoreError::NewerRecord { id, reason: "its form is 9".to_owned() }
}

#[tokio::test]
async fn a_record_of_a_later_version_is_never_answered_from_memory() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let mut listener = server.service.listen(session.id).await.unwrap();
    assert!(matches!(next(&mut listener).await, Update::Session(_)));
    let _updates = server.keeps_listeners_current();
    server.store.fails_with(Some(newer_record(session.id)));
    let id = session.id;
    server.reports_record(&session.stopped(Timestamp::MAX), move || Err(newer_record(id)));
    assert!(matches!(next(&mut listener).await, Update::Unreadable));
    for _ in 0..2 {
        server.time_passes(Duration::from_millis(1));
        let refused = server.service.find(id).await;
        assert!(matches!(refused, Err(ServiceError::Store(StoreError::NewerRecord { .. }))), "{refused:?}");
    }
}

/// The part is looked up, then the session moves and its old part restarts, and only then the old part's position is taken.
#[tokio::test]
async fn a_session_that_moves_during_its_read_does_not_stay_fresh_by_its_old_part() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.moves_the_next_session();
    server.finds(&session).await;
    server.catches_up();
    // The new part misses a change.
    let stopped = server.stopped_elsewhere(&session);
    server.store.subscriber().restarted(PARTS[1]);
    server.catches_up();
    server.finds(&stopped).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_read_does_not_hold_up_other_listeners() {
    let server = Server::new();
    let (unreadable, other) = (server.created_elsewhere(), server.created_elsewhere());
    let mut listeners = Vec::new();
    for session in [&unreadable, &other] {
        let mut listener = server.service.listen(session.id).await.unwrap();
        assert!(matches!(next(&mut listener).await, Update::Session(_)));
        listeners.push(listener);
    }
    let _updates = server.keeps_listeners_current();
    server.store.cannot_read(unreadable.id, StoreError::unavailable("its node is down"));
    server.restarts();
    server.catches_up();
    server.reads(4).await;
    let stopped = server.stopped_elsewhere(&other);
    server.reports_without_record(&stopped);
    hears(&mut listeners[1], &stopped).await;
}

/// A read from before the change ends last.
#[tokio::test]
async fn a_detached_read_does_not_hide_that_a_session_is_unreadable() {
    let server = Server::new();
    let session = server.created_elsewhere();
    let mut listener = server.service.listen(session.id).await.unwrap();
    assert!(matches!(next(&mut listener).await, Update::Session(_)));
    server.time_passes(LONG);
    server.store.holds_back(true);
    let before = server.start_to_find(session.id);
    server.reads(2).await;
    server.store.cannot_read(session.id, newer_record(session.id));
    server.reports_without_record(&session.stopped(Timestamp::MAX));
    assert!(server.service.find(session.id).await.is_err());
    server.store.holds_back(false);
    assert_eq!(*answered(before).await.session.session(), session, "as it was at the time of the call");
    assert!(matches!(next(&mut listener).await, Update::Unreadable));
}

#[tokio::test]
async fn a_deleted_session_is_gone_for_callers_and_listeners() {
    for is_own in [true, false] {
        let server = Server::new();
        let session = server.created_elsewhere();
        server.finds(&session).await;
        let mut listener = server.service.listen(session.id).await.unwrap();
        assert!(matches!(next(&mut listener).await, Update::Session(_)));
        if is_own {
            server.service.delete(session.id, ANY_SESSION).await.unwrap();
        } else {
            server.store.remove(session.id);
        }
        server.store.subscriber().changed(StoreChange::Deleted { id: session.id });
        assert!(matches!(next(&mut listener).await, Update::Deleted));
        // A change that was under way, and is reported late.
        server.reports(&session.stopped(Timestamp::MAX));
        assert!(matches!(server.service.find(session.id).await, Err(ServiceError::NotFound(_))));
        let again = server.service.delete(session.id, ANY_SESSION).await;
        assert!(matches!(again, Err(ServiceError::NotFound(_))));
    }
}

/// The server has an older version in memory, and the caller names the one that the store has.
#[tokio::test]
async fn a_deletion_starts_over_if_the_session_has_changed_meanwhile() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let stopped = server.stopped_elsewhere(&session);
    let expected = |found: &ReadySession| *found.session() == stopped;
    server.service.delete(session.id, &expected).await.unwrap();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let stopped = server.stopped_elsewhere(&session);
    server.service.delete(session.id, ANY_SESSION).await.unwrap();
    assert!(matches!(server.service.find(stopped.id).await, Err(ServiceError::NotFound(_))));
    let session = server.created_elsewhere();
    let refused = server.service.delete(session.id, &|_| false).await;
    assert!(matches!(refused, Err(ServiceError::ChangedMeanwhile)));
    server.finds(&session).await;
}

/// The read has found the session before it was deleted, and its answer comes after that.
#[tokio::test]
async fn a_read_that_was_under_way_does_not_bring_a_deleted_session_back() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let service = server.service.clone();
    let id = session.id;
    let reading = tokio::spawn(async move { service.find(id).await });
    while server.store.reads() == 0 {
        tokio::task::yield_now().await;
    }
    server.store.remove(id);
    server.store.subscriber().changed(StoreChange::Deleted { id });
    server.store.holds_back(false);
    // A read that began before the deletion may still get the session.
    drop(reading.await.unwrap());
    assert!(matches!(server.service.find(id).await, Err(ServiceError::NotFound(_))));
}
