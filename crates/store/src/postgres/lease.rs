//! A connection in use, and what becomes of it when the request that uses it is given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use deadpool_postgres::tokio_postgres::Error;
use deadpool_postgres::tokio_postgres::error::SqlState;
use deadpool_postgres::{Object, PoolError};
use tokio::runtime::Handle;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, OwnedSemaphorePermit};

/// Leave to use a connection. Those of the pool are shared out so that writes that hang leave some for reads.
pub(super) type Leave = Vec<OwnedSemaphorePermit>;

/// What the connections in use have in common.
pub(super) struct Leases {
    /// Where connections wait for answers that nobody else waits for, and where they are made.
    pub(super) thread: Handle,
    /// A connection has been given back, or made for a request that no longer needs it.
    is_free: Notify,
    /// Nobody waits any more for answers to requests that were given up.
    must_end: Arc<Notify>,
    /// How often all connections were to be replaced.
    replacements: AtomicU64,
}

impl Leases {
    pub(super) fn new(thread: Handle) -> Self {
        Self { thread, is_free: Notify::new(), must_end: Arc::default(), replacements: AtomicU64::new(0) }
    }

    /// Waits until a connection may be free. Another request may take it first.
    pub(super) async fn is_free(&self) {
        self.is_free.notified().await;
    }

    /// Gives a connection back to the pool.
    pub(super) fn give_back(&self, connection: Object) {
        drop(connection);
        self.is_free.notify_one();
    }

    /// Waits for [`end_given_up`](Self::end_given_up), from now on.
    pub(super) fn must_end(&self) -> OwnedNotified {
        Arc::clone(&self.must_end).notified_owned()
    }

    /// Closes the connections that only wait for the answers to requests that were given up, and gives up logins that have begun.
    pub(super) fn end_given_up(&self) {
        self.must_end.notify_waiters();
    }

    /// Has the connections in use closed as soon as they are not in use any more.
    pub(super) fn replace_all(&self) {
        self.replacements.fetch_add(1, Ordering::Relaxed);
        self.end_given_up();
    }

    /// How often all connections were to be replaced.
    pub(super) fn replacements(&self) -> u64 {
        self.replacements.load(Ordering::Relaxed)
    }
}

/// A connection that is in use.
pub(super) struct Lease {
    /// Missing once it has been given back or closed.
    connection: Option<(Object, Leave)>,
    /// An answer is due, so nobody else can ask.
    is_asking: bool,
    /// [`Leases::replacements`] when the connection was asked for.
    since: u64,
    leases: Arc<Leases>,
}

impl Lease {
    pub(super) const fn new(connection: Object, leave: Leave, since: u64, leases: Arc<Leases>) -> Self {
        Self { connection: Some((connection, leave)), is_asking: false, since, leases }
    }

    /// Asks. If the connection cannot be used again after that, it is closed.
    pub(super) async fn ask<T>(
        &mut self,
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, PoolError> {
        let Some((connection, _)) = &self.connection else { return Err(PoolError::Closed) };
        self.is_asking = true;
        let answer = work(connection).await.map_err(PoolError::Backend);
        self.is_asking = false;
        if !answer.as_ref().err().is_none_or(leaves_the_connection_alone)
            && let Some((connection, _leave)) = self.connection.take()
        {
            close(connection);
        }
        answer
    }

    /// Returns whether another question can be asked.
    pub(super) fn is_usable(&self) -> bool {
        self.is_current() && self.connection.as_ref().is_some_and(|(connection, _)| !connection.is_closed())
    }

    fn is_current(&self) -> bool {
        self.since == self.leases.replacements()
    }
}

impl Drop for Lease {
    /// If a request is given up, PostgreSQL goes on with it. The connection stays in use until it answers: with a new one for each
    /// request, those that wait for a lock or for a standby would fill PostgreSQL.
    fn drop(&mut self) {
        let is_current = self.is_current();
        let Some((connection, leave)) = self.connection.take() else { return };
        if self.is_asking {
            let leases = Arc::clone(&self.leases);
            let must_end = leases.must_end();
            self.leases.thread.spawn(wait_for_answer(connection, leave, leases, must_end));
        } else if is_current {
            self.leases.give_back(connection);
        } else {
            close(connection);
        }
    }
}

async fn wait_for_answer(connection: Object, _leave: Leave, leases: Arc<Leases>, must_end: OwnedNotified) {
    let answers = tokio::select! {
        // It is answered after the request before it.
        answer = connection.simple_query("") => answer.is_ok(),
        () = must_end => false,
    };
    if answers {
        leases.give_back(connection);
    } else {
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
