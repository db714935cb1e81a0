//! Sends requests past nodes that are silent. The driver notices only seconds later that a node hangs.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use scylla::cluster::{ClusterState, NodeRef};
use scylla::policies::load_balancing::{DefaultPolicy, FallbackPlan, LoadBalancingPolicy, RoutingInfo};
use scylla::routing::Shard;
use uuid::Uuid;

use super::CassandraAddress;
use super::address::Reach;

/// The nodes that have not answered lately, by the ids of their hosts.
#[derive(Debug, Default)]
pub(super) struct SilentNodes {
    hosts: RwLock<BTreeSet<Uuid>>,
    /// Spares the requests the lock while all nodes answer.
    are_any: AtomicBool,
    /// How many times a node has fallen silent.
    silences: AtomicU64,
}

impl SilentNodes {
    /// Notes whether a node is silent. Returns whether that is new.
    pub(super) fn note(&self, host: Uuid, is_silent: bool) -> bool {
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = if is_silent { hosts.insert(host) } else { hosts.remove(&host) };
        if is_silent && is_new {
            self.silences.fetch_add(1, Ordering::Relaxed);
        }
        self.are_any.store(!hosts.is_empty(), Ordering::Relaxed);
        is_new
    }

    pub(super) fn has(&self, host: Uuid) -> bool {
        self.are_any.load(Ordering::Relaxed)
            && self.hosts.read().unwrap_or_else(PoisonError::into_inner).contains(&host)
    }

    /// Returns how many times a node has fallen silent.
    pub(super) fn silences(&self) -> u64 {
        self.silences.load(Ordering::Relaxed)
    }

    /// Forgets the nodes that are not part of the cluster any more.
    pub(super) fn keep(&self, known: &BTreeSet<Uuid>) {
        let mut hosts = self.hosts.write().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|host| known.contains(host));
        self.are_any.store(!hosts.is_empty(), Ordering::Relaxed);
    }
}

/// Chooses the node for a request: a replica of the session, and always the same one, because two nodes that change a session at the
/// same time hold each other up.
#[derive(Debug)]
pub(super) struct Routing {
    replicas: Arc<dyn LoadBalancingPolicy>,
    silent: Arc<SilentNodes>,
}

impl Routing {
    pub(super) fn new(address: &CassandraAddress, silent: Arc<SilentNodes>) -> Self {
        let mut policy = DefaultPolicy::builder().token_aware(true).enable_shuffling_replicas(false);
        if let Some(datacenter) = address.datacenter() {
            // LOCAL_SERIAL of another data centre would be another order of changes.
            let may_go_elsewhere = address.reach() == Reach::All;
            policy = policy.prefer_datacenter(datacenter.to_owned()).permit_dc_failover(may_go_elsewhere);
        }
        Self { replicas: policy.build(), silent }
    }
}

impl LoadBalancingPolicy for Routing {
    fn pick<'a>(
        &'a self,
        request: &'a RoutingInfo,
        cluster: &'a ClusterState,
    ) -> Option<(NodeRef<'a>, Option<Shard>)> {
        let picked = self.replicas.pick(request, cluster)?;
        if !self.silent.has(picked.0.host_id) {
            return Some(picked);
        }
        let others = self.replicas.fallback(request, cluster);
        others.into_iter().find(|(node, _)| !self.silent.has(node.host_id)).or(Some(picked))
    }

    fn fallback<'a>(&'a self, request: &'a RoutingInfo, cluster: &'a ClusterState) -> FallbackPlan<'a> {
        let all = self.replicas.fallback(request, cluster);
        let (silent, others): (Vec<_>, Vec<_>) = all.partition(|(node, _)| self.silent.has(node.host_id));
        Box::new(others.into_iter().chain(silent))
    }

    fn name(&self) -> String {
        "past silent nodes".to_owned()
    }
}
