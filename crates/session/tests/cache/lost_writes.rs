//! Writes of this server that the store loses before it hears that they have succeeded.

use tickseed_session::{ANY_SESSION, Timestamp};

use super::*;

/// Starts to stop a session. The store takes the stop, and holds its answer back.
async fn start_to_stop(server: &Server, id: SessionId) -> JoinHandle<Result<Lookup, ServiceError>> {
    let (service, writes) = (server.service.clone(), server.store.writes());
    server.store.holds_back(true);
    let stopping = tokio::spawn(async move { service.stop(id, Some(Timestamp::MAX), ANY_SESSION).await });
    let is_written = async {
        while server.store.writes() == writes {
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, is_written).await.expect("the store is written");
    stopping
}

/// Loses a stop that the store has taken, and restarts the feed.
fn lose_stop(server: &Server, session: &Session) {
    server.store.put(session.clone());
    server.restarts();
    server.catches_up();
}

#[tokio::test]
async fn a_lost_write_does_not_replace_what_was_read_after_the_restart() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let stopping = start_to_stop(&server, session.id).await;
    lose_stop(&server, &session);
    let reads = server.store.reads();
    let finding = server.start_to_find(session.id);
    server.reads(reads + 1).await;
    server.store.holds_back(false);
    answered(finding).await;
    answered(stopping).await;
    server.finds(&session).await;
    // And so it stays, also once another write has taken the number of the lost one.
    let other = session.stopped(Timestamp::from_millis(1).unwrap());
    server.store.put(other.clone());
    server.reports(&other);
    server.finds(&other).await;
}

#[tokio::test]
async fn the_answer_to_a_write_that_is_not_lost_counts_after_a_restart() {
    let server = Server::new();
    let session = server.created_elsewhere();
    server.finds(&session).await;
    let stopping = start_to_stop(&server, session.id).await;
    server.restarts();
    server.catches_up();
    server.store.holds_back(false);
    let stopped = answered(stopping).await;
    server.finds(stopped.session.session()).await;
}
