//! Connections of the driver to one node, and their time limits.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ProtocolVersion, PushInfo, PushKind, RedisResult,
};
use tokio::sync::Notify;

use crate::StoreTimeout;

/// How long connecting may take when a server starts or asks a Redis about itself.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How many requests may wait to be sent on a connection. With fewer than are in progress, requests would wait for a place in the queue
/// first, and be woken twice.
const QUEUE_LENGTH: usize = 1024;

/// Makes the connections for requests.
#[derive(Clone)]
pub(super) struct Connector {
    /// How long an answer may take.
    pub(super) answer: Duration,
    /// How long connecting may take: a few answers, because it takes that many exchanges.
    connect: Duration,
    /// Notified whenever a node closes its connection.
    is_lost: Arc<Notify>,
}

impl Connector {
    pub(super) fn new(timeout: StoreTimeout, is_lost: Arc<Notify>) -> Self {
        let answer = timeout.duration();
        Self { answer, connect: (3 * answer).max(Duration::from_millis(400)), is_lost }
    }

    /// Makes a connection that connects when it is used first.
    pub(super) fn later(&self, node: ConnectionInfo) -> RedisResult<ConnectionManager> {
        ConnectionManager::new_lazy_with_config(client_of(node)?, self.config())
    }

    /// Connects.
    pub(super) async fn now(&self, node: ConnectionInfo) -> RedisResult<ConnectionManager> {
        ConnectionManager::new_with_config(client_of(node)?, self.config()).await
    }

    fn config(&self) -> ConnectionManagerConfig {
        let is_lost = Arc::clone(&self.is_lost);
        ConnectionManagerConfig::new()
            .set_connection_timeout(Some(self.connect))
            // Every request has a time limit already. A second timer for the same time would only cost time.
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUE_LENGTH)
            .set_number_of_retries(0)
            .set_push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    is_lost.notify_one();
                }
                Ok::<(), ()>(())
            })
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
