//! Tells this server of the sessions that any server has replaced.
//!
//! One connection to each master listens to a channel. On it answers and messages come in one order, so the answer to a PING
//! proves that every message published before the PING was sent has arrived. That is what "told until" means here.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ProtocolVersion, PushInfo, PushKind,
    RedisResult, Value, cmd, from_redis_value,
};
use futures_util::future::try_join_all;
use tokio::time::{sleep, timeout};

use super::RedisAddress;
use crate::error_chain::error_chain;
use crate::session::{Clock, Follower, News, Session, SessionId, StoreError};
use crate::store::record;

/// How often it is proved that all news have come. Several times within what a proof is good for.
const PROVED_EVERY: Duration = Duration::from_millis(25);
/// How long a connection may be silent before it is taken for lost.
const LOST_AFTER: Duration = Duration::from_secs(1);
/// How long after a loss it is tried again.
const TRIED_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// How often it is looked whether a cluster has other masters.
const MASTERS_LOOKED_FOR_EVERY: Duration = Duration::from_secs(1);

/// How many bytes of a message are the session's id; the record follows.
const ID_LENGTH: usize = 16;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What is published when a session is replaced.
pub(super) fn message(id: SessionId, record: &[u8]) -> Vec<u8> {
    [id.as_bytes().as_slice(), record].concat()
}

fn read_message(message: &[u8]) -> Result<Session, StoreError> {
    let (id, record) = message
        .split_first_chunk::<ID_LENGTH>()
        .ok_or_else(|| StoreError::Unreadable("a message without a session's id".to_owned()))?;
    record::decode(SessionId::from_bytes(*id), record)
}

/// Tells `follower` of every replacement, again after every loss of connection, until nobody follows any more.
pub(super) async fn follow(address: RedisAddress, clock: Arc<dyn Clock>, follower: Weak<dyn Follower>) {
    let mut feed = Feed { address, clock, follower, is_lost: false };
    while feed.follower.strong_count() > 0 {
        if let Err(error) = feed.tell().await {
            if !feed.is_lost {
                let error = error_chain(&*error);
                tracing::warn!(error, "the news of changes are lost: sessions are read from Redis");
            }
            feed.is_lost = true;
            sleep(TRIED_AGAIN_AFTER).await;
        }
    }
}

struct Feed {
    address: RedisAddress,
    clock: Arc<dyn Clock>,
    follower: Weak<dyn Follower>,
    is_lost: bool,
}

impl Feed {
    /// Connects and tells until a connection is lost, the cluster has other masters, or nobody follows any more.
    async fn tell(&mut self) -> Result<(), Failure> {
        let masters = timeout(LOST_AFTER, masters(&self.address)).await??;
        let connections = masters.iter().map(|master| self.listen_to(master));
        let connections = timeout(LOST_AFTER, try_join_all(connections)).await??;
        if let Some(follower) = self.follower.upgrade() {
            follower.begins(News::Soon);
        }
        if std::mem::take(&mut self.is_lost) {
            tracing::info!("the news of changes are back");
        }
        tokio::select! {
            lost = self.prove(connections) => lost,
            changed = has_other_masters(&self.address, masters) => changed,
        }
    }

    /// A connection on which the news of one master come.
    async fn listen_to(&self, master: &ConnectionInfo) -> RedisResult<MultiplexedConnection> {
        let settings = master.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(master.clone().set_redis_settings(settings))?;
        let follower = self.follower.clone();
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(LOST_AFTER))
            .set_response_timeout(Some(LOST_AFTER))
            .set_push_sender(move |push| take_in(&push, &follower));
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        connection.subscribe(self.address.channel()).await?;
        Ok(connection)
    }

    /// Proves again and again that all news have come, until a connection is lost or nobody follows any more.
    async fn prove(&self, mut connections: Vec<MultiplexedConnection>) -> Result<(), Failure> {
        loop {
            let asked_at = self.clock.uptime();
            let ping = cmd("PING");
            let answers = connections.iter_mut().map(|connection| ping.exec_async(connection));
            timeout(LOST_AFTER, try_join_all(answers)).await??;
            match self.follower.upgrade() {
                Some(follower) => follower.told_until(asked_at),
                None => return Ok(()),
            }
            sleep(PROVED_EVERY).await;
        }
    }
}

/// Takes in what comes on a connection.
fn take_in(push: &PushInfo, follower: &Weak<dyn Follower>) -> Result<(), ()> {
    let follower = follower.upgrade().ok_or(())?;
    if let (PushKind::Message, [_channel, Value::BulkString(message)]) = (&push.kind, push.data.as_slice()) {
        match read_message(message) {
            Ok(session) => follower.replaced(session),
            Err(error) => {
                tracing::error!(
                    error = error_chain(&error),
                    "a change cannot be read: all sessions are read anew"
                );
                follower.begins(News::Soon);
            }
        }
    }
    Ok(())
}

/// Whoever publishes: the one Redis, or each master of the cluster, as the first node that answers says.
pub(super) async fn masters(address: &RedisAddress) -> Result<Vec<ConnectionInfo>, Failure> {
    if !address.is_cluster() {
        return Ok(address.nodes().to_vec());
    }
    let mut failure = "no node is named".into();
    for node in address.nodes() {
        match masters_known_to(node).await {
            Ok(masters) => return Ok(masters),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn masters_known_to(node: &ConnectionInfo) -> Result<Vec<ConnectionInfo>, Failure> {
    let mut connection = Client::open(node.clone())?.get_multiplexed_async_connection().await?;
    let slots: Vec<Vec<Value>> = cmd("CLUSTER").arg("SLOTS").query_async(&mut connection).await?;
    // Each stretch of slots: its first, its last, its master, its replicas; of a node its host, its port and more.
    let masters = slots.into_iter().filter_map(|stretch| stretch.into_iter().nth(2));
    let masters = masters.map(from_redis_value::<Vec<Value>>).collect::<Result<Vec<_>, _>>()?;
    let mut addresses = BTreeSet::new();
    for master in masters {
        if let [host, port, ..] = master.as_slice() {
            addresses.insert((
                from_redis_value::<Option<String>>(host.clone())?.unwrap_or_default(),
                from_redis_value::<u16>(port.clone())?,
            ));
        }
    }
    Ok(addresses.into_iter().map(|(host, port)| at(node, host, port)).collect())
}

/// The node of a cluster at another address, with the same login. A host that is left out is that of who was asked.
fn at(node: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    let address = match node.addr().clone() {
        ConnectionAddr::TcpTls { host: asked, insecure, tls_params, .. } => {
            let host = if host.is_empty() { asked } else { host };
            ConnectionAddr::TcpTls { host, port, insecure, tls_params }
        }
        ConnectionAddr::Tcp(asked, _) => {
            ConnectionAddr::Tcp(if host.is_empty() { asked } else { host }, port)
        }
        other => other,
    };
    node.clone().set_addr(address)
}

/// Done when the cluster has other masters than those.
async fn has_other_masters(address: &RedisAddress, known: Vec<ConnectionInfo>) -> Result<(), Failure> {
    let addresses =
        |nodes: &[ConnectionInfo]| nodes.iter().map(|node| node.addr().to_string()).collect::<Vec<_>>();
    let known = addresses(&known);
    if !address.is_cluster() {
        return std::future::pending().await;
    }
    loop {
        sleep(MASTERS_LOOKED_FOR_EVERY).await;
        // Whether a node is lost shows on its own connection.
        if let Ok(Ok(masters)) = timeout(LOST_AFTER, masters(address)).await
            && addresses(&masters) != known
        {
            tracing::info!("the cluster has other masters");
            return Ok(());
        }
    }
}
