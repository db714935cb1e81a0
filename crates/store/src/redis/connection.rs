//! The way of requests to Redis: one connection to each master, with a time limit for each request and circuit breakers.

use std::sync::atomic::AtomicU32;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use deadpool_redis::redis::aio::ConnectionManager;
use deadpool_redis::redis::{
    Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation, ServerErrorKind, cmd,
};
use futures_util::future::select_ok;
use tokio::sync::{Notify, mpsc};
use tokio::time::{sleep, timeout};

use tickseed_session::{NodeVitals, StoreError};

use super::RedisAddress;
use super::driver::Connector;
use super::nodes::{Node, Nodes};
use super::requests::{Asking, Request};
use super::topology::{Topology, node_named};
use crate::StoreTimeout;

/// How often a request follows a slot that moves.
const MOST_REDIRECTS: usize = 3;

/// How many keys are read to find out whether a Redis is part of a cluster: so many that no master keeps all of them.
const CHECK_KEYS: usize = 16;

/// How long after TRYAGAIN a request is repeated. A node says that while it hands a slot over.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// The connections that all requests share. Clones share them too.
#[derive(Clone)]
pub(super) struct SharedConnection {
    pub(super) address: RedisAddress,
    pub(super) connector: Connector,
    nodes: Arc<RwLock<Arc<Nodes>>>,
    suspects: mpsc::UnboundedSender<Arc<Node>>,
    pub(super) signals: Arc<Signals>,
}

/// What the task that keeps the connections alive waits for.
#[derive(Default)]
pub(super) struct Signals {
    /// A node has closed its connection.
    pub(super) is_lost: Arc<Notify>,
    /// A slot has moved.
    pub(super) is_outdated: Notify,
    /// A node is no longer a master, or refuses the login. Its connection would never try again.
    pub(super) is_useless: Notify,
    /// There is a new connection, perhaps to another Redis.
    pub(super) is_new: Arc<Notify>,
    /// How many views of the cluster in a row were older than the known one.
    pub(super) older_views: AtomicU32,
}

impl SharedConnection {
    /// Makes connections to the masters. Also returns the queue for [`keep_alive`](Self::keep_alive), which must run as long as the
    /// connections.
    pub(super) async fn open(
        address: RedisAddress,
        topology: Topology,
        timeout: StoreTimeout,
    ) -> RedisResult<(Self, mpsc::UnboundedReceiver<Arc<Node>>)> {
        let signals = Arc::new(Signals::default());
        let connector = Connector::new(timeout, Arc::clone(&signals.is_lost));
        let (suspects, to_probe) = mpsc::unbounded_channel();
        let nodes = Nodes::new(topology, &[], &connector)?;
        let nodes = Arc::new(RwLock::new(Arc::new(nodes)));
        let shared = Self { address, connector, nodes, suspects, signals };
        shared.look().await;
        Ok((shared, to_probe))
    }

    /// Returns what is notified when there is a new connection, perhaps to another Redis.
    pub(super) fn is_new(&self) -> Arc<Notify> {
        Arc::clone(&self.signals.is_new)
    }

    /// Sends a command about `key` and about no other key.
    pub(super) async fn send<T: FromRedisValue>(&self, key: &str, command: Cmd) -> Result<T, StoreError> {
        self.ask(key, Request::Command(&command)).await
    }

    /// Sends commands about `key`, one after the other, without waiting for the answers in between. In a cluster, they must be about
    /// no other key. Returns the first error or else the answer to the last command; a command is carried out even if one before it
    /// fails.
    pub(super) async fn send_in_a_row<T: FromRedisValue>(
        &self,
        key: &str,
        commands: &Pipeline,
    ) -> Result<T, StoreError> {
        self.ask(key, Request::Commands(commands)).await
    }

    /// Calls a script about `key` and about no other key.
    pub(super) async fn call<T: FromRedisValue>(
        &self,
        key: &str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, StoreError> {
        self.ask(key, Request::Script(script)).await
    }

    /// Sends a command that is about no key to a master.
    pub(super) async fn send_to<T: FromRedisValue>(
        &self,
        node: &Arc<Node>,
        command: &Cmd,
    ) -> Result<T, StoreError> {
        self.ask_node(node, Request::Command(command)).await
    }

    /// Checks that Redis answers, or any master of a cluster.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        let nodes = self.nodes();
        let checks = nodes.all().iter().map(|node| {
            let exists = exists(&node.key);
            Box::pin(async move { self.ask_node(node, Request::Command(&exists)).await.map(|_: bool| ()) })
        });
        select_ok(checks).await.map(|_| ())
    }

    /// Returns every master and whether its breaker is closed.
    pub(super) fn vitals(&self) -> Vec<NodeVitals> {
        let of = |node: &Arc<Node>| {
            let mut vitals = NodeVitals::new(node.name());
            vitals.is_answering = !node.breaker.is_open();
            vitals
        };
        self.nodes().all().iter().map(of).collect()
    }

    async fn ask<T: FromRedisValue>(&self, key: &str, request: Request<'_>) -> Result<T, StoreError> {
        let nodes = self.nodes();
        let Some(node) = nodes.of(key) else {
            self.signals.is_outdated.notify_one();
            return Err(StoreError::unavailable(NoMaster));
        };
        self.ask_node(node, request).await
    }

    /// Waits for an answer with the time limit, unless the breaker is open.
    async fn ask_node<T: FromRedisValue>(
        &self,
        node: &Arc<Node>,
        request: Request<'_>,
    ) -> Result<T, StoreError> {
        if node.breaker.is_open() {
            return Err(StoreError::NotAsked);
        }
        let answer = timeout(self.connector.answer, self.follow(node, request)).await;
        let error: Box<dyn std::error::Error + Send + Sync> = match answer {
            Ok(Ok(value)) => return Ok(value),
            // The driver has a time limit for connecting.
            Ok(Err(error)) if error.is_timeout() => self.no_answer().into(),
            Ok(Err(error)) => {
                if error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly) {
                    self.signals.is_useless.notify_one();
                }
                error.into()
            }
            Err(_) => self.no_answer().into(),
        };
        // Whatever the error is, the probe finds out whether it is about this request only, for example because Redis is full. The
        // driver repeats some errors of a connection until the connection is replaced.
        self.suspect(node);
        Err(StoreError::unavailable(error))
    }

    /// Sends a request, and in a cluster again to where its slot has moved.
    async fn follow<T: FromRedisValue>(&self, node: &Node, request: Request<'_>) -> RedisResult<T> {
        let mut answer = request.send(&mut node.connection()).await;
        for _ in 0..MOST_REDIRECTS {
            let Err(error) = &answer else { break };
            if !self.address.is_cluster() {
                break;
            }
            answer = match error.kind() {
                ErrorKind::Server(ServerErrorKind::Moved) => {
                    self.signals.is_outdated.notify_one();
                    request.send(&mut self.connection_to(error)?).await
                }
                ErrorKind::Server(ServerErrorKind::Ask) => {
                    request.send(&mut Asking(self.connection_to(error)?)).await
                }
                ErrorKind::Server(ServerErrorKind::TryAgain) => {
                    sleep(TRY_AGAIN_AFTER).await;
                    request.send(&mut node.connection()).await
                }
                _ => break,
            };
        }
        answer
    }

    /// Returns a connection to the node that an error names.
    fn connection_to(&self, error: &RedisError) -> RedisResult<ConnectionManager> {
        let (nodes, named) = (self.nodes(), error.redirect_node());
        let asked = &self.address.nodes()[0];
        let info = named.and_then(|(name, _slot)| node_named(asked, name)).unwrap_or_else(|| asked.clone());
        match nodes.at(&info) {
            Some(node) => Ok(node.connection()),
            None => self.connector.later(info),
        }
    }

    /// Makes a node suspect, because it has not answered.
    pub(super) fn suspect(&self, node: &Arc<Node>) {
        if node.breaker.becomes_suspect() {
            // The other end of the queue is gone only while the store is being dropped.
            drop(self.suspects.send(Arc::clone(node)));
        }
    }

    pub(super) fn no_answer(&self) -> String {
        format!("Redis did not answer within {:?}", self.connector.answer)
    }

    pub(super) fn nodes(&self) -> Arc<Nodes> {
        Arc::clone(&self.nodes.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn replace_nodes(&self, nodes: Nodes) {
        *self.nodes.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(nodes);
    }
}

/// Every node that is up says that nobody keeps the slot.
#[derive(Debug, thiserror::Error)]
#[error("no master of the cluster keeps the session")]
struct NoMaster;

pub(super) fn exists(key: &str) -> Cmd {
    let mut exists = cmd("EXISTS");
    exists.arg(key);
    exists
}

/// Returns keys that are spread over the masters of a cluster.
pub(super) fn check_keys() -> impl Iterator<Item = String> {
    (0..CHECK_KEYS).map(|number| format!("session:{{{number}}}"))
}
