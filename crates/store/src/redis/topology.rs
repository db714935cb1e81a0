//! Which master of a Redis Cluster keeps which slots.

use std::collections::{BTreeMap, BTreeSet};

use deadpool_redis::redis::aio::ConnectionLike;
use deadpool_redis::redis::{ConnectionAddr, ConnectionInfo, RedisError, Value, cmd, from_redis_value};
use futures_util::future::select_ok;

use super::RedisAddress;
use super::driver::connect;
use super::slot::SLOTS;
use super::step::Step;

use crate::remote::connect::Failure;

/// The masters of a cluster as one node sees them, or the one Redis.
#[derive(Debug, Clone)]
pub(super) struct Topology {
    /// How new the view is: the cluster's current epoch as the node knows it.
    epoch: u64,
    pub(super) masters: Vec<Master>,
}

/// A Redis that accepts writes.
#[derive(Debug, Clone)]
pub(super) struct Master {
    pub(super) node: ConnectionInfo,
    /// The first and the last slot of each range that it keeps.
    pub(super) slots: Vec<(u16, u16)>,
}

impl Master {
    /// Its host and port.
    pub(super) fn name(&self) -> String {
        self.node.addr().to_string()
    }
}

impl Topology {
    /// Asks for the topology: the first node of the address, or of those already known, whose answer is usable.
    pub(super) async fn find(address: &RedisAddress, known: Option<&Self>) -> Result<Self, Failure> {
        if !address.is_cluster() {
            let masters =
                address.nodes().iter().map(|node| Master { node: node.clone(), slots: vec![(0, SLOTS - 1)] });
            return Ok(Self { epoch: 0, masters: masters.collect() });
        }
        let known = known.into_iter().flat_map(|known| known.masters.iter().map(|master| &master.node));
        // Ask all nodes at once, because one of them may be away and not even refuse the connection.
        let nodes = address.nodes().iter().chain(known);
        let (topology, _) = select_ok(nodes.map(|node| Box::pin(Self::of_node(node)))).await?;
        Ok(topology)
    }

    async fn of_node(node: &ConnectionInfo) -> Result<Self, Failure> {
        let mut connection = connect(node.clone()).await.map_err(|error| Step::Connect.failed(error))?;
        let view = Self::seen_by(node, &mut connection).await;
        view.map_err(|failure| match failure.downcast::<RedisError>() {
            Ok(error) => Step::FindMasters.failed(*error).into(),
            Err(failure) => failure,
        })
    }

    /// Asks one node for its view.
    pub(super) async fn seen_by(
        node: &ConnectionInfo,
        connection: &mut (impl ConnectionLike + Send),
    ) -> Result<Self, Failure> {
        let info: String = cmd("CLUSTER").arg("INFO").query_async(connection).await?;
        // A node that is cut off from most others may believe in a master that has been replaced.
        if !info.contains("cluster_state:ok") {
            return Err(format!("{} says that its cluster is down", node.addr()).into());
        }
        let epoch = info.lines().find_map(|line| line.strip_prefix("cluster_current_epoch:"));
        let epoch = epoch.and_then(|epoch| epoch.trim().parse().ok()).unwrap_or(0);
        let ranges: Vec<Vec<Value>> = cmd("CLUSTER").arg("SLOTS").query_async(connection).await?;
        let mut masters = BTreeMap::<_, Vec<_>>::new();
        for range in ranges {
            // A range of slots: its first, its last, its master, its replicas.
            let [first, last, master, ..] = range.as_slice() else { continue };
            // A node: its host, its port, and more.
            let [host, port, ..] = &from_redis_value::<Vec<Value>>(master.clone())?[..] else { continue };
            let host: Option<String> = from_redis_value(host.clone())?;
            let address = (host.unwrap_or_default(), from_redis_value::<u16>(port.clone())?);
            let slots = (from_redis_value(first.clone())?, from_redis_value(last.clone())?);
            masters.entry(address).or_default().push(slots);
        }
        if masters.is_empty() {
            return Err(format!("{} names no master", node.addr()).into());
        }
        let masters = masters
            .into_iter()
            .map(|((host, port), slots)| Master { node: node_at(node, host, port), slots });
        Ok(Self { epoch, masters: masters.collect() })
    }

    /// Returns who keeps which slots, for comparison.
    pub(super) fn layout(&self) -> BTreeSet<(u16, u16, String)> {
        let ranges = self
            .masters
            .iter()
            .flat_map(|master| master.slots.iter().map(|(first, last)| (*first, *last, master.name())));
        ranges.collect()
    }

    /// Returns how new the view is.
    pub(super) const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// A topology of masters by port, each with its first and last slot.
    #[cfg(test)]
    pub(super) fn for_test(epoch: u64, masters: &[(u16, u16, u16)]) -> Self {
        use deadpool_redis::redis::IntoConnectionInfo;
        let masters = masters.iter().map(|(port, first, last)| Master {
            node: format!("redis://localhost:{port}").into_connection_info().expect("it is an address"),
            slots: vec![(*first, *last)],
        });
        Self { epoch, masters: masters.collect() }
    }
}

/// Returns the node of a cluster whose name is this host and port, with the login of one that was asked.
pub(super) fn node_named(asked: &ConnectionInfo, name: &str) -> Option<ConnectionInfo> {
    let (host, port) = name.rsplit_once(':')?;
    Some(node_at(asked, host.to_owned(), port.parse().ok()?))
}

/// The node of a cluster at another address, with the same login. A node that leaves its host out means the one that was asked.
fn node_at(asked: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    let address = match asked.addr().clone() {
        ConnectionAddr::TcpTls { host: asked, insecure, tls_params, .. } => {
            let host = if host.is_empty() { asked } else { host };
            ConnectionAddr::TcpTls { host, port, insecure, tls_params }
        }
        ConnectionAddr::Tcp(asked, _) => {
            ConnectionAddr::Tcp(if host.is_empty() { asked } else { host }, port)
        }
        other => other,
    };
    asked.clone().set_addr(address)
}
