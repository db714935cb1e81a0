//! When the store is read.

use std::sync::Arc;
use std::time::Duration;

use tickseed_engine::{Rules, Schedule};
use tickseed_server::session::{NewSession, ServiceError, Timestamp};

use super::{LONG, Server, answered};
use crate::acceptance::session;
use crate::support::NOW;

#[tokio::test]
async fn a_session_is_read_once_while_the_news_are_proved() {
    let server = Server::new();
    let session = server.created_elsewhere();
    for _ in 0..100 {
        server.finds(&session).await;
        server.time_passes(Duration::from_millis(50));
        server.proves();
    }
    server.has_read(1);
}

#[tokio::test]
async fn each_find_reads_the_store_while_the_news_are_not_proved() {
    let server = Server::without_news(64);
    let session = server.created_elsewhere();
    server.finds(&session).await;
    server.finds(&session).await;
    server.has_read(2);
    server.begins();
    server.finds(&session).await;
    server.finds(&session).await;
    server.has_read(4);
    server.proves();
    server.finds(&session).await;
    server.has_read(4);
    server.time_passes(LONG);
    let stopped = server.stopped_elsewhere(&session);
    server.finds(&stopped).await;
    server.finds(&stopped).await;
    server.has_read(6);
    server.proves();
    server.finds(&stopped).await;
    server.has_read(6);
}

#[tokio::test]
async fn a_session_that_was_told_needs_no_read() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let stopped = server.stopped_elsewhere(&session);
    server.tells(&stopped);
    server.finds(&stopped).await;
    // News that come late or twice change nothing.
    server.tells(&stopped);
    server.tells(&session);
    server.finds(&stopped).await;
    server.has_read(1);
}

#[tokio::test]
async fn news_of_a_session_that_nobody_asks_for_are_not_kept() {
    let server = Server::new();
    let stopped = server.stopped_elsewhere(&session(0));
    server.tells(&stopped);
    server.finds(&stopped).await;
    server.has_read(1);
}

#[tokio::test]
async fn many_who_ask_at_once_share_one_read() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let finding: Vec<_> = (0..50).map(|_| server.start_to_find(session.id)).collect();
    server.reads(1).await;
    // All have been started, so all have asked.
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
async fn what_is_told_while_the_store_is_read_wins_over_what_was_read() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let finding = server.start_to_find(session.id);
    server.reads(1).await;
    let stopped = server.stopped_elsewhere(&session);
    server.tells(&stopped);
    server.store.holds_back(false);
    assert_eq!(*answered(finding).await.session.session(), stopped);
    server.finds(&stopped).await;
    server.has_read(1);
}

#[tokio::test]
async fn what_is_read_wins_over_older_news() {
    let server = Server::new();
    let session = server.created_elsewhere();
    let stopped = server.stopped_elsewhere(&session);
    server.store.holds_back(true);
    let finding = server.start_to_find(session.id);
    server.reads(1).await;
    server.tells(&session);
    server.store.holds_back(false);
    assert_eq!(*answered(finding).await.session.session(), stopped);
    server.finds(&stopped).await;
}

#[tokio::test]
async fn everything_is_read_anew_once_the_news_were_lost() {
    let server = Server::new();
    let sessions: Vec<_> = (0..3).map(|_| server.created_elsewhere()).collect();
    for session in &sessions {
        server.finds(session).await;
    }
    server.has_read(3);
    // Nobody tells of this one.
    let missed = server.stopped_elsewhere(&sessions[0]);
    server.begins();
    server.proves();
    for session in [&missed, &sessions[1], &sessions[2]] {
        server.finds(session).await;
        server.finds(session).await;
    }
    server.has_read(6);
}

#[tokio::test]
async fn what_was_read_while_the_news_were_lost_is_read_again() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let finding = server.start_to_find(session.id);
    server.reads(1).await;
    let missed = server.stopped_elsewhere(&session);
    server.begins();
    server.proves();
    server.store.holds_back(false);
    assert_eq!(*answered(finding).await.session.session(), session, "as it was when it was asked for");
    server.finds(&missed).await;
    server.has_read(2);
}

#[tokio::test]
async fn who_asks_after_the_news_were_lost_does_not_share_a_read_from_before() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let before = server.start_to_find(session.id);
    server.reads(1).await;
    let missed = server.stopped_elsewhere(&session);
    server.begins();
    server.proves();
    let afterwards = server.start_to_find(session.id);
    server.reads(2).await;
    server.store.holds_back(false);
    assert_eq!(*answered(afterwards).await.session.session(), missed);
    assert_eq!(*answered(before).await.session.session(), session);
    server.finds(&missed).await;
    server.has_read(2);
}

#[tokio::test]
async fn a_session_that_is_not_there_is_looked_for_each_time() {
    let server = Server::new();
    let id = session(0).id;
    for reads in 1..=2 {
        assert!(matches!(server.service.find(id).await, Err(ServiceError::NotFound(_))));
        server.has_read(reads);
    }
    let session = server.created_elsewhere();
    server.finds(&session).await;
}

fn new() -> NewSession {
    NewSession {
        created_at: Timestamp::parse(NOW).unwrap(),
        seed: None,
        schedule: Schedule::new(0, 1).unwrap(),
        rules: Rules::default(),
        metadata: None,
        time_to_live: None,
    }
}

#[tokio::test]
async fn what_this_server_has_written_needs_no_read() {
    let server = Server::new();
    let created = server.service.create(new()).await.unwrap();
    let id = created.session().id;
    assert!(Arc::ptr_eq(&server.service.find(id).await.unwrap().session, &created));
    let stopped = server.service.stop(id, None).await.unwrap();
    assert_eq!(stopped.session().revision, 2);
    assert!(Arc::ptr_eq(&server.service.find(id).await.unwrap().session, &stopped));
    server.has_read(0);
}

#[tokio::test]
async fn what_was_written_while_the_news_were_lost_is_read() {
    let server = Server::new();
    server.store.holds_back(true);
    let service = server.service.clone();
    let creating = tokio::spawn(async move { service.create(new()).await });
    while server.store.writes() == 0 {
        tokio::task::yield_now().await;
    }
    server.begins();
    server.proves();
    server.store.holds_back(false);
    let created = creating.await.unwrap().unwrap();
    let missed = server.stopped_elsewhere(created.session());
    server.finds(&missed).await;
    server.has_read(1);
}

#[tokio::test]
async fn a_stop_that_somebody_else_was_faster_with_is_read_from_the_store() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    // The news of it are still under way.
    let stopped = session.stopped(Timestamp::parse(NOW).unwrap());
    server.store.put(stopped.clone());
    let refused = server.service.stop(session.id, None).await;
    assert!(matches!(refused, Err(ServiceError::AlreadyStopped { .. })), "{refused:?}");
    server.finds(&stopped).await;
    server.has_read(2);
}
