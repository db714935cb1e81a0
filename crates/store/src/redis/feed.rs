//! The change feed of Redis.
//!
//! One connection to each master listens to a channel. Answers and messages come on it in one order, so the answer to a PING
//! proves that every message published before the PING was sent has arrived. That makes the part of that master caught up.

use std::sync::{Arc, Weak};
use std::time::Duration;

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, ProtocolVersion, PushInfo, PushKind, RedisResult, Value, cmd,
};
use futures_util::future::select_all;
use tickseed_session::{Change, Clock, FeedPart, SessionId, Subscriber, error_chain};
use tokio::time::{Instant, sleep, timeout};

use super::RedisAddress;
use super::parts::Parts;
use super::topology::{Failure, Master, Topology};
use crate::record;

/// How often each connection is proved to be caught up. Several times within the time that such a proof counts.
const PROVE_EVERY: Duration = Duration::from_millis(25);
/// How long a connection may be silent before it counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(1);
/// How long after a loss the next attempt begins.
const RETRY_AFTER: Duration = Duration::from_millis(50);
/// How often each master of a cluster is asked who the masters are.
const CHECK_TOPOLOGY_EVERY: Duration = Duration::from_secs(1);

/// How many bytes of a message are the session's id. The record follows; without one the session has been removed.
const ID_LENGTH: usize = 16;

/// Returns the message to publish when a session is replaced.
pub(super) fn message(id: SessionId, record: &[u8]) -> Vec<u8> {
    [id.as_bytes().as_slice(), record].concat()
}

/// Everything that the change feed needs.
pub(super) struct Feed {
    pub(super) address: RedisAddress,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) parts: Arc<Parts>,
    pub(super) subscriber: Weak<dyn Subscriber>,
}

impl Feed {
    /// Reports to the subscriber until it is gone.
    pub(super) async fn run(self) {
        let mut topology = None;
        while self.has_subscriber() {
            topology = match topology {
                Some(current) => self.follow_all(&current).await,
                None => self.find_topology().await,
            };
        }
    }

    fn has_subscriber(&self) -> bool {
        self.subscriber.strong_count() > 0
    }

    /// Asks until a node answers. Returns `None` if the subscriber is gone.
    async fn find_topology(&self) -> Option<Topology> {
        let mut is_lost = false;
        while self.has_subscriber() {
            let error: Failure = match timeout(LOST_AFTER, Topology::find(&self.address, None)).await {
                Ok(Ok(topology)) => return Some(topology),
                Ok(Err(error)) => error,
                Err(error) => error.into(),
            };
            if !std::mem::replace(&mut is_lost, true) {
                let error = error_chain(&*error);
                tracing::warn!(error, "the change feed is lost: no node names the masters");
            }
            sleep(RETRY_AFTER).await;
        }
        None
    }

    /// Follows every master until the topology changes, and returns the new one. Returns `None` if the subscriber is gone.
    async fn follow_all(&self, topology: &Topology) -> Option<Topology> {
        let parts = self.parts.assign(topology);
        if self.address.is_cluster() {
            // Sessions may have moved from one part to another.
            let subscriber = self.subscriber.upgrade()?;
            for part in &parts {
                subscriber.restarted(*part);
            }
        }
        let masters = topology.masters.iter().zip(&parts);
        let following = masters.map(|(master, part)| {
            let part_feed = PartFeed { feed: self, topology, master, part: *part };
            Box::pin(async move { part_feed.run().await })
        });
        let (new_topology, ..) = select_all(following).await;
        if new_topology.is_some() {
            tracing::info!("the masters of the cluster have changed");
        }
        new_topology
    }
}

/// Follows one master. Each master has its own, so that a silent one does not affect the others.
struct PartFeed<'feed> {
    feed: &'feed Feed,
    topology: &'feed Topology,
    master: &'feed Master,
    part: FeedPart,
}

impl PartFeed<'_> {
    /// Connects again after every loss. Returns as [`Feed::follow_all`].
    async fn run(&self) -> Option<Topology> {
        let (mut is_lost, mut asked_at) = (false, Instant::now());
        loop {
            let error = match self.follow(&mut is_lost).await {
                Ok(ended) => return ended,
                Err(error) => error,
            };
            if !std::mem::replace(&mut is_lost, true) {
                let (node, error) = (self.master.name(), error_chain(&*error));
                tracing::warn!(
                    node,
                    error,
                    "the change feed is lost: sessions on that node are read from Redis"
                );
            }
            sleep(RETRY_AFTER).await;
            if !self.feed.has_subscriber() {
                return None;
            }
            if asked_at.elapsed() >= CHECK_TOPOLOGY_EVERY {
                if let Some(topology) = self.replacement().await {
                    return Some(topology);
                }
                asked_at = Instant::now();
            }
        }
    }

    /// Reports changes until the connection is lost, the topology changes, or the subscriber is gone.
    async fn follow(&self, is_lost: &mut bool) -> Result<Option<Topology>, Failure> {
        let connection = timeout(LOST_AFTER, self.connect()).await??;
        let Some(subscriber) = self.feed.subscriber.upgrade() else { return Ok(None) };
        subscriber.restarted(self.part);
        drop(subscriber);
        if std::mem::take(is_lost) {
            tracing::info!(node = self.master.name(), "the change feed is back");
        }
        tokio::select! {
            ended = self.prove(connection.clone()) => ended.map(|()| None),
            changed = self.watch_topology(connection) => changed.map(Some),
        }
    }

    /// Connects and listens to the channel.
    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let node = &self.master.node;
        let settings = node.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(node.clone().set_redis_settings(settings))?;
        let (subscriber, part) = (self.feed.subscriber.clone(), self.part);
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(LOST_AFTER))
            .set_response_timeout(Some(LOST_AFTER))
            .set_push_sender(move |push| receive(&push, part, &subscriber));
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        connection.subscribe(self.feed.address.channel()).await?;
        Ok(connection)
    }

    /// Proves again and again that the part is caught up. Returns when the subscriber is gone.
    async fn prove(&self, mut connection: MultiplexedConnection) -> Result<(), Failure> {
        let ping = cmd("PING");
        loop {
            let sent_at = self.feed.clock.uptime();
            timeout(LOST_AFTER, ping.exec_async(&mut connection)).await??;
            match self.feed.subscriber.upgrade() {
                Some(subscriber) => subscriber.caught_up_to(self.part, sent_at),
                None => return Ok(()),
            }
            sleep(PROVE_EVERY).await;
        }
    }

    /// Asks the master itself who the masters are, and returns when that has changed.
    async fn watch_topology(&self, mut connection: MultiplexedConnection) -> Result<Topology, Failure> {
        if !self.feed.address.is_cluster() {
            return std::future::pending().await;
        }
        loop {
            sleep(CHECK_TOPOLOGY_EVERY).await;
            let seen = Topology::seen_by(&self.master.node, &mut connection);
            let topology = timeout(LOST_AFTER, seen).await??;
            if self.topology.is_replaced_by(&topology) {
                return Ok(topology);
            }
        }
    }

    /// Asks other nodes whether another master has taken over.
    async fn replacement(&self) -> Option<Topology> {
        if !self.feed.address.is_cluster() {
            return None;
        }
        let find = Topology::find(&self.feed.address, Some(self.topology));
        let topology = timeout(LOST_AFTER, find).await.ok()?.ok()?;
        self.topology.is_replaced_by(&topology).then_some(topology)
    }
}

/// Receives a message on the connection of a part.
fn receive(push: &PushInfo, part: FeedPart, subscriber: &Weak<dyn Subscriber>) -> Result<(), ()> {
    let subscriber = subscriber.upgrade().ok_or(())?;
    if let (PushKind::Message, [_channel, Value::BulkString(message)]) = (&push.kind, push.data.as_slice()) {
        report(message, part, &*subscriber);
    }
    Ok(())
}

fn report(message: &[u8], part: FeedPart, subscriber: &dyn Subscriber) {
    // A server that starts sends an empty message to find out whether it may publish.
    if message.is_empty() {
        return;
    }
    let Some((id, record)) = message.split_first_chunk::<ID_LENGTH>() else {
        return report_unreadable(part, subscriber);
    };
    let id = SessionId::from_bytes(*id);
    if record.is_empty() {
        return subscriber.changed(Change::Removed { id });
    }
    match record::revision(record) {
        Some(revision) => {
            let read = || record::decode(id, record);
            subscriber.changed(Change::Replaced { id, revision, record: Some(&read) });
        }
        None => report_unreadable(part, subscriber),
    }
}

/// Somebody else's message, or one that has been damaged. Whatever has changed, it must not be missed.
fn report_unreadable(part: FeedPart, subscriber: &dyn Subscriber) {
    tracing::error!("a message of the change feed cannot be read: sessions will be read again");
    subscriber.restarted(part);
}
