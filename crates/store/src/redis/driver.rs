//! The driver's connection to one Redis or to a cluster, and its time limits.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::aio::{
    ConnectionLike, ConnectionManager, ConnectionManagerConfig, MultiplexedConnection,
};
use deadpool_redis::redis::cluster::ClusterClientBuilder;
use deadpool_redis::redis::cluster_async::ClusterConnection;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, Pipeline, ProtocolVersion, PushInfo, PushKind,
    RedisFuture, RedisResult, Value,
};
use tokio::sync::Notify;

use super::RedisAddress;
use crate::StoreTimeout;

/// How long connecting may take when a server starts or asks a Redis about itself.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The time limits of the connection for requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeLimits {
    /// How long an answer may take.
    pub(super) answer: Duration,
    /// How long replacing a connection to one node may take: a few answers, because it takes that many exchanges.
    pub(super) connect_node: Duration,
    /// How long replacing the whole connection may take. The driver tries each node of a cluster twice.
    pub(super) reconnect: Duration,
}

impl TimeLimits {
    pub(super) fn new(timeout: StoreTimeout) -> Self {
        let answer = timeout.duration();
        let connect_node = (3 * answer).max(Duration::from_millis(400));
        Self { answer, connect_node, reconnect: 2 * connect_node + Duration::from_millis(100) }
    }
}

/// A connection that notices when it is lost, and then tries to reconnect.
#[derive(Clone)]
pub(super) enum Connection {
    One(ConnectionManager),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Connects, with a time limit for each node. Notifies `is_lost` whenever a node closes its connection.
    pub(super) async fn open(
        address: &RedisAddress,
        answer: Duration,
        connect_node: Duration,
        is_lost: Arc<Notify>,
    ) -> RedisResult<Self> {
        let hear = move |push: PushInfo| {
            if push.kind == PushKind::Disconnection {
                is_lost.notify_one();
            }
            Ok::<(), ()>(())
        };
        if address.is_cluster() {
            let client = ClusterClientBuilder::new(address.nodes().to_vec())
                .use_protocol(ProtocolVersion::RESP3)
                .connection_timeout(connect_node)
                .response_timeout(answer)
                // A node that has moved a slot or is being replaced says so, and that is not a failure.
                .retries(3)
                .min_retry_wait(1)
                .max_retry_wait(20)
                .push_sender(hear)
                .build()?;
            return Ok(Self::Cluster(client.get_async_connection().await?));
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(connect_node))
            .set_response_timeout(Some(answer))
            .set_number_of_retries(0)
            .set_push_sender(hear);
        let client = client_of(address.nodes()[0].clone())?;
        Ok(Self::One(ConnectionManager::new_with_config(client, config).await?))
    }
}

/// Makes a client of one node. Only with RESP3 does a connection notice at once that it was closed, and not at the next request.
fn client_of(node: ConnectionInfo) -> RedisResult<Client> {
    let settings = node.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Client::open(node.set_redis_settings(settings))
}

/// Connects to one node, for a few questions.
pub(super) async fn connect(node: ConnectionInfo) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(CONNECT_TIMEOUT));
    client_of(node)?.get_multiplexed_async_connection_with_config(&config).await
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
