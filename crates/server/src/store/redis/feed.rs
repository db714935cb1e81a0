//! Tells this server of the sessions that any server has replaced.
//!
//! One connection to each master listens to a channel. On it answers and messages come in one order, so the answer to a PING
//! proves that every message published before the PING was sent has arrived. That is what "told until" means here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::Duration;

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ProtocolVersion, PushInfo, PushKind,
    RedisResult, Value, cmd, from_redis_value,
};
use futures_util::future::{join_all, select_ok};
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
    let mut feed = Feed { address, clock, follower, connections: BTreeMap::new(), is_lost: false };
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
    /// One to each master, by its address. While one is lost, news of the others go on to come.
    connections: BTreeMap<String, MultiplexedConnection>,
    is_lost: bool,
}

impl Feed {
    /// Connects and tells until a connection is lost, the cluster has other masters, or nobody follows any more.
    async fn tell(&mut self) -> Result<(), Failure> {
        let masters = timeout(LOST_AFTER, masters(&self.address, &[])).await??;
        self.connect(&masters).await?;
        if let Some(follower) = self.follower.upgrade() {
            follower.begins(News::Soon);
        }
        if std::mem::take(&mut self.is_lost) {
            tracing::info!("the news of changes are back");
        }
        let address = self.address.clone();
        tokio::select! {
            lost = self.prove() => lost,
            changed = has_other_masters(&address, masters) => changed,
        }
    }

    /// Listens to every master, and to nobody else. Fails if one cannot be reached; the others are listened to all the same.
    async fn connect(&mut self, masters: &[ConnectionInfo]) -> Result<(), Failure> {
        let masters: BTreeMap<_, _> = masters.iter().map(|node| (node.addr().to_string(), node)).collect();
        self.connections.retain(|address, _| masters.contains_key(address));
        // Those that answer no more are connected anew.
        drop(self.ping().await);
        let missing = masters.into_iter().filter(|(address, _)| !self.connections.contains_key(address));
        let connections = missing
            .map(async |(address, master)| (address, timeout(LOST_AFTER, self.listen_to(master)).await));
        let mut outcome = Ok(());
        for (address, connection) in join_all(connections).await {
            match connection {
                Ok(Ok(connection)) => drop(self.connections.insert(address, connection)),
                Ok(Err(error)) => outcome = Err(error.into()),
                Err(error) => outcome = Err(error.into()),
            }
        }
        outcome
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
    async fn prove(&mut self) -> Result<(), Failure> {
        loop {
            let asked_at = self.clock.uptime();
            self.ping().await?;
            match self.follower.upgrade() {
                Some(follower) => follower.told_until(asked_at),
                None => return Ok(()),
            }
            sleep(PROVED_EVERY).await;
        }
    }

    /// Sends a PING on every connection and waits for all answers. A connection without one is dropped.
    async fn ping(&mut self) -> Result<(), Failure> {
        let ping = cmd("PING");
        let answers = self.connections.iter_mut().map(async |(address, connection)| {
            (address.clone(), timeout(LOST_AFTER, ping.exec_async(connection)).await)
        });
        let mut outcome = Ok(());
        for (address, answer) in join_all(answers).await {
            let failure: Failure = match answer {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.into(),
                Err(error) => error.into(),
            };
            self.connections.remove(&address);
            outcome = Err(failure);
        }
        outcome
    }
}

/// Takes in what comes on a connection.
fn take_in(push: &PushInfo, follower: &Weak<dyn Follower>) -> Result<(), ()> {
    let follower = follower.upgrade().ok_or(())?;
    if let (PushKind::Message, [_channel, Value::BulkString(message)]) = (&push.kind, push.data.as_slice()) {
        // An empty one is sent by servers that start, to find out whether they may.
        if message.is_empty() {
            return Ok(());
        }
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
pub(super) async fn masters(
    address: &RedisAddress,
    known: &[ConnectionInfo],
) -> Result<Vec<ConnectionInfo>, Failure> {
    if !address.is_cluster() {
        return Ok(address.nodes().to_vec());
    }
    // All at once, for one may be away and not even say so.
    let nodes = address.nodes().iter().chain(known);
    let (masters, _) = select_ok(nodes.map(|node| Box::pin(masters_known_to(node)))).await?;
    Ok(masters)
}

async fn masters_known_to(node: &ConnectionInfo) -> Result<Vec<ConnectionInfo>, Failure> {
    let mut connection = Client::open(node.clone())?.get_multiplexed_async_connection().await?;
    // A node that is cut off from most others may take a master for one that has been replaced.
    let info: String = cmd("CLUSTER").arg("INFO").query_async(&mut connection).await?;
    if !info.contains("cluster_state:ok") {
        return Err(format!("{} says that its cluster is down", node.addr()).into());
    }
    let slots: Vec<Vec<Value>> = cmd("CLUSTER").arg("SLOTS").query_async(&mut connection).await?;
    // Each stretch of slots: its first, its last, its master, its replicas; of a node its host, its port and more.
    let masters = slots.into_iter().filter_map(|stretch| stretch.into_iter().nth(2));
    let masters = masters.map(from_redis_value::<Vec<Value>>).collect::<Result<Vec<_>, _>>()?;
    let mut addresses = BTreeSet::new();
    for master in masters {
        if let [host, port, ..] = master.as_slice() {
            let host: Option<String> = from_redis_value(host.clone())?;
            addresses.insert((host.unwrap_or_default(), from_redis_value::<u16>(port.clone())?));
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

/// Done when the cluster has other masters than those, or no node can say so.
async fn has_other_masters(address: &RedisAddress, known: Vec<ConnectionInfo>) -> Result<(), Failure> {
    if !address.is_cluster() {
        return std::future::pending().await;
    }
    let addresses =
        |nodes: &[ConnectionInfo]| -> Vec<_> { nodes.iter().map(|node| node.addr().to_string()).collect() };
    loop {
        sleep(MASTERS_LOOKED_FOR_EVERY).await;
        let masters = timeout(LOST_AFTER, masters(address, &known)).await??;
        if addresses(&masters) != addresses(&known) {
            tracing::info!("the cluster has other masters");
            return Ok(());
        }
    }
}
