//! Sessions in memory when the store has no change feed.

use std::time::Duration;

use tickseed_session::acceptance::DEADLINE;
use tickseed_session::{Lookup, Notice};
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
    let Lookup { session: found, age } = server.service.find(session.id).await.unwrap();
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
    assert!(matches!(listener.next().await, Notice::Session(_)));
    let stopped = server.stopped_elsewhere(&session);
    server.time_passes(LONG);
    let heard = timeout(DEADLINE, listener.next()).await.expect("the store is polled");
    let Notice::Session(heard) = heard else { panic!("the session is still there") };
    assert_eq!(*heard.session(), stopped);
    updates.abort();
}
