//! Notices when a master is gone or has been replaced, and reconnects. Waits for no request to do so.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use deadpool_redis::redis::{ErrorKind, RedisError};
use futures_util::future::join_all;
use tickseed_session::error_chain;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::connection::{SharedConnection, exists};
use super::nodes::{Node, Nodes};
use super::topology::Topology;

/// How often every master is probed while nothing is wrong, so that an idle server too notices when Redis is gone, and reconnects
/// before the next request.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often a silent Redis is probed.
const PROBE_EVERY: Duration = Duration::from_millis(50);

/// How many views that are older than the known one are ignored in a row. A master that hung and has been replaced believes in
/// itself for a moment; a cluster that is made anew counts its epochs from the start and stays with that.
const OLDER_VIEWS: u32 = 3;

impl SharedConnection {
    /// Probes what has failed to answer, closes the breakers when it answers again, and replaces connections and masters when it
    /// has to. Only this task probes, so that a Redis that comes back is not flooded.
    pub(super) async fn keep_alive(self, mut suspects: mpsc::UnboundedReceiver<Arc<Node>>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                first = suspects.recv() => match first {
                    Some(first) => self.investigate(first, &mut suspects).await,
                    None => return,
                },
                () = self.signals.is_lost.notified() => {
                    // The driver reconnects by itself, but only once.
                    if self.look().await {
                        self.signals.is_new.notify_one();
                    }
                }
                () = self.signals.is_outdated.notified() => self.refresh().await,
                () = self.signals.is_useless.notified() => {
                    self.replace_all().await;
                    self.signals.is_new.notify_one();
                }
                _ = looks.tick() => drop(self.look().await),
            }
        }
    }

    /// Probes all masters, and makes those suspect that do not answer. Returns whether all answer.
    pub(super) async fn look(&self) -> bool {
        let nodes = self.nodes();
        let probes = nodes.all().iter().map(|node| self.probe(node));
        let answers = join_all(probes).await;
        for (node, answer) in nodes.all().iter().zip(&answers) {
            if answer.is_err() {
                self.suspect(node);
            }
        }
        answers.iter().all(Result::is_ok)
    }

    /// Probes a suspect. If it does not answer, probes until all masters answer, and replaces connections and masters meanwhile; a
    /// Redis that was only slow answers on the old connection.
    async fn investigate(&self, first: Arc<Node>, suspects: &mut mpsc::UnboundedReceiver<Arc<Node>>) {
        let (silent, reason) = self.probe_all(vec![first]).await;
        if silent.is_empty() {
            return;
        }
        let node = silent[0].name();
        tracing::warn!(node, error = reason, "Redis does not answer; sessions in memory are served");
        tokio::select! {
            () = self.probe_until_all_answer(silent, suspects) => {}
            () = self.keep_reconnecting() => {}
            () = self.keep_looking() => {}
            () = self.keep_replacing() => {}
        }
        tracing::info!("Redis answers again");
        self.signals.is_new.notify_one();
    }

    /// Replaces connections that the other masters refuse to use. Never ends.
    async fn keep_replacing(&self) {
        loop {
            self.signals.is_useless.notified().await;
            self.replace_all().await;
        }
    }

    async fn probe_until_all_answer(
        &self,
        mut silent: Vec<Arc<Node>>,
        suspects: &mut mpsc::UnboundedReceiver<Arc<Node>>,
    ) {
        while !silent.is_empty() {
            sleep(PROBE_EVERY).await;
            while let Ok(another) = suspects.try_recv() {
                silent.push(another);
            }
            // Another master may have taken over.
            let nodes = self.nodes();
            silent.retain(|node| nodes.all().iter().any(|other| Arc::ptr_eq(node, other)));
            (silent, _) = self.probe_all(silent).await;
        }
    }

    /// Probes suspects. Opens the breakers of those that do not answer and returns them, with a reason; closes the others.
    async fn probe_all(&self, suspects: Vec<Arc<Node>>) -> (Vec<Arc<Node>>, String) {
        let answers = join_all(suspects.iter().map(|node| self.probe(node))).await;
        let (mut silent, mut reason) = (Vec::new(), String::new());
        for (node, answer) in suspects.into_iter().zip(answers) {
            match answer {
                Ok(()) => node.breaker.close(),
                Err(error) => {
                    node.breaker.open();
                    silent.push(node);
                    reason = error;
                }
            }
        }
        (silent, reason)
    }

    /// Returns why a master does not answer, if it does not.
    async fn probe(&self, node: &Node) -> Result<(), String> {
        let (mut connection, exists) = (node.connection(), exists(&node.key));
        match timeout(self.connector.answer, exists.exec_async(&mut connection)).await {
            // The node answers, and the slot of the key has moved.
            Ok(Err(error)) if error.redirect_node().is_some() => Ok(()),
            // So does one that refuses the login. Requests get its answer, until it accepts the login of a new connection.
            Ok(Err(error)) if refuses_login(&error) => {
                self.signals.is_useless.notify_one();
                Ok(())
            }
            Ok(Err(error)) if !error.is_timeout() => Err(error_chain(&error)),
            Ok(Ok(())) => Ok(()),
            _ => Err(self.no_answer()),
        }
    }

    /// Replaces the connections to silent masters, if new ones can be made. An old one reconnects by itself only when it notices that
    /// it is lost, and after a cut of the network it may stay silent for many minutes. Never ends.
    async fn keep_reconnecting(&self) {
        loop {
            sleep(PROBE_EVERY).await;
            let nodes = self.nodes();
            let silent = nodes.all().iter().filter(|node| node.breaker.is_open());
            join_all(silent.map(|node| self.reconnect(node))).await;
        }
    }

    async fn reconnect(&self, node: &Node) {
        if let Ok(connection) = self.connector.now(node.info.clone()).await {
            node.replace_connection(connection);
        }
    }

    /// Replaces all connections, and the masters of a cluster.
    async fn replace_all(&self) {
        self.refresh().await;
        let nodes = self.nodes();
        join_all(nodes.all().iter().map(|node| self.reconnect(node))).await;
    }

    /// Looks for new masters of a cluster, and after the others. Never ends.
    async fn keep_looking(&self) {
        loop {
            self.refresh().await;
            self.look().await;
            sleep(LOOK_EVERY).await;
        }
    }

    /// Takes over the masters of a cluster as they are now.
    async fn refresh(&self) {
        if !self.address.is_cluster() {
            return;
        }
        let nodes = self.nodes();
        let known = nodes.topology();
        let Ok(Ok(view)) = timeout(LOOK_EVERY, Topology::find(&self.address, Some(known))).await else {
            return;
        };
        if view.epoch() < known.epoch()
            && self.signals.older_views.fetch_add(1, Ordering::Relaxed) < OLDER_VIEWS
        {
            return;
        }
        self.signals.older_views.store(0, Ordering::Relaxed);
        if view.layout() != known.layout()
            && let Ok(nodes) = Nodes::new(view, nodes.all(), &self.connector)
        {
            self.replace_nodes(nodes);
            self.signals.is_new.notify_one();
        }
    }
}

fn refuses_login(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed || matches!(error.code(), Some("NOAUTH" | "WRONGPASS"))
}
