//! The way to Redis that requests take: one connection for all of them, a limit of time for each, and a breaker.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deadpool_redis::redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use deadpool_redis::redis::cluster::ClusterClientBuilder;
use deadpool_redis::redis::cluster_async::ClusterConnection;
use deadpool_redis::redis::{
    Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisFuture, RedisResult, ScriptInvocation,
    ServerErrorKind, Value, cmd,
};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::RedisAddress;
use super::breaker::{Breakers, Opened};
use crate::error_chain::error_chain;
use crate::session::StoreError;

/// How long Redis may take to answer.
const ANSWERED_WITHIN: Duration = Duration::from_millis(150);

/// How long connecting may take.
pub(super) const CONNECTED_WITHIN: Duration = Duration::from_secs(2);

/// How often it is tried whether Redis answers again.
const TRIED_EVERY: Duration = Duration::from_millis(50);

/// How often the connection to a cluster is made anew while a node does not answer: the others are in use, and it looks for
/// that node by itself.
const CLUSTER_RENEWED_EVERY: Duration = Duration::from_secs(1);

/// The way to Redis. All clones share one connection.
#[derive(Clone)]
pub(super) struct Link {
    address: RedisAddress,
    connection: Arc<RwLock<Connection>>,
    breakers: Breakers,
}

/// A connection that comes back by itself when it learns that it is lost.
#[derive(Clone)]
enum Connection {
    One(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Link {
    /// Connects, and gives also what has to be run beside it: [`mend`](Self::mend).
    pub(super) async fn open(address: RedisAddress) -> RedisResult<(Self, mpsc::UnboundedReceiver<Opened>)> {
        let connection = Arc::new(RwLock::new(Connection::open(&address).await?));
        let (breakers, opened) = Breakers::new(address.is_cluster());
        Ok((Self { address, connection, breakers }, opened))
    }

    /// Asks what keeps `key`; the command must not be about another.
    pub(super) async fn ask<T: FromRedisValue>(&self, key: &str, command: Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection();
        self.within_limits(key, command.query_async(&mut connection)).await
    }

    /// Calls a script about `key`.
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        key: &str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        self.within_limits(key, script.invoke_async(&mut connection)).await
    }

    async fn within_limits<T>(
        &self,
        key: &str,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, StoreError> {
        if self.breakers.is_open(key) {
            return Err(StoreError::NotAsked);
        }
        let error: Box<dyn std::error::Error + Send + Sync> = match timeout(ANSWERED_WITHIN, answer).await {
            Ok(Ok(value)) => return Ok(value),
            // It answers, but not what was wanted: it is full, say.
            Ok(Err(error)) if !is_out_of_reach(&error) => return Err(StoreError::unavailable(error)),
            Ok(Err(error)) => error.into(),
            Err(_) => format!("Redis did not answer within {ANSWERED_WITHIN:?}").into(),
        };
        if self.breakers.open(key) == 1 {
            tracing::warn!(
                error = error_chain(&*error),
                "Redis does not answer: what is in memory is served"
            );
        }
        Err(StoreError::unavailable(error))
    }

    /// Closes every breaker that is opened as soon as Redis answers again. It alone tries, and one breaker at a time, so that
    /// Redis, when it is back, is not met by all who have waited. Never ends while the link is there.
    pub(super) async fn mend(self, mut opened: mpsc::UnboundedReceiver<Opened>) {
        let mut open = VecDeque::new();
        let mut renewed_at = Instant::now();
        while let Some(first) = opened.recv().await {
            open.push_back(first);
            while let Some(next) = open.pop_front() {
                let mut exists = cmd("EXISTS");
                exists.arg(&next.key);
                if !self.answers(&exists).await {
                    open.push_back(next);
                    sleep(TRIED_EVERY).await;
                    if !self.address.is_cluster() || renewed_at.elapsed() >= CLUSTER_RENEWED_EVERY {
                        self.renew().await;
                        renewed_at = Instant::now();
                    }
                } else if self.breakers.close(&next) == 0 {
                    tracing::info!("Redis answers again");
                }
                while let Ok(another) = opened.try_recv() {
                    open.push_back(another);
                }
            }
        }
    }

    async fn answers(&self, command: &Cmd) -> bool {
        let mut connection = self.connection();
        match timeout(ANSWERED_WITHIN, command.exec_async(&mut connection)).await {
            Ok(Err(error)) => !is_out_of_reach(&error),
            Ok(Ok(())) => true,
            Err(_) => false,
        }
    }

    /// Takes a new connection if one can be had. The old one comes back by itself only when it learns that it is lost, and
    /// after a cut of the network it may be silent for many minutes instead.
    async fn renew(&self) {
        if let Ok(Ok(connection)) = timeout(ANSWERED_WITHIN, Connection::open(&self.address)).await {
            *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
        }
    }

    fn connection(&self) -> Connection {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Whether an error means that others will fail too, for now.
fn is_out_of_reach(error: &RedisError) -> bool {
    let loading = [
        ErrorKind::Server(ServerErrorKind::BusyLoading),
        ErrorKind::Server(ServerErrorKind::ClusterDown),
        ErrorKind::Server(ServerErrorKind::MasterDown),
        ErrorKind::ClusterConnectionNotFound,
    ];
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || loading.contains(&error.kind())
}

impl Connection {
    /// Connects. Who has to wait for it is limited by the link.
    async fn open(address: &RedisAddress) -> RedisResult<Self> {
        if address.is_cluster() {
            let client = ClusterClientBuilder::new(address.nodes().to_vec())
                .connection_timeout(CONNECTED_WITHIN)
                .response_timeout(ANSWERED_WITHIN)
                // A node that has moved a slot or is being replaced says so: that is not a failure.
                .retries(3)
                .min_retry_wait(1)
                .max_retry_wait(20)
                .build()?;
            return Ok(Self::Cluster(client.get_async_connection().await?));
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECTED_WITHIN))
            .set_response_timeout(Some(ANSWERED_WITHIN))
            .set_number_of_retries(0);
        let client = Client::open(address.nodes()[0].clone())?;
        Ok(Self::One(ConnectionManager::new_with_config(client, config).await?))
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
