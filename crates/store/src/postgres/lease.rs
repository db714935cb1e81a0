//! A connection in use, and what becomes of it when the request that uses it is given up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use deadpool_postgres::tokio_postgres::Error;
use deadpool_postgres::tokio_postgres::error::SqlState;
use deadpool_postgres::{Object, PoolError};
use tokio::runtime::Handle;
use tokio::sync::futures::{Notified, OwnedNotified};
use tokio::sync::{Notify, OwnedSemaphorePermit};

/// Leave to use a connection. Those of the pool are shared out so that writes that hang leave some for reads.
pub(super) type Leave = Vec<OwnedSemaphorePermit>;

/// What the connections in use have in common.
pub(super) struct Leases {
    /// Where connections wait for answers that nobody else waits for, and where they are made.
    pub(super) thread: Handle,
    /// A connection has been given back, or made for a request that no longer needs it.
    is_free: Notify,
    /// Nobody waits any more for answers to requests that were given up, or for their logins.
    must_end: Arc<Notify>,
    /// All connections are to be replaced.
    are_replaced: Arc<Notify>,
    /// When all connections were last to be replaced.
    replaced_at: Mutex<Option<Instant>>,
}

impl Leases {
    pub(super) fn new(thread: Handle) -> Self {
        Self {
            thread,
            is_free: Notify::new(),
            must_end: Arc::default(),
            are_replaced: Arc::default(),
            replaced_at: Mutex::default(),
        }
    }

    /// Completes when a connection may be free. Another request may take it first.
    pub(super) fn is_free(&self) -> Notified<'_> {
        self.is_free.notified()
    }

    /// Gives a connection back to the pool, or closes it if it is to be replaced.
    pub(super) fn give_back(&self, connection: Object) {
        if self.is_current(Object::metrics(&connection).created) {
            drop(connection);
        } else {
            close(connection);
        }
        self.is_free.notify_one();
    }

    /// Returns whether a connection that was made then is not to be replaced.
    pub(super) fn is_current(&self, made_at: Instant) -> bool {
        self.replaced_at().is_none_or(|replaced_at| replaced_at < made_at)
    }

    fn replaced_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.replaced_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for [`replace_all`](Self::replace_all), from now on.
    pub(super) fn are_replaced(&self) -> OwnedNotified {
        Arc::clone(&self.are_replaced).notified_owned()
    }

    /// Waits for [`end_given_up`](Self::end_given_up), from now on.
    pub(super) fn must_end(&self) -> OwnedNotified {
        Arc::clone(&self.must_end).notified_owned()
    }

    /// Closes the connections that only wait for the answers to requests that were given up, and gives up the logins of requests.
    pub(super) fn end_given_up(&self) {
        self.must_end.notify_waiters();
    }

    /// Has the connections in use closed as soon as they are not in use any more, and gives up all logins that have begun.
    pub(super) fn replace_all(&self) {
        *self.replaced_at() = Some(Instant::now());
        self.are_replaced.notify_waiters();
        self.end_given_up();
    }
}

/// A connection that has been made. If nobody takes it, the pool has it.
pub(super) struct Made {
    connection: Option<Object>,
    leases: Arc<Leases>,
}

impl Made {
    pub(super) const fn new(connection: Object, leases: Arc<Leases>) -> Self {
        Self { connection: Some(connection), leases }
    }

    pub(super) fn take(mut self) -> Option<Object> {
        self.connection.take()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.leases.give_back(connection);
        }
    }
}

/// A connection that is in use.
pub(super) struct Lease {
    /// Missing once it has been given back or closed.
    connection: Option<(Object, Leave)>,
    /// An answer is due, so nobody else can ask.
    is_asking: bool,
    made_at: Instant,
    leases: Arc<Leases>,
}

impl Lease {
    pub(super) fn new(connection: Object, leave: Leave, leases: Arc<Leases>) -> Self {
        let made_at = Object::metrics(&connection).created;
        Self { connection: Some((connection, leave)), is_asking: false, made_at, leases }
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

    /// Returns whether the connection is not to be replaced.
    pub(super) fn is_current(&self) -> bool {
        self.leases.is_current(self.made_at)
    }
}

impl Drop for Lease {
    /// If a request is given up, PostgreSQL goes on with it. The connection stays in use until it answers: with a new one for each
    /// request, those that wait for a lock or for a standby would fill PostgreSQL.
    fn drop(&mut self) {
        let Some((connection, leave)) = self.connection.take() else { return };
        // Before the question whether it is to be replaced, so that no replacement is missed.
        let must_end = self.leases.must_end();
        if self.is_asking && self.is_current() {
            let leases = Arc::clone(&self.leases);
            self.leases.thread.spawn(wait_for_answer(connection, leave, leases, must_end));
        } else if self.is_asking {
            close(connection);
        } else {
            self.leases.give_back(connection);
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
