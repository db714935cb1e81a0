//! The memory that the cache takes.

use serde_json::Map;
use tickseed_session::{ANY_SESSION, Metadata, NewSession, ReadySession, ServiceError, Session};

use super::{LONG, Server};
use tickseed_session::acceptance::session;

#[tokio::test]
async fn a_cache_of_size_0_keeps_nothing_and_answers_correctly() {
    let server = Server::with_megabytes(0);
    let session = server.created_elsewhere();
    server.finds(&session).await;
    server.finds(&session).await;
    server.has_read(2);
    let stopped = server.service.stop(session.id, None, ANY_SESSION).await.unwrap().session;
    server.finds(stopped.session()).await;
    server.has_read(4);
    server.store.fails(true);
    assert!(matches!(server.service.find(session.id).await, Err(ServiceError::Store(_))));
}

#[tokio::test]
async fn concurrent_callers_share_a_read_and_its_reports_even_without_a_cache() {
    let server = Server::with_megabytes(0);
    let session = server.created_elsewhere();
    server.store.holds_back(true);
    let finding: Vec<_> = (0..10).map(|_| server.start_to_find(session.id)).collect();
    server.reads(1).await;
    tokio::task::yield_now().await;
    let stopped = server.stopped_elsewhere(&session);
    server.reports(&stopped);
    server.store.holds_back(false);
    for finding in finding {
        assert_eq!(*super::answered(finding).await.session.session(), stopped);
    }
    server.has_read(1);
}

/// Makes a session with as much metadata as possible.
fn large() -> Session {
    let text = "m".repeat(16 * 1024 - r#"{"a":""}"#.len());
    let metadata = Map::from_iter([("a".to_owned(), text.into())]);
    Session { metadata: Some(Metadata::new(&metadata).unwrap()), ..session(0) }
}

#[tokio::test]
async fn a_full_cache_forgets_sessions_and_reads_them_again() {
    const SESSIONS: u64 = 200;
    const MEGABYTES: u32 = 4;
    let server = Server::with_megabytes(MEGABYTES);
    let sessions: Vec<_> = (0..SESSIONS).map(|_| large()).collect();
    for session in &sessions {
        server.store.put(session.clone());
        server.finds(session).await;
    }
    server.has_read(SESSIONS);
    // The failing store leaves only memory to answer, so the lookups do not change the cache.
    server.store.fails(true);
    server.time_passes(LONG);
    let mut cached = 0;
    for session in &sessions {
        cached += u64::from(server.service.find(session.id).await.is_ok());
    }
    let (size, taken) = (u64::from(MEGABYTES) << 20, cached * ReadySession::new(large()).bytes());
    assert!(taken <= size && taken >= size / 2, "{cached} sessions take {taken} of {size}");

    server.store.fails(false);
    server.catches_up();
    let before = server.store.reads();
    for session in &sessions {
        server.finds(session).await;
    }
    assert!(server.store.reads() - before >= SESSIONS - cached, "the uncached sessions are read again");
}

#[tokio::test]
async fn sessions_that_are_created_and_never_asked_for_drive_out_none_that_is_read() {
    const READ: usize = 16;
    const CREATED: usize = 400;
    const MEGABYTES: u32 = 4;
    let server = Server::with_megabytes(MEGABYTES);
    let metadata = large().metadata;
    let create = async || {
        let new = NewSession { metadata: metadata.clone(), ..super::reads::new() };
        server.service.create(new).await.unwrap().session.session().clone()
    };
    let mut read = Vec::new();
    for _ in 0..READ {
        let session = create().await;
        server.finds(&session).await;
        read.push(session);
    }
    for _ in 0..CREATED {
        create().await;
    }
    for session in &read {
        server.finds(session).await;
    }
    server.has_read(0);
    let (bytes, one) = (server.service.cache_statistics().bytes, ReadySession::new(read[0].clone()).bytes());
    let unread = bytes - READ as u64 * one;
    assert!(
        unread <= u64::from(MEGABYTES << 20) / 8,
        "{unread} bytes for sessions that nobody has asked for"
    );
}
