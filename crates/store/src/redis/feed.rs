//! The change feed of Redis.
//!
//! One connection to each master listens to a channel. Answers and messages come on it in one order, so the answer to a TIME
//! proves that every message published before the TIME was sent has arrived. That makes the part of that master caught up. It
//! also shows how far the clock of the master is from the server's.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use deadpool_redis::redis::aio::MultiplexedConnection;
use deadpool_redis::redis::{
    AsyncConnectionConfig, Client, ConnectionInfo, ErrorKind, ProtocolVersion, PushInfo, PushKind,
    RedisResult, ServerErrorKind, Value, cmd,
};
use tickseed_session::{FeedPart, ReportedRecord, SessionId, StoreChange, Subscriber, error_chain};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep, timeout};

use super::RedisAddress;
use super::parts::{Assignment, Parts};
use super::promises::{Measured, Promises};
use super::topology::{Master, Topology};
use super::views::Views;
use crate::panics::Panics;
use crate::record;
use crate::remote::clock_distance::{ClockReading, Measurement};
use crate::remote::connect::Failure;

/// How often each connection is proved to be caught up. Several times within the time that such a proof counts.
const PROVE_EVERY: Duration = Duration::from_millis(25);
/// How long a connection may be silent before it counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(1);
/// How long after a loss the next attempt begins.
const RETRY_AFTER: Duration = Duration::from_millis(50);
/// How often each master of a cluster is asked who the masters are.
const CHECK_TOPOLOGY_EVERY: Duration = Duration::from_secs(1);

/// How many bytes of a message are the session's id. The record follows; without one the session has been deleted.
const ID_LENGTH: usize = 16;

/// Returns the message to publish when a session is replaced, or without a record when it is deleted.
pub(super) fn message(id: SessionId, record: &[u8]) -> Vec<u8> {
    [id.as_bytes().as_slice(), record].concat()
}

/// Everything that the change feed needs.
pub(super) struct Feed {
    pub(super) address: RedisAddress,
    pub(super) parts: Arc<Parts>,
    pub(super) promises: Arc<Promises>,
    /// Notified when there is a new connection, perhaps to another Redis.
    pub(super) is_new: Arc<Notify>,
    pub(super) panics: Panics,
    pub(super) subscriber: Weak<dyn Subscriber>,
}

impl Feed {
    /// Reports to the subscriber until it is gone.
    pub(super) async fn run(self) {
        let feed = Arc::new(self);
        let Some(topology) = feed.find_topology().await else { return };
        let (views, mut seen) = mpsc::unbounded_channel();
        let mut masters = Masters { feed: Arc::clone(&feed), views, followed: BTreeMap::new(), topology };
        masters.follow();
        let (mut known, mut checks) = (Views::default(), interval(CHECK_TOPOLOGY_EVERY));
        while feed.has_subscriber() {
            tokio::select! {
                Some((node, view)) = seen.recv() => known.note(node, view, Instant::now()),
                _ = checks.tick() => {
                    feed.promises.log_changes();
                    feed.ask_if_silent(&masters.topology, &mut known).await;
                }
            }
            if let Some(topology) = known.replacement_of(&masters.topology, Instant::now()) {
                tracing::info!("the masters of the cluster have changed");
                masters.topology = topology;
                masters.follow();
            }
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

    /// Asks any node of a cluster for its view, if no master that is followed has given one lately.
    async fn ask_if_silent(&self, topology: &Topology, known: &mut Views) {
        if self.address.is_cluster()
            && known.are_silent(Instant::now())
            && let Ok(Ok(view)) = timeout(LOST_AFTER, Topology::find(&self.address, Some(topology))).await
        {
            known.note(String::new(), view, Instant::now());
        }
    }
}

/// The masters that are followed, each by a task of its own, so that a silent one does not affect the others.
struct Masters {
    feed: Arc<Feed>,
    views: mpsc::UnboundedSender<(String, Topology)>,
    /// By name.
    followed: BTreeMap<String, AbortOnDrop>,
    topology: Topology,
}

impl Masters {
    /// Follows the masters of the topology and no others. Those that are followed already keep their connections.
    fn follow(&mut self) {
        let Some(subscriber) = self.feed.subscriber.upgrade() else { return };
        let Assignment { parts, losers } = self.feed.parts.assign(&self.topology);
        for part in losers {
            subscriber.restarted(part);
        }
        let names: Vec<_> = self.topology.masters.iter().map(Master::name).collect();
        self.feed.promises.keep_clocks(&names);
        let masters = self.topology.masters.iter().zip(parts);
        let mut followed = std::mem::take(&mut self.followed);
        self.followed = masters
            .filter_map(|(master, part)| Some((master, part?)))
            .map(|(master, part)| {
                let task = followed.remove(&master.name()).unwrap_or_else(|| {
                    if self.feed.address.is_cluster() {
                        // A subscriber learns of all parts at once, although some connect later.
                        subscriber.restarted(part);
                    }
                    self.start(master, part)
                });
                (master.name(), task)
            })
            .collect();
    }

    fn start(&self, master: &Master, part: FeedPart) -> AbortOnDrop {
        let (feed, views) = (Arc::clone(&self.feed), self.views.clone());
        let follower = MasterFollower { feed, views, node: master.node.clone(), name: master.name(), part };
        let guard = self.feed.panics.guard("the change feed of a Redis");
        AbortOnDrop(tokio::spawn(async move {
            let _guard = guard;
            follower.run().await;
        }))
    }
}

/// A task that ends when this is dropped.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Follows one master.
struct MasterFollower {
    feed: Arc<Feed>,
    views: mpsc::UnboundedSender<(String, Topology)>,
    node: ConnectionInfo,
    name: String,
    part: FeedPart,
}

impl MasterFollower {
    /// Connects again after every loss, until the subscriber is gone.
    async fn run(self) {
        let mut is_lost = false;
        while let Err(error) = self.report_until_lost(&mut is_lost).await {
            if !std::mem::replace(&mut is_lost, true) {
                let (node, error) = (&self.name, error_chain(&*error));
                tracing::warn!(
                    node,
                    error,
                    "the change feed is lost: sessions on that node are read from Redis"
                );
            }
            sleep(RETRY_AFTER).await;
            if !self.feed.has_subscriber() {
                return;
            }
        }
    }

    /// Reports changes until the connection is lost or the subscriber is gone.
    async fn report_until_lost(&self, is_lost: &mut bool) -> Result<(), Failure> {
        let mut connection = timeout(LOST_AFTER, self.connect()).await??;
        let measured = Measured { name: self.name.clone(), node: self.node_id(&mut connection).await? };
        // Before anything is proved: a master whose cluster is down may not be a master any more.
        self.note_topology(&mut connection).await?;
        let Some(subscriber) = self.feed.subscriber.upgrade() else { return Ok(()) };
        subscriber.restarted(self.part);
        drop(subscriber);
        // A Redis that was restarted may have other settings.
        self.feed.promises.forget_loss(&self.name);
        self.feed.is_new.notify_one();
        if std::mem::take(is_lost) {
            tracing::info!(node = self.name, "the change feed is back");
        }
        tokio::select! {
            ended = self.prove(connection.clone(), &measured) => ended,
            lost = self.watch_topology(connection, &measured) => lost,
        }
    }

    /// Connects and listens to the channel.
    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let settings = self.node.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let client = Client::open(self.node.clone().set_redis_settings(settings))?;
        let (subscriber, part, panics) = (self.feed.subscriber.clone(), self.part, self.feed.panics.clone());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(LOST_AFTER))
            .set_response_timeout(Some(LOST_AFTER))
            .set_push_sender(move |push| {
                // This runs in a task of the driver, which would only lose the connection.
                let _guard = panics.guard("the subscriber of the change feed");
                receive(push, part, &subscriber)
            });
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        connection.subscribe(self.feed.address.channel()).await?;
        Ok(connection)
    }

    /// Asks a node of a cluster for its id. It is empty if the user may not ask, as it is in a script then.
    async fn node_id(&self, connection: &mut MultiplexedConnection) -> Result<String, Failure> {
        if !self.feed.address.is_cluster() {
            return Ok(String::new());
        }
        match timeout(LOST_AFTER, cmd("CLUSTER").arg("MYID").query_async(connection)).await? {
            Err(error) if error.kind() != ErrorKind::Server(ServerErrorKind::NoPerm) => Err(error.into()),
            answer => Ok(answer.unwrap_or_default()),
        }
    }

    /// Proves again and again that the part is caught up. Returns when the subscriber is gone.
    async fn prove(&self, mut connection: MultiplexedConnection, master: &Measured) -> Result<(), Failure> {
        let promises = &self.feed.promises;
        loop {
            let asked_at = ClockReading::now(promises.clock());
            let (seconds, micros): (i64, i64) =
                timeout(LOST_AFTER, cmd("TIME").query_async(&mut connection)).await??;
            let time_us = seconds.saturating_mul(1_000_000).saturating_add(micros);
            let measured = Measurement::new(asked_at, time_us, ClockReading::now(promises.clock()));
            promises.note_clock(self.part, master, measured);
            match self.feed.subscriber.upgrade() {
                Some(subscriber) => {
                    subscriber.caught_up_to(self.part, asked_at.uptime, promises.proved(self.part));
                }
                None => return Ok(()),
            }
            sleep(PROVE_EVERY).await;
        }
    }

    /// Asks the master for its view again and again. Ends only with an error.
    async fn watch_topology(
        &self,
        mut connection: MultiplexedConnection,
        master: &Measured,
    ) -> Result<(), Failure> {
        loop {
            sleep(CHECK_TOPOLOGY_EVERY).await;
            if self.node_id(&mut connection).await? != master.node {
                return Err(format!("{} has become another node", self.name).into());
            }
            self.note_topology(&mut connection).await?;
        }
    }

    /// Asks the master who the masters are, and passes its view on. The one Redis has none.
    async fn note_topology(&self, connection: &mut MultiplexedConnection) -> Result<(), Failure> {
        if self.feed.address.is_cluster() {
            let view = timeout(LOST_AFTER, Topology::seen_by(&self.node, connection)).await??;
            drop(self.views.send((self.name.clone(), view)));
        }
        Ok(())
    }
}

/// Receives a message on the connection of a part. It reads no JSON: the answers that prove the part caught up wait on the same
/// connection.
fn receive(push: PushInfo, part: FeedPart, subscriber: &Weak<dyn Subscriber>) -> Result<(), ()> {
    let subscriber = subscriber.upgrade().ok_or(())?;
    if let (PushKind::Message, Ok([_channel, Value::BulkString(message)])) =
        (push.kind, <[Value; 2]>::try_from(push.data))
    {
        report(message, part, &*subscriber);
    }
    Ok(())
}

fn report(message: Vec<u8>, part: FeedPart, subscriber: &dyn Subscriber) {
    // A server sends an empty message to find out whether it may publish.
    if message.is_empty() {
        return;
    }
    let Some((id, record)) = message.split_first_chunk::<ID_LENGTH>() else {
        return report_unreadable(part, subscriber);
    };
    let id = SessionId::from_bytes(*id);
    if record.is_empty() {
        return subscriber.changed(StoreChange::Deleted { id });
    }
    let Some(revision) = record::revision(record) else { return report_unreadable(part, subscriber) };
    let record = ReportedRecord::new(message.len(), move || record::decode(id, &message[ID_LENGTH..]));
    subscriber.changed(StoreChange::Replaced { id, revision, record: Some(record) });
}

/// Somebody else's message, or one that has been damaged. Whatever has changed, it must not be missed.
fn report_unreadable(part: FeedPart, subscriber: &dyn Subscriber) {
    tracing::error!("a message of the change feed cannot be read: sessions will be read again");
    subscriber.restarted(part);
}
