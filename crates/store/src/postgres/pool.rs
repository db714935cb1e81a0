//! The way of requests to PostgreSQL: a pool of connections, with a time limit for each request and a circuit breaker.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::tokio_postgres::error::SqlState;
use deadpool_postgres::tokio_postgres::tls::MakeTlsConnect;
use deadpool_postgres::tokio_postgres::types::ToSql;
use deadpool_postgres::tokio_postgres::{Client, Config, Connection, Error, Socket};
use deadpool_postgres::{Connect, Manager, ManagerConfig, Object, PoolError, Runtime};
use futures_util::future::BoxFuture;
use tickseed_session::StoreError;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PostgresAddress;
use crate::remote::breaker::Breaker;
use crate::remote::connect::Failure;

type TlsStream = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// The values of a statement.
pub(super) type Values<'values> = &'values [&'values (dyn ToSql + Sync)];

/// The connections that all requests share.
pub(super) struct Pool {
    config: Config,
    pub(super) tls: MakeRustlsConnect,
    connections: deadpool_postgres::Pool,
    /// Where connections are made.
    thread: Handle,
    /// How long an answer may take.
    limit: Duration,
    pub(super) breaker: Breaker,
    /// A request has failed, and a probe is due.
    pub(super) is_suspect: Notify,
    /// There are new connections, perhaps to another server.
    pub(super) is_new: Notify,
}

/// How long making a connection may take, with TLS and the login. Requests do not wait so long.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// A connection that is in use. If the request is given up, nobody else waits behind it on that connection.
struct Lease {
    connection: Option<Object>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Takes it out of the pool, and closes it.
            drop(Object::take(connection));
        }
    }
}

impl Lease {
    const fn of(connection: Object) -> Self {
        Self { connection: Some(connection) }
    }

    /// Asks, and gives the connection back to the pool if it can be used again.
    async fn ask<T>(mut self, work: impl AsyncFnOnce(&Object) -> Result<T, Error>) -> Result<T, PoolError> {
        let Some(connection) = &self.connection else { return Err(PoolError::Closed) };
        let answer = work(connection).await.map_err(PoolError::Backend);
        if answer.as_ref().err().is_none_or(leaves_the_connection_alone) {
            drop(self.connection.take());
        }
        answer
    }
}

/// Connects on the thread of the store, which keeps the connections going whatever the threads of requests do.
struct ConnectOnThread {
    tls: MakeRustlsConnect,
    thread: Handle,
}

impl Connect for ConnectOnThread {
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let (tls, config) = (self.tls.clone(), config.clone());
        Box::pin(async move {
            let (client, connection) = config.connect(tls).await?;
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
        let (config, tls) = (address.config().clone(), address.tls().connector()?);
        let connect = ConnectOnThread { tls: tls.clone(), thread: thread.clone() };
        let manager = Manager::from_connect(config.clone(), connect, ManagerConfig::default());
        let connections = deadpool_postgres::Pool::builder(manager)
            .max_size(address.pool_size())
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(limit))
            .create_timeout(Some(CONNECT_WITHIN))
            .build()?;
        let (breaker, is_suspect, is_new) = (Breaker::default(), Notify::new(), Notify::new());
        Ok(Arc::new(Self { config, tls, connections, thread, limit, breaker, is_suspect, is_new }))
    }

    /// Asks with the time limit, unless the breaker is open.
    pub(super) async fn ask<T>(
        &self,
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        if self.breaker.is_open() {
            return Err(StoreError::NotAsked);
        }
        let answer = self.ask_anyway(work).await;
        answer.map_err(|error| {
            self.suspect();
            StoreError::unavailable(error)
        })
    }

    /// Asks with the time limit.
    pub(super) async fn ask_anyway<T>(
        &self,
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        let answer = async {
            let connection = self.take().await?;
            Lease::of(connection).ask(work).await
        };
        match timeout(self.limit, answer).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(PoolError::Backend(error))) => {
                if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
                    self.forget_connections();
                }
                Err(error.into())
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(format!("PostgreSQL did not answer within {:?}", self.limit).into()),
        }
    }

    /// Makes a connection outside of the pool.
    pub(super) async fn connect(&self) -> Result<(Client, Connection<Socket, TlsStream>), Error> {
        self.config.connect(self.tls.clone()).await
    }

    /// Takes a connection. If one has to be made, that goes on when the request that waits for it is given up, so that a later one
    /// finds it: a login takes several round trips, and on a slow network it takes longer than a request may.
    async fn take(&self) -> Result<Object, PoolError> {
        if self.connections.status().available > 0 {
            return self.connections.get().await;
        }
        let connections = self.connections.clone();
        let taken = self.thread.spawn(async move { connections.get().await });
        taken.await.unwrap_or(Err(PoolError::Closed))
    }

    /// Closes the connections that are not in use, which may be dead without anybody knowing. Makes a new one, and keeps it for
    /// the requests if it answers. Unlike a request, this may take as long as a login takes.
    pub(super) async fn try_anew(&self) -> Result<(), Failure> {
        self.connections.retain(|_, _| false);
        let answer = Lease::of(self.connections.get().await?)
            .ask(async |client| client.simple_query("SELECT 1").await);
        match answer.await {
            Ok(_) => {
                self.is_new.notify_one();
                Ok(())
            }
            Err(PoolError::Backend(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the server suspect, because it has not answered.
    fn suspect(&self) {
        if self.breaker.becomes_suspect() {
            self.is_suspect.notify_one();
        }
    }

    /// Closes all connections that are not in use: the server at their other end is no longer the one that accepts writes.
    pub(super) fn forget_connections(&self) {
        self.connections.retain(|_, _| false);
        self.is_new.notify_one();
    }
}

/// Returns whether an error is only about a statement, so that the connection can be used again.
fn leaves_the_connection_alone(error: &PoolError) -> bool {
    let PoolError::Backend(error) = error else { return false };
    error.code().is_some_and(|code| *code != SqlState::READ_ONLY_SQL_TRANSACTION) && !error.is_closed()
}
