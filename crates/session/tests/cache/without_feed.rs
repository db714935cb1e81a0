//! Sessions in memory when the store has no change feed.

use std::time::Duration;

use tickseed_session::acceptance::{DEADLINE, now};
use tickseed_session::{ANY_SESSION, Lookup, StoreError, Update};
use tokio::time::timeout;

use super::scripted_store::ScriptedStore;
use super::{LONG, Server};

fn server() -> Server {
    Server::over(ScriptedStore::default(), 64)
}

#[tokio::test]
async fn a_session_is_trusted_for_a_tenth_of_a_second() {
    let server = server();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    server.time_passes(Duration::from_millis(100));
    server.finds(&session).await;
    server.has_read(1);
    let stopped = server.stopped_elsewhere(&session);
    server.time_passes(Duration::from_millis(1));
    server.finds(&stopped).await;
    server.has_read(2);
}

#[tokio::test]
async fn memory_answers_with_an_age_while_the_store_fails() {
    let server = server();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    server.store.fails(true);
    server.time_passes(LONG);
    let Lookup { session: found, age, .. } = server.service.find(session.id).await.unwrap();
    assert_eq!((found.session(), age), (&session, Some(LONG)));
}

/// The paused runtime advances its time whenever all tasks wait for a timer.
#[tokio::test(start_paused = true)]
async fn listeners_hear_of_changes_by_polling() {
    let server = server();
    let session = server.created_elsewhere();
    let service = server.service.clone();
    let updates = tokio::spawn(async move { service.keep_listeners_current().await });
    let mut listener = server.service.listen(session.id).await.unwrap();
    assert!(matches!(listener.next().await, Update::Session(_)));
    let stopped = server.stopped_elsewhere(&session);
    server.time_passes(LONG);
    let heard = timeout(DEADLINE, listener.next()).await.expect("the store is polled");
    let Update::Session(heard) = heard else { panic!("the session is still there") };
    assert_eq!(*heard.session(), stopped);
    updates.abort();
}

#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_read_does_not_stop_the_polling() {
    let server = server();
    let (unreadable, other) = (server.created_elsewhere(), server.created_elsewhere());
    let service = server.service.clone();
    let updates = tokio::spawn(async move { service.keep_listeners_current().await });
    let _silent = server.service.listen(unreadable.id).await.unwrap();
    let mut listener = server.service.listen(other.id).await.unwrap();
    assert!(matches!(listener.next().await, Update::Session(_)));
    server.store.cannot_read(unreadable.id, StoreError::unavailable("it fails"));
    server.time_passes(LONG);
    server.reads(3).await;
    let stopped = server.stopped_elsewhere(&other);
    server.time_passes(LONG);
    let heard = timeout(DEADLINE, listener.next()).await.expect("the store is polled");
    let Update::Session(heard) = heard else { panic!("it is stopped") };
    assert_eq!(*heard.session(), stopped);
    updates.abort();
}

/// The write takes effect at once, and its answer comes late.
#[tokio::test]
async fn a_session_is_trusted_from_the_start_of_its_own_write() {
    let server = server();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    server.store.holds_back(true);
    let (service, id) = (server.service.clone(), session.id);
    let stopping = tokio::spawn(async move { service.stop(id, None, ANY_SESSION).await });
    while server.store.writes() == 0 {
        tokio::task::yield_now().await;
    }
    let other = server.stopped_elsewhere(&session.stopped(now()));
    server.time_passes(LONG);
    server.store.holds_back(false);
    stopping.await.unwrap().unwrap();
    server.finds(&other).await;
}
