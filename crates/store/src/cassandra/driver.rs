//! Connections of the driver to a cluster.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use scylla::client::PoolSize;
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session as Driver;
use scylla::client::session_builder::SessionBuilder;
use scylla::errors::NewSessionError;
use scylla::policies::retry::FallthroughRetryPolicy;

use super::CassandraAddress;
use super::routing::{Routing, SilentNodes};

/// How long connecting may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How often an idle connection is tried, and how long the answer may take: a node behind a cut of the network looks like one that
/// has nothing to say.
const KEEP_ALIVE: Duration = Duration::from_secs(1);

/// How many connections there are to each node. Two, so that a large answer does not hold up all others.
const CONNECTIONS: usize = 2;

/// Connects to the cluster. The driver works on the runtime that this runs on.
pub(super) async fn connect(
    address: &CassandraAddress,
    silent: &Arc<SilentNodes>,
) -> Result<Driver, NewSessionError> {
    let profile = ExecutionProfile::builder()
        .load_balancing_policy(Arc::new(Routing::new(address, Arc::clone(silent))))
        // A change that is tried again by another node would compete with itself.
        .retry_policy(Arc::new(FallthroughRetryPolicy))
        // Every request has a time limit of its own.
        .request_timeout(None)
        .build();
    let connections = NonZeroUsize::new(CONNECTIONS).unwrap_or(NonZeroUsize::MIN);
    let mut builder = SessionBuilder::new()
        .known_nodes(address.hosts())
        .default_execution_profile_handle(profile.into_handle())
        .pool_size(PoolSize::PerHost(connections))
        .connection_timeout(CONNECT_TIMEOUT)
        .keepalive_interval(KEEP_ALIVE)
        .keepalive_timeout(KEEP_ALIVE)
        .hostname_resolution_timeout(Some(CONNECT_TIMEOUT))
        .keyspaces_to_fetch([address.keyspace()]);
    if let Some(login) = address.login() {
        builder = builder.user(&login.user, &login.password);
    }
    builder.build().await
}
