//! A connection in use, and what becomes of it when the request that uses it is given up.

use std::sync::Arc;

use deadpool_postgres::tokio_postgres::Error;
use deadpool_postgres::tokio_postgres::error::SqlState;
use deadpool_postgres::{Object, PoolError};
use tokio::runtime::Handle;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, OwnedSemaphorePermit};

/// Leave to use a connection. Those of the pool are shared out so that writes that hang leave some for reads.
pub(super) type Leave = Vec<OwnedSemaphorePermit>;

/// A connection that is in use.
pub(super) struct Lease {
    /// Missing once it has been given back or closed.
    connection: Option<(Object, Leave)>,
    thread: Handle,
    /// Tells that nobody waits any more for answers to requests that were given up.
    must_end: Arc<Notify>,
}

impl Lease {
    pub(super) const fn new(connection: Object, leave: Leave, thread: Handle, must_end: Arc<Notify>) -> Self {
        Self { connection: Some((connection, leave)), thread, must_end }
    }

    /// Asks, and gives the connection back to the pool if it can be used again.
    pub(super) async fn ask<T>(
        mut self,
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, PoolError> {
        let Some((connection, _)) = &self.connection else { return Err(PoolError::Closed) };
        let answer = work(connection).await.map_err(PoolError::Backend);
        if let Some((connection, _leave)) = self.connection.take()
            && !answer.as_ref().err().is_none_or(leaves_the_connection_alone)
        {
            close(connection);
        }
        answer
    }
}

impl Drop for Lease {
    /// The request has been given up, but PostgreSQL goes on with it. The connection stays in use until it answers: with a new one
    /// for each request, those that wait for a lock or for a standby would fill PostgreSQL.
    fn drop(&mut self) {
        if let Some((connection, leave)) = self.connection.take() {
            let must_end = Arc::clone(&self.must_end).notified_owned();
            self.thread.spawn(wait_for_answer(connection, leave, must_end));
        }
    }
}

async fn wait_for_answer(connection: Object, _leave: Leave, must_end: OwnedNotified) {
    let answers = tokio::select! {
        // It is answered after the request before it.
        answer = connection.simple_query("") => answer.is_ok(),
        () = must_end => false,
    };
    if !answers {
        close(connection);
    }
}

/// Takes a connection out of the pool.
fn close(connection: Object) {
    drop(Object::take(connection));
}

/// Returns whether an error is only about a statement, so that the connection can be used again.
fn leaves_the_connection_alone(error: &PoolError) -> bool {
    let PoolError::Backend(error) = error else { return false };
    error.code().is_some_and(|code| *code != SqlState::READ_ONLY_SQL_TRANSACTION) && !error.is_closed()
}
