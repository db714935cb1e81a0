//! Lookups when the store fails or a caller goes away.

use tickseed_session::{Lookup, ServiceError};

use super::{LONG, Server, answered};
use tickseed_session::acceptance::session;

#[tokio::test]
async fn memory_answers_with_an_age_while_the_store_fails() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    server.store.fails(true);
    server.finds(&session).await;
    server.time_passes(LONG);
    let Lookup { session: found, age, .. } = server.service.find(session.id).await.unwrap();
    assert_eq!((found.session(), age), (&session, Some(LONG)));
    server.catches_up();
    server.time_passes(LONG);
    assert_eq!(
        server.service.find(session.id).await.unwrap().age,
        Some(LONG),
        "the age counts from when the feed last caught up"
    );
    server.restarts();
    server.catches_up();
    assert_eq!(
        server.service.find(session.id).await.unwrap().age,
        Some(2 * LONG),
        "after a restart the feed proves nothing about the session"
    );

    server.store.fails(false);
    let stopped = server.stopped_elsewhere(&session);
    server.finds(&stopped).await;
}

#[tokio::test]
async fn a_failing_store_is_an_error_for_sessions_that_are_not_in_memory() {
    let server = Server::new();
    let (existing, missing) = (server.created_elsewhere(), session(0));
    server.store.fails(true);
    for id in [existing.id, missing.id] {
        assert!(matches!(server.service.find(id).await, Err(ServiceError::Store(_))));
    }
    server.store.fails(false);
    server.finds(&existing).await;
}

#[tokio::test]
async fn concurrent_callers_share_one_failure() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.fails(true);
    server.store.holds_back(true);
    let finding: Vec<_> = (0..10).map(|_| server.start_to_find(session.id)).collect();
    server.reads(1).await;
    tokio::task::yield_now().await;
    server.store.holds_back(false);
    for finding in finding {
        assert!(matches!(finding.await.unwrap(), Err(ServiceError::Store(_))));
    }
    server.has_read(1);
    server.store.fails(false);
    server.finds(&session).await;
}

#[tokio::test]
async fn a_session_is_read_again_after_its_only_caller_goes_away() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    for reads in 1..=3 {
        let finding = server.start_to_find(session.id);
        server.reads(reads).await;
        finding.abort();
        assert!(finding.await.unwrap_err().is_cancelled());
    }
    server.store.holds_back(false);
    server.finds(&session).await;
    server.has_read(4);
    server.finds(&session).await;
    server.has_read(4);
}

#[tokio::test]
async fn a_shared_read_continues_after_the_caller_that_started_it_goes_away() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let first = server.start_to_find(session.id);
    server.reads(1).await;
    let second = server.start_to_find(session.id);
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    server.store.holds_back(false);
    assert_eq!(*answered(second).await.session.session(), session);
    server.has_read(1);
}

#[tokio::test]
async fn a_change_reported_during_an_abandoned_read_does_no_harm() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let finding = server.start_to_find(session.id);
    server.reads(1).await;
    let stopped = server.stopped_elsewhere(&session);
    server.reports(&stopped);
    finding.abort();
    assert!(finding.await.unwrap_err().is_cancelled());
    server.store.holds_back(false);
    server.finds(&stopped).await;
    server.has_read(2);
}
