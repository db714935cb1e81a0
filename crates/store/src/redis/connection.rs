//! The connection to Redis for requests: one for all of them, with a time limit for each and circuit breakers.

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

use tickseed_session::{StoreError, error_chain};

use super::RedisAddress;
use super::breaker::{Breakers, Opened};
use super::write_fault::WriteFault;

/// How long Redis may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(150);

/// How long connecting may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long replacing a silent connection may take.
const RECONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// How long connecting to each node of a cluster may take. The driver tries it twice for a node that is away.
const NODE_CONNECT_TIMEOUT: Duration = Duration::from_millis(400);

/// How often a silent Redis is probed.
const PROBE_EVERY: Duration = Duration::from_millis(50);

/// How often the connection to a cluster is replaced while a node does not answer. Less often, because requests to the other nodes
/// use it, and the driver itself looks for the node.
const CLUSTER_RECONNECT_EVERY: Duration = Duration::from_secs(1);

/// How many keys a check asks for to find out whether a cluster answers at all.
const CHECK_KEYS: usize = 16;

/// The connection that all requests share. Clones share it too.
#[derive(Clone)]
pub(super) struct SharedConnection {
    address: RedisAddress,
    connection: Arc<RwLock<Connection>>,
    breakers: Breakers,
    /// Notified when the Redis at the other end is no longer a master, or refuses the login.
    is_useless: Arc<Notify>,
}

/// A connection that reconnects by itself when it notices that it is lost.
#[derive(Clone)]
enum Connection {
    One(ConnectionManager),
    Cluster(ClusterConnection),
}

impl SharedConnection {
    /// Connects. Also returns the queue for [`keep_alive`](Self::keep_alive), which must run as long as the connection.
    pub(super) async fn open(address: RedisAddress) -> RedisResult<(Self, mpsc::UnboundedReceiver<Opened>)> {
        let connection = Arc::new(RwLock::new(Connection::open(&address, CONNECT_TIMEOUT).await?));
        let (breakers, opened) = Breakers::new(address.is_cluster());
        Ok((Self { address, connection, breakers, is_useless: Arc::default() }, opened))
    }

    /// Sends a command about `key` and about no other key.
    pub(super) async fn send<T: FromRedisValue>(&self, key: &str, command: Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection();
        self.guard(key, command.query_async(&mut connection)).await
    }

    /// Calls a script about `key` and about no other key.
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        key: &str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection();
        self.guard(key, script.invoke_async(&mut connection)).await
    }

    /// Waits for an answer with the time limit, unless the breaker is open. Opens the breaker if Redis is out of reach.
    async fn guard<T>(
        &self,
        key: &str,
        answer: impl Future<Output = RedisResult<T>>,
    ) -> Result<T, StoreError> {
        if self.breakers.is_open(key) {
            return Err(StoreError::NotAsked);
        }
        let error: Box<dyn std::error::Error + Send + Sync> = match timeout(ANSWER_TIMEOUT, answer).await {
            Ok(Ok(value)) => return Ok(value),
            // It answers with an error, for example because it is full.
            Ok(Err(error)) if !is_out_of_reach(&error) => {
                // The connection itself never tries another login, or another server at the same address.
                if matches!(WriteFault::of(&error), Some(WriteFault::ReadOnly | WriteFault::LoginRefused)) {
                    self.is_useless.notify_one();
                }
                return Err(StoreError::unavailable(error));
            }
            Ok(Err(error)) => error.into(),
            Err(_) => format!("Redis did not answer within {ANSWER_TIMEOUT:?}").into(),
        };
        self.breakers.open(key, error_chain(&*error));
        Err(StoreError::unavailable(error))
    }

    /// Checks that Redis answers, or any master of a cluster.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        let number = if self.address.is_cluster() { CHECK_KEYS } else { 1 };
        let keys = (0..number).map(|number| format!("session:{{{number}}}"));
        let checks = keys.map(|key| Box::pin(async move { self.send::<bool>(&key, exists(&key)).await }));
        select_ok(checks).await.map(|_| ())
    }

    /// Probes Redis while it does not answer, closes the breakers when it answers again, and replaces the connection when it has
    /// to. Only this task probes, so that a Redis that comes back is not flooded.
    pub(super) async fn keep_alive(self, mut opened: mpsc::UnboundedReceiver<Opened>) {
        loop {
            tokio::select! {
                first = opened.recv() => match first {
                    Some(first) => self.recover(first, &mut opened).await,
                    None => return,
                },
                () = self.is_useless.notified() => self.reconnect().await,
            }
        }
    }

    /// Probes until the last breaker is closed. Replaces the connection meanwhile; a Redis that was only slow answers on the old
    /// one.
    async fn recover(&self, first: Opened, opened: &mut mpsc::UnboundedReceiver<Opened>) {
        tracing::warn!(error = first.reason, "Redis does not answer; sessions in memory are served");
        tokio::select! {
            () = self.probe_until_all_answer(vec![first], opened) => {}
            () = self.keep_reconnecting() => {}
        }
        tracing::info!("Redis answers again");
    }

    async fn probe_until_all_answer(
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
                sleep(PROBE_EVERY).await;
            }
            while let Ok(another) = opened.try_recv() {
                open.push(another);
            }
        }
    }

    async fn answers(&self, key: &str) -> bool {
        let mut connection = self.connection();
        match timeout(ANSWER_TIMEOUT, exists(key).exec_async(&mut connection)).await {
            Ok(Err(error)) => !is_out_of_reach(&error),
            Ok(Ok(())) => true,
            Err(_) => false,
        }
    }

    /// Never ends.
    async fn keep_reconnecting(&self) {
        let pause = if self.address.is_cluster() { CLUSTER_RECONNECT_EVERY } else { PROBE_EVERY };
        loop {
            sleep(pause).await;
            self.reconnect().await;
        }
    }

    /// Replaces the connection, if a new one can be made. The old one reconnects by itself only when it notices that it is lost, and
    /// after a cut of the network it may stay silent for many minutes.
    async fn reconnect(&self) {
        let connection = Connection::open(&self.address, NODE_CONNECT_TIMEOUT);
        if let Ok(Ok(connection)) = timeout(RECONNECT_TIMEOUT, connection).await {
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

/// Returns whether other requests will fail too, for now.
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
    /// Connects, with a time limit for each node.
    async fn open(address: &RedisAddress, node_timeout: Duration) -> RedisResult<Self> {
        if address.is_cluster() {
            let client = ClusterClientBuilder::new(address.nodes().to_vec())
                .use_protocol(ProtocolVersion::RESP3)
                .connection_timeout(node_timeout)
                .response_timeout(ANSWER_TIMEOUT)
                // A node that has moved a slot or is being replaced says so, and that is not a failure.
                .retries(3)
                .min_retry_wait(1)
                .max_retry_wait(20)
                .build()?;
            return Ok(Self::Cluster(client.get_async_connection().await?));
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(node_timeout))
            .set_response_timeout(Some(ANSWER_TIMEOUT))
            .set_number_of_retries(0);
        let node = address.nodes()[0].clone();
        // Only with RESP3 does a connection notice at once that it was closed, and not at the next request.
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
