//! When a lookup reads the store.

use std::sync::Arc;
use std::time::Duration;

use tickseed_engine::{Rules, Schedule};
use tickseed_session::{
    ANY_SESSION, Lookup, NewSession, Notice, ServiceError, Session, StoreChange, Timestamp, plain_schedule,
};
use tokio::task::JoinHandle;

use super::{LONG, Server, answered};
use tickseed_session::acceptance::{now, session};

#[tokio::test]
async fn a_session_is_read_once_while_the_feed_catches_up() {
    let server = Server::new();
    let session = server.created_elsewhere();
    for _ in 0..100 {
        server.finds(&session).await;
        server.time_passes(Duration::from_millis(50));
        server.catches_up();
    }
    server.has_read(1);
}

#[tokio::test]
async fn each_find_reads_the_store_until_the_feed_has_caught_up() {
    let server = Server::before_the_feed_starts(64);
    let session = server.created_elsewhere();
    server.finds(&session).await;
    server.finds(&session).await;
    server.has_read(2);
    server.restarts();
    server.finds(&session).await;
    server.finds(&session).await;
    server.has_read(4);
    server.catches_up();
    server.finds(&session).await;
    server.has_read(4);
    server.time_passes(LONG);
    let stopped = server.stopped_elsewhere(&session);
    server.finds(&stopped).await;
    server.finds(&stopped).await;
    server.has_read(6);
    server.catches_up();
    server.finds(&stopped).await;
    server.has_read(6);
}

#[tokio::test]
async fn a_reported_session_needs_no_read() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let stopped = server.stopped_elsewhere(&session);
    server.reports(&stopped);
    server.finds(&stopped).await;
    // A report that comes late or twice changes nothing.
    server.reports(&stopped);
    server.reports(&session);
    server.finds(&stopped).await;
    server.has_read(1);
}

#[tokio::test]
async fn a_reported_session_that_nobody_asks_for_is_not_cached() {
    let server = Server::new();
    let stopped = server.stopped_elsewhere(&session(0));
    server.reports(&stopped);
    server.finds(&stopped).await;
    server.has_read(1);
}

#[tokio::test]
async fn concurrent_callers_share_one_read() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let finding: Vec<_> = (0..50).map(|_| server.start_to_find(session.id)).collect();
    server.reads(1).await;
    // Lets every task start its lookup.
    tokio::task::yield_now().await;
    server.store.holds_back(false);
    let mut found = Vec::new();
    for finding in finding {
        found.push(answered(finding).await.session);
    }
    assert!(found.iter().all(|one| Arc::ptr_eq(one, &found[0])));
    assert_eq!(*found[0].session(), session);
    server.has_read(1);
}

#[tokio::test]
async fn a_change_reported_during_a_read_wins_over_an_older_result() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let finding = server.start_to_find(session.id);
    server.reads(1).await;
    let stopped = server.stopped_elsewhere(&session);
    server.reports(&stopped);
    server.store.holds_back(false);
    assert_eq!(*answered(finding).await.session.session(), stopped);
    server.finds(&stopped).await;
    server.has_read(1);
}

#[tokio::test]
async fn the_result_of_a_read_wins_over_an_older_report() {
    let server = Server::new();
    let session = server.created_elsewhere();
    let stopped = server.stopped_elsewhere(&session);
    server.store.holds_back(true);
    let finding = server.start_to_find(session.id);
    server.reads(1).await;
    server.reports(&session);
    server.store.holds_back(false);
    assert_eq!(*answered(finding).await.session.session(), stopped);
    server.finds(&stopped).await;
}

#[tokio::test]
async fn every_session_is_read_again_after_a_restart_of_the_feed() {
    let server = Server::new();
    let sessions: Vec<_> = (0..3).map(|_| server.created_elsewhere()).collect();
    for session in &sessions {
        server.finds(session).await;
    }
    server.has_read(3);
    // The feed does not report this change.
    let missed = server.stopped_elsewhere(&sessions[0]);
    server.restarts();
    server.catches_up();
    for session in [&missed, &sessions[1], &sessions[2]] {
        server.finds(session).await;
        server.finds(session).await;
    }
    server.has_read(6);
}

#[tokio::test]
async fn a_session_read_during_a_restart_is_read_again() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let finding = server.start_to_find(session.id);
    server.reads(1).await;
    let missed = server.stopped_elsewhere(&session);
    server.restarts();
    server.catches_up();
    server.store.holds_back(false);
    assert_eq!(*answered(finding).await.session.session(), session, "as it was when it was read");
    server.finds(&missed).await;
    server.has_read(2);
}

#[tokio::test]
async fn a_caller_after_a_restart_does_not_share_a_read_from_before() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let before = server.start_to_find(session.id);
    server.reads(1).await;
    let missed = server.stopped_elsewhere(&session);
    server.restarts();
    server.catches_up();
    let afterwards = server.start_to_find(session.id);
    server.reads(2).await;
    server.store.holds_back(false);
    assert_eq!(*answered(afterwards).await.session.session(), missed);
    assert_eq!(*answered(before).await.session.session(), session);
    server.finds(&missed).await;
    server.has_read(2);
}

#[tokio::test]
async fn a_missing_session_is_looked_up_each_time() {
    let server = Server::new();
    let id = session(0).id;
    for reads in 1..=2 {
        assert!(matches!(server.service.find(id).await, Err(ServiceError::NotFound(_))));
        server.has_read(reads);
    }
    let session = server.created_elsewhere();
    server.finds(&session).await;
}

pub(super) fn new() -> NewSession {
    NewSession {
        created_at: now(),
        seed: None,
        schedule: plain_schedule(Schedule::new(0, 1).unwrap()),
        notice: Notice::NONE,
        rules: Rules::default(),
        metadata: None,
        time_to_live: None,
    }
}

#[tokio::test]
async fn sessions_written_by_this_server_need_no_read() {
    let server = Server::new();
    let created = server.service.create(new()).await.unwrap().session;
    let id = created.session().id;
    assert!(Arc::ptr_eq(&server.service.find(id).await.unwrap().session, &created));
    let stopped = server.service.stop(id, None, ANY_SESSION).await.unwrap().session;
    assert_eq!(stopped.session().revision.get(), 2);
    assert!(Arc::ptr_eq(&server.service.find(id).await.unwrap().session, &stopped));
    server.has_read(0);
}

#[tokio::test]
async fn a_session_created_during_a_restart_is_read() {
    let server = Server::new();
    server.store.holds_back(true);
    let service = server.service.clone();
    let creating = tokio::spawn(async move { service.create(new()).await });
    while server.store.writes() == 0 {
        tokio::task::yield_now().await;
    }
    server.restarts();
    server.catches_up();
    server.store.holds_back(false);
    let created = creating.await.unwrap().unwrap();
    let missed = server.stopped_elsewhere(created.session.session());
    server.finds(&missed).await;
    server.has_read(1);
}

/// Starts to create a session, and returns it once the store has it but has not acknowledged it.
async fn create_unacknowledged(server: &Server) -> (Session, JoinHandle<Result<Lookup, ServiceError>>) {
    server.store.holds_back(true);
    let service = server.service.clone();
    let creating = tokio::spawn(async move { service.create(new()).await });
    while server.store.writes() == 0 {
        tokio::task::yield_now().await;
    }
    (server.store.only_session(), creating)
}

#[tokio::test]
async fn a_stop_reported_before_the_creation_is_acknowledged_counts() {
    let server = Server::new();
    let (created, creating) = create_unacknowledged(&server).await;
    let stopped = server.stopped_elsewhere(&created);
    server.reports(&stopped);
    // A report that comes late changes nothing.
    server.reports(&created);
    server.store.holds_back(false);
    assert_eq!(*creating.await.unwrap().unwrap().session.session(), created, "as the caller has created it");
    server.finds(&stopped).await;
    server.has_read(0);
}

#[tokio::test]
async fn a_stop_reported_without_its_record_before_the_creation_is_acknowledged_counts() {
    let server = Server::new();
    let (created, creating) = create_unacknowledged(&server).await;
    let stopped = server.stopped_elsewhere(&created);
    server.reports_without_record(&stopped);
    server.store.holds_back(false);
    creating.await.unwrap().unwrap();
    server.finds(&stopped).await;
    server.has_read(1);
}

#[tokio::test]
async fn a_removal_reported_before_the_creation_is_acknowledged_counts() {
    let server = Server::new();
    let (created, creating) = create_unacknowledged(&server).await;
    server.store.remove(created.id);
    server.store.subscriber().changed(StoreChange::Removed { id: created.id });
    server.store.holds_back(false);
    creating.await.unwrap().unwrap();
    assert!(matches!(server.service.find(created.id).await, Err(ServiceError::NotFound(_))));
}

#[tokio::test]
async fn a_change_reported_during_an_abandoned_creation_does_no_harm() {
    let server = Server::new();
    let (created, creating) = create_unacknowledged(&server).await;
    let stopped = server.stopped_elsewhere(&created);
    server.reports(&stopped);
    creating.abort();
    assert!(creating.await.unwrap_err().is_cancelled());
    server.store.holds_back(false);
    server.finds(&stopped).await;
    server.has_read(1);
}

/// The later stop is reported while the store has yet to acknowledge the earlier one.
#[tokio::test]
async fn a_stop_reported_before_another_one_is_acknowledged_counts() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    server.store.holds_back(true);
    let (service, id) = (server.service.clone(), session.id);
    let stopping = tokio::spawn(async move { service.stop(id, Some(Timestamp::MAX), ANY_SESSION).await });
    while server.store.writes() == 0 {
        tokio::task::yield_now().await;
    }
    let newest = server.stopped_elsewhere(&session.stopped(now()));
    server.reports(&newest);
    server.store.holds_back(false);
    assert_eq!(stopping.await.unwrap().unwrap().session.session().revision.get(), 2);
    server.finds(&newest).await;
    server.has_read(1);
}

#[tokio::test]
async fn a_stop_that_loses_a_race_reads_the_session_from_the_store() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    // The feed has yet to report this.
    let stopped = session.stopped(now());
    server.store.put(stopped.clone());
    let refused = server.service.stop(session.id, None, ANY_SESSION).await;
    assert!(matches!(refused, Err(ServiceError::AlreadyStopped { .. })), "{refused:?}");
    server.finds(&stopped).await;
    server.has_read(2);
}
