//! The way to Redis that requests take: one connection for all of them, a limit of time for each, and a breaker.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deadpool_redis::redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use deadpool_redis::redis::cluster::ClusterClientBuilder;
use deadpool_redis::redis::cluster_async::ClusterConnection;
use deadpool_redis::redis::{
    Client, Cmd, ErrorKind, FromRedisValue, Pipeline, ProtocolVersion, RedisError, RedisFuture, RedisResult,
    ScriptInvocation, ServerErrorKind, Value, cmd,
};
use futures_util::future::{join_all, select_ok};
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use super::RedisAddress;
use super::breaker::{Breakers, Opened};
use crate::error_chain::error_chain;
use crate::session::StoreError;

/// How long Redis may take to answer.
const ANSWERED_WITHIN: Duration = Duration::from_millis(150);

/// How long connecting may take.
pub(super) const CONNECTED_WITHIN: Duration = Duration::from_secs(2);

/// How long a new connection may take in the place of a silent one, and connecting to each node of a cluster: those that are
/// away are waited for twice.
const RENEWED_WITHIN: Duration = Duration::from_secs(1);
const NODE_CONNECTED_WITHIN: Duration = Duration::from_millis(400);

/// How often it is tried whether Redis answers again.
const TRIED_EVERY: Duration = Duration::from_millis(50);

/// How often the connection to a cluster is made anew while a node does not answer: the others are in use, and it looks for
/// that node by itself.
const CLUSTER_RENEWED_EVERY: Duration = Duration::from_secs(1);

/// How many keys are asked for to find out whether a cluster answers at all.
const KEYS_OF_A_CHECK: usize = 16;

/// The way to Redis. All clones share one connection.
#[derive(Clone)]
pub(super) struct Link {
    address: RedisAddress,
    connection: Arc<RwLock<Connection>>,
    breakers: Breakers,
    /// Told when the connection leads to a Redis that is no master any more.
    is_demoted: Arc<Notify>,
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
        let connection = Arc::new(RwLock::new(Connection::open(&address, CONNECTED_WITHIN).await?));
        let (breakers, opened) = Breakers::new(address.is_cluster());
        Ok((Self { address, connection, breakers, is_demoted: Arc::default() }, opened))
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
            Ok(Err(error)) if !is_out_of_reach(&error) => {
                if error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) {
                    self.is_demoted.notify_one();
                }
                return Err(StoreError::unavailable(error));
            }
            Ok(Err(error)) => error.into(),
            Err(_) => format!("Redis did not answer within {ANSWERED_WITHIN:?}").into(),
        };
        self.breakers.open(key, error_chain(&*error));
        Err(StoreError::unavailable(error))
    }

    /// Whether Redis answers; of a cluster, whether any master does.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        let number = if self.address.is_cluster() { KEYS_OF_A_CHECK } else { 1 };
        let keys = (0..number).map(|number| format!("session:{{{number}}}"));
        let checks = keys.map(|key| Box::pin(async move { self.ask::<bool>(&key, exists(&key)).await }));
        select_ok(checks).await.map(|_| ())
    }

    /// Closes every breaker that is opened as soon as Redis answers again. It alone tries, so that Redis, when it is back, is
    /// not met by all who have waited. Never ends while the link is there.
    pub(super) async fn mend(self, mut opened: mpsc::UnboundedReceiver<Opened>) {
        loop {
            tokio::select! {
                first = opened.recv() => match first {
                    Some(first) => self.close_when_they_answer(first, &mut opened).await,
                    None => return,
                },
                () = self.is_demoted.notified() => self.renew().await,
            }
        }
    }

    /// Tries every open breaker again and again until the last one is closed. Takes new connections beside that: a Redis that
    /// only was slow answers on the old one.
    async fn close_when_they_answer(&self, first: Opened, opened: &mut mpsc::UnboundedReceiver<Opened>) {
        tracing::warn!(error = first.reason, "Redis does not answer: what is in memory is served");
        tokio::select! {
            () = self.try_until_all_answer(vec![first], opened) => {}
            () = self.keep_renewing() => {}
        }
        tracing::info!("Redis answers again");
    }

    async fn try_until_all_answer(
        &self,
        mut open: Vec<Opened>,
        opened: &mut mpsc::UnboundedReceiver<Opened>,
    ) {
        while !open.is_empty() {
            let answers = open.into_iter().map(async |opened| (self.answers(&opened.key).await, opened));
            open = Vec::new();
            for (answers, opened) in join_all(answers).await {
                if answers {
                    self.breakers.close(&opened);
                } else {
                    open.push(opened);
                }
            }
            if !open.is_empty() {
                sleep(TRIED_EVERY).await;
            }
            while let Ok(another) = opened.try_recv() {
                open.push(another);
            }
        }
    }

    async fn answers(&self, key: &str) -> bool {
        let mut connection = self.connection();
        match timeout(ANSWERED_WITHIN, exists(key).exec_async(&mut connection)).await {
            Ok(Err(error)) => !is_out_of_reach(&error),
            Ok(Ok(())) => true,
            Err(_) => false,
        }
    }

    /// Never ends.
    async fn keep_renewing(&self) {
        let pause = if self.address.is_cluster() { CLUSTER_RENEWED_EVERY } else { TRIED_EVERY };
        loop {
            sleep(pause).await;
            self.renew().await;
        }
    }

    /// Takes a new connection if one can be had. The old one comes back by itself only when it learns that it is lost, and
    /// after a cut of the network it may be silent for many minutes instead.
    async fn renew(&self) {
        let connection = Connection::open(&self.address, NODE_CONNECTED_WITHIN);
        if let Ok(Ok(connection)) = timeout(RENEWED_WITHIN, connection).await {
            *self.connection.write().unwrap_or_else(PoisonError::into_inner) = connection;
        }
    }

    fn connection(&self) -> Connection {
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn exists(key: &str) -> Cmd {
    let mut exists = cmd("EXISTS");
    exists.arg(key);
    exists
}

/// Whether an error means that others will fail too, for now.
fn is_out_of_reach(error: &RedisError) -> bool {
    let passing = [
        ErrorKind::Server(ServerErrorKind::BusyLoading),
        ErrorKind::Server(ServerErrorKind::ClusterDown),
        ErrorKind::Server(ServerErrorKind::MasterDown),
        ErrorKind::ClusterConnectionNotFound,
    ];
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || passing.contains(&error.kind())
}

impl Connection {
    /// Connects, to each node within some time. Who has to wait for it is limited by the link.
    async fn open(address: &RedisAddress, within: Duration) -> RedisResult<Self> {
        if address.is_cluster() {
            let client = ClusterClientBuilder::new(address.nodes().to_vec())
                .use_protocol(ProtocolVersion::RESP3)
                .connection_timeout(within)
                .response_timeout(ANSWERED_WITHIN)
                // A node that has moved a slot or is being replaced says so: that is not a failure.
                .retries(3)
                .min_retry_wait(1)
                .max_retry_wait(20)
                .build()?;
            return Ok(Self::Cluster(client.get_async_connection().await?));
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(within))
            .set_response_timeout(Some(ANSWERED_WITHIN))
            .set_number_of_retries(0);
        let node = address.nodes()[0].clone();
        // Only with RESP3 a connection learns at once that it was closed, not at the expense of the next request.
        let settings = node.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(node.set_redis_settings(settings))?;
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
