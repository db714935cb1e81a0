//! The way of requests to PostgreSQL: a pool of connections, with a time limit for each request and a circuit breaker.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::tokio_postgres::error::SqlState;
use deadpool_postgres::tokio_postgres::types::ToSql;
use deadpool_postgres::tokio_postgres::{Client, Config, Connection, Error, SimpleQueryMessage, Socket};
use deadpool_postgres::{
    ClientWrapper, Connect, Manager, ManagerConfig, Metrics, Object, PoolError, Runtime, Timeouts,
};
use futures_util::future::{BoxFuture, try_join};
use tickseed_session::StoreError;
use tokio::runtime::Handle;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::PostgresAddress;
use super::hosts::{CONNECT_WITHIN, TlsStream, connect_to_one};
use super::lease::{Lease, Leases, Leave, Made};
use super::promises::Promises;
use crate::remote::breaker::Breaker;
use crate::remote::connect::Failure;

/// The values of a statement.
pub(super) type Values<'values> = &'values [&'values (dyn ToSql + Sync)];

/// The connections that all requests share.
pub(super) struct Pool {
    hosts: Vec<Config>,
    pub(super) tls: MakeRustlsConnect,
    /// One more than requests may use. The probes keep that one, so a pool that is busy does not look like a server that is gone.
    connections: deadpool_postgres::Pool,
    /// Leave for requests, and for those of them that write.
    requests: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    leases: Arc<Leases>,
    /// How long an answer may take.
    limit: Duration,
    pub(super) breaker: Breaker,
    /// A probe is due: a request has failed, or a new connection leads to another server.
    pub(super) is_suspect: Arc<Notify>,
    /// There are new connections, perhaps to another server.
    pub(super) is_new: Notify,
}

/// Connects on the thread of the store, which keeps the connections going whatever the threads of requests do.
struct ConnectOnThread {
    hosts: Vec<Config>,
    tls: MakeRustlsConnect,
    thread: Handle,
    promises: Arc<Promises>,
    is_suspect: Arc<Notify>,
}

impl Connect for ConnectOnThread {
    fn connect(&self, _: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        Box::pin(async {
            let (client, connection) = connect_to_one(&self.hosts, &self.tls).await?;
            // A request on the connection gets the error.
            let connection = self.thread.spawn(async move { drop(connection.await) });
            self.compare_with_feed(&client).await;
            Ok((client, connection))
        })
    }
}

impl ConnectOnThread {
    /// After a failover, a new connection may lead to the new primary while older ones go on with the old one, which answers.
    async fn compare_with_feed(&self, client: &Client) {
        // A request on the connection gets the error here, too.
        let Ok(answer) = client.simple_query("SELECT tickseed_node()").await else { return };
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        if row.is_some_and(|node| self.promises.note_login(node.to_owned())) {
            self.is_suspect.notify_one();
        }
    }
}

impl Pool {
    /// Makes a pool without connections.
    pub(super) fn new(
        address: &PostgresAddress,
        limit: Duration,
        thread: Handle,
        promises: Arc<Promises>,
    ) -> Result<Arc<Self>, Failure> {
        let (hosts, tls) = (address.hosts().to_vec(), address.tls().connector()?);
        let is_suspect = Arc::new(Notify::new());
        let connect = ConnectOnThread {
            hosts: hosts.clone(),
            tls: tls.clone(),
            thread: thread.clone(),
            promises,
            is_suspect: Arc::clone(&is_suspect),
        };
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
            leases: Arc::new(Leases::new(thread)),
            limit,
            breaker: Breaker::default(),
            is_suspect,
            is_new: Notify::new(),
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
            self.ask_on(&mut self.lease(leave).await?, work).await.map(Some)
        };
        match self.within_limit(answer).await {
            Ok(answer) => answer.ok_or(StoreError::NotAsked),
            Err(error) => {
                self.suspect();
                Err(StoreError::unavailable(error))
            }
        }
    }

    /// Asks with the time limit on the connection of the probes, whether the breaker is open or not.
    pub(super) async fn probe<T>(
        &self,
        connection: &mut Lease,
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, Failure> {
        self.within_limit(self.ask_on(connection, work)).await
    }

    /// Asks on a connection. If the server accepts no writes any more, another one may, so all connect again: once, although many
    /// requests find out.
    async fn ask_on<T>(
        &self,
        connection: &mut Lease,
        work: impl AsyncFnOnce(&Object) -> Result<T, Error>,
    ) -> Result<T, PoolError> {
        let answer = connection.ask(work).await;
        let is_read_only = matches!(&answer, Err(PoolError::Backend(error))
            if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION));
        if is_read_only && connection.is_current() {
            self.forget_connections();
        }
        answer
    }

    async fn within_limit<T>(
        &self,
        answer: impl Future<Output = Result<T, PoolError>>,
    ) -> Result<T, Failure> {
        match timeout(self.limit, answer).await {
            Ok(answer) => answer.map_err(failure),
            Err(_) => Err(format!("PostgreSQL did not answer within {:?}", self.limit).into()),
        }
    }

    /// Makes a connection outside of the pool.
    pub(super) async fn connect(&self) -> Result<(Client, Connection<Socket, TlsStream>), Error> {
        connect_to_one(&self.hosts, &self.tls).await
    }

    /// Takes a connection: one that is free, or the first of those that become free or are made.
    async fn lease(&self, leave: Leave) -> Result<Lease, PoolError> {
        let connection = if let Some(free) = self.free().await {
            free
        } else {
            // Requests have leave, and are given up.
            let must_end = if leave.is_empty() { self.leases.are_replaced() } else { self.leases.must_end() };
            tokio::select! {
                free = self.next_free() => free,
                made = self.log_in(must_end) => made?,
            }
        };
        Ok(Lease::new(connection, leave, Arc::clone(&self.leases)))
    }

    /// Takes a connection that is free.
    async fn free(&self) -> Option<Object> {
        const AT_ONCE: Timeouts =
            Timeouts { wait: Some(Duration::ZERO), create: Some(Duration::ZERO), recycle: None };
        // The pool's own number of free ones does not count those that it takes to be meant for logins that have begun.
        let is_good = |client: &ClientWrapper, metrics: Metrics| {
            !client.is_closed() && self.leases.is_current(metrics.created)
        };
        let free = self.connections.retain(is_good).retained;
        if free == 0 { None } else { self.connections.timeout_get(&AT_ONCE).await.ok() }
    }

    async fn next_free(&self) -> Object {
        loop {
            let mut is_free = pin!(self.leases.is_free());
            // From now on, it hears of every connection that is given back.
            is_free.as_mut().enable();
            if let Some(connection) = self.free().await {
                return connection;
            }
            is_free.await;
        }
    }

    /// Makes a connection. That goes on when the request that waits for it is given up or takes another one, so that a later one finds
    /// it: a login takes several round trips, and on a slow network it takes longer than a request may.
    async fn log_in(&self, must_end: OwnedNotified) -> Result<Object, PoolError> {
        let (connections, leases) = (self.connections.clone(), Arc::clone(&self.leases));
        let (made, connection) = oneshot::channel();
        self.leases.thread.spawn(async move {
            let outcome = tokio::select! {
                outcome = connections.get() => outcome,
                () = must_end => Err(PoolError::Closed),
            };
            drop(made.send(outcome.map(|connection| Made::new(connection, leases))));
        });
        connection.await.unwrap_or(Err(PoolError::Closed))?.take().ok_or(PoolError::Closed)
    }

    /// Closes all connections, those in use as soon as they are not any more: they may be dead without anybody knowing, or lead to a
    /// server that accepts no writes any more.
    pub(super) fn forget_connections(&self) {
        self.leases.replace_all();
        self.connections.retain(|_, _| false);
        self.is_new.notify_one();
    }

    /// Closes the connections that only wait for the answers to requests that were given up, and gives up the logins of requests.
    pub(super) fn end_given_up(&self) {
        self.leases.end_given_up();
    }

    /// Makes a connection for the probes, and one that the first request finds, or takes those that have been made meanwhile. Returns
    /// that for the probes once both have answered. Unlike a request, this may take as long as a login takes.
    pub(super) async fn try_connections(&self) -> Result<Lease, Failure> {
        let (for_probes, _) = try_join(self.try_connection(), self.try_connection()).await?;
        Ok(for_probes)
    }

    /// Makes a connection, or takes one that is free, and returns it once it has answered.
    pub(super) async fn try_connection(&self) -> Result<Lease, Failure> {
        let mut connection = self.lease(Leave::new()).await?;
        let answer = self.ask_on(&mut connection, async |client| client.simple_query("SELECT 1").await).await;
        answer.map(|_| connection).map_err(failure)
    }

    /// Makes the server suspect, because it has not answered.
    fn suspect(&self) {
        if self.breaker.becomes_suspect() {
            self.is_suspect.notify_one();
        }
    }
}

fn failure(error: PoolError) -> Failure {
    match error {
        PoolError::Backend(error) => error.into(),
        error => error.into(),
    }
}
