//! The way of requests to PostgreSQL: a pool of connections, with a time limit for each request and a circuit breaker.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::tokio_postgres::error::SqlState;
use deadpool_postgres::tokio_postgres::types::ToSql;
use deadpool_postgres::tokio_postgres::{Client, Config, Connection, Error, Socket};
use deadpool_postgres::{Connect, Manager, ManagerConfig, Object, PoolError, Runtime};
use futures_util::future::BoxFuture;
use tickseed_session::StoreError;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PostgresAddress;
use super::hosts::{CONNECT_WITHIN, TlsStream, connect_to_one};
use super::lease::{Lease, Leave};
use crate::remote::breaker::Breaker;
use crate::remote::connect::Failure;

/// The values of a statement.
pub(super) type Values<'values> = &'values [&'values (dyn ToSql + Sync)];

/// The connections that all requests share.
pub(super) struct Pool {
    hosts: Vec<Config>,
    pub(super) tls: MakeRustlsConnect,
    /// One more than requests may use. The probes use that one, so a pool that is busy does not look like a server that is gone.
    connections: deadpool_postgres::Pool,
    /// Leave for requests, and for those of them that write.
    requests: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    /// Where connections are made.
    thread: Handle,
    /// How long an answer may take.
    limit: Duration,
    pub(super) breaker: Breaker,
    /// A request has failed, and a probe is due.
    pub(super) is_suspect: Notify,
    /// There are new connections, perhaps to another server.
    pub(super) is_new: Notify,
    /// Nobody waits any more for answers to requests that were given up.
    given_up_must_end: Arc<Notify>,
}

/// Connects on the thread of the store, which keeps the connections going whatever the threads of requests do.
struct ConnectOnThread {
    hosts: Vec<Config>,
    tls: MakeRustlsConnect,
    thread: Handle,
}

impl Connect for ConnectOnThread {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(async {
            let (client, connection) = connect_to_one(&self.hosts, &self.tls).await?;
            // A request on the connection gets the error.
            Ok((client, self.thread.spawn(async move { drop(connection.await) })))
        })
    }
}

impl Pool {
    /// Makes a pool without connections.
    pub(super) fn new(
        address: &PostgresAddress,
        limit: Duration,
        thread: Handle,
    ) -> Result<Arc<Self>, Failure> {
        let (hosts, tls) = (address.hosts().to_vec(), address.tls().connector()?);
        let connect = ConnectOnThread { hosts: hosts.clone(), tls: tls.clone(), thread: thread.clone() };
        let manager = Manager::from_connect(Config::new(), connect, ManagerConfig::default());
        let size = address.pool_size();
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(size + 1)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(CONNECT_WITHIN))
            .create_timeout(Some(CONNECT_WITHIN))
            .build()?;
        Ok(Arc::new(Self {
            hosts,
            tls,
            connections,
            requests: Arc::new(Semaphore::new(size)),
            writes: Arc::new(Semaphore::new(size - size / 4)),
            thread,
            limit,
            breaker: Breaker::default(),
            is_suspect: Notify::new(),
            is_new: Notify::new(),
            given_up_must_end: Arc::new(Notify::new()),
        }))
    }

    /// Asks with the time limit, unless the breaker is open.
    pub(super) async fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        self.ask_with(&[&self.requests], work).await
    }

    /// As [`ask`](Self::ask), for a statement that writes. Some connections are for others only, so that reads go on while writes
    /// hang.
    pub(super) async fn ask_to_write<T>(
        &self,
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        self.ask_with(&[&self.writes, &self.requests], work).await
    }

    async fn ask_with<T>(
        &self,
        needed: &[&Arc<Semaphore>],
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        if self.breaker.is_open() {
            return Err(StoreError::NotAsked);
        }
        let answer = async {
            let mut leave = Leave::new();
            for semaphore in needed {
                let permit = Arc::clone(semaphore).acquire_owned().await;
                leave.push(permit.map_err(|_| PoolError::Closed)?);
            }
            // It may have opened meanwhile, and an outage must not begin with many logins that hang.
            if self.breaker.is_open() {
                return Ok(None);
            }
            self.lease(leave).await?.ask(work).await.map(Some)
        };
        match self.within_limit(answer).await {
            Ok(answer) => answer.ok_or(StoreError::NotAsked),
            Err(error) => {
                self.suspect();
                Err(StoreError::unavailable(error))
            }
        }
    }

    /// Asks with the time limit, apart from the requests, and whether the breaker is open or not.
    pub(super) async fn probe<T>(
        &self,
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        self.within_limit(async { self.lease(Leave::new()).await?.ask(work).await }).await
    }

    async fn within_limit<T>(
        &self,
        answer: impl Future<Output = Result<T, PoolError>>,
    ) -> Result<T, Failure> {
        match timeout(self.limit, answer).await {
            Ok(answer) => answer.map_err(|error| self.noted(error)),
            Err(_) => Err(format!("PostgreSQL did not answer within {:?}", self.limit).into()),
        }
    }

    /// Makes a connection outside of the pool.
    pub(super) async fn connect(&self) -> Result<(Client, Connection<Socket, TlsStream>), Error> {
        connect_to_one(&self.hosts, &self.tls).await
    }

    /// Takes a connection. If one has to be made, that goes on when the request that waits for it is given up, so that a later one
    /// finds it: a login takes several round trips, and on a slow network it takes longer than a request may.
    async fn lease(&self, leave: Leave) -> Result<Lease, PoolError> {
        let connection = if self.connections.status().available > 0 {
            self.connections.get().await?
        } else {
            let connections = self.connections.clone();
            let must_end = Arc::clone(&self.given_up_must_end).notified_owned();
            let taken = self.thread.spawn(async move {
                tokio::select! {
                    taken = connections.get() => taken,
                    () = must_end => Err(PoolError::Closed),
                }
            });
            taken.await.unwrap_or(Err(PoolError::Closed))?
        };
        Ok(Lease::new(connection, leave, self.thread.clone(), Arc::clone(&self.given_up_must_end)))
    }

    /// Closes the connections that are not in use, or only wait for an answer: they may be dead without anybody knowing.
    pub(super) fn forget_connections(&self) {
        self.end_given_up();
        self.connections.retain(|_, _| false);
        self.is_new.notify_one();
    }

    /// Closes the connections that only wait for the answers to requests that were given up, and gives up logins that have begun.
    pub(super) fn end_given_up(&self) {
        self.given_up_must_end.notify_waiters();
    }

    /// Makes a connection, or takes one that has been made meanwhile, and keeps it for the requests if it answers. Unlike a request,
    /// this may take as long as a login takes.
    pub(super) async fn try_connection(&self) -> Result<(), Failure> {
        let answer =
            self.lease(Leave::new()).await?.ask(async |client| client.simple_query("SELECT 1").await);
        answer.await.map(drop).map_err(|error| self.noted(error))
    }

    /// Makes the server suspect, because it has not answered.
    fn suspect(&self) {
        if self.breaker.becomes_suspect() {
            self.is_suspect.notify_one();
        }
    }

    /// Returns the error of the driver. If the server accepts no writes any more, another one may.
    fn noted(&self, error: PoolError) -> Failure {
        let PoolError::Backend(error) = error else { return error.into() };
        if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
            self.forget_connections();
        }
        error.into()
    }
}
