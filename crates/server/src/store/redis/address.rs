//! Where a Redis is, and how to get in.

use std::fmt;

use deadpool_redis::redis::{ConnectionInfo, IntoConnectionInfo};

/// The address of one Redis or of a Redis Cluster, with what is needed to get in.
#[derive(Clone)]
pub struct RedisAddress {
    nodes: Vec<ConnectionInfo>,
    is_cluster: bool,
}

/// A text that is no address of a Redis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be embedded, redis://HOST:PORT/DATABASE, rediss://HOST:PORT/DATABASE for TLS, or \
     redis+cluster://HOST:PORT,HOST:PORT (rediss+cluster:// for TLS), with USER:PASSWORD@ before the host if need be, in \
     which / ? # @ are written %2F %3F %23 %40; got {got}"
)]
pub struct InvalidRedisAddress {
    /// What came, without the password.
    pub got: String,
}

impl RedisAddress {
    /// Reads `redis://USER:PASSWORD@HOST:PORT/DATABASE`, or `rediss://` for TLS, or `redis+cluster://` and
    /// `rediss+cluster://` with several hosts, any of which leads to the others. `password` counts if the address has none.
    ///
    /// # Errors
    ///
    /// [`InvalidRedisAddress`] if it is anything else.
    pub fn parse(address: &str, password: Option<&str>) -> Result<Self, InvalidRedisAddress> {
        let invalid = || InvalidRedisAddress { got: without_password(address) };
        let (scheme, rest) = address.split_once("://").ok_or_else(invalid)?;
        let (scheme, is_cluster) = match scheme.strip_suffix("+cluster") {
            Some(scheme) => (scheme, true),
            None => (scheme, false),
        };
        if !matches!(scheme, "redis" | "rediss") || rest.contains(['?', '#']) {
            return Err(invalid());
        }
        let (login, hosts) = rest.rsplit_once('@').map_or(("", rest), |(login, hosts)| (login, hosts));
        let (hosts, database) = hosts.split_once('/').unwrap_or((hosts, ""));
        let at = if login.is_empty() { "" } else { "@" };
        let hosts: Vec<_> = hosts.split(',').collect();
        if !is_cluster && hosts.len() > 1 || is_cluster && !matches!(database, "" | "0") {
            return Err(invalid());
        }
        let node = |host: &&str| {
            let node = format!("{scheme}://{login}{at}{host}/{database}");
            node.as_str().into_connection_info().map(|node| with_password(node, password))
        };
        let nodes = hosts.iter().map(node).collect::<Result<_, _>>().map_err(|_| invalid())?;
        Ok(Self { nodes, is_cluster })
    }

    /// The nodes to begin with: exactly one unless it is a cluster.
    pub(super) fn nodes(&self) -> &[ConnectionInfo] {
        &self.nodes
    }

    /// Whether it is a cluster.
    pub(super) const fn is_cluster(&self) -> bool {
        self.is_cluster
    }

    /// The channel that replacements are published on: one for each database, since Redis has its channels in common.
    pub(super) fn channel(&self) -> String {
        format!("tickseed:{}:replaced", self.nodes[0].redis_settings().db())
    }
}

fn with_password(node: ConnectionInfo, password: Option<&str>) -> ConnectionInfo {
    let settings = node.redis_settings().clone();
    match password {
        Some(password) if settings.password().is_none() => {
            node.set_redis_settings(settings.set_password(password))
        }
        _ => node,
    }
}

/// An address as it may be shown.
fn without_password(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let hosts = rest.rsplit_once('@').map_or(rest, |(_, hosts)| hosts);
    if scheme.is_empty() { hosts.to_owned() } else { format!("{scheme}://{hosts}") }
}

impl fmt::Display for RedisAddress {
    /// The address without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes: Vec<_> = self.nodes.iter().map(|node| node.addr().to_string()).collect();
        let kind = if self.is_cluster { "the Redis Cluster of" } else { "Redis at" };
        write!(f, "{kind} {}", nodes.join(", "))
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> RedisAddress {
        RedisAddress::parse(address, None).unwrap()
    }

    #[test]
    fn addresses_of_one_redis_and_of_a_cluster_are_read() {
        assert_eq!(read("redis://localhost").to_string(), "Redis at localhost:6379");
        assert_eq!(read("redis://a:1/3").channel(), "tickseed:3:replaced");
        assert_eq!(read("rediss://u:p@a:1").to_string(), "Redis at a:1");
        let cluster = read("redis+cluster://:p%40@a:1,b,[::1]:3");
        assert_eq!(cluster.to_string(), "the Redis Cluster of a:1, b:6379, ::1:3");
        assert!(cluster.is_cluster());
        for node in cluster.nodes() {
            assert_eq!(node.redis_settings().password(), Some("p@"));
        }
    }

    #[test]
    fn a_password_beside_the_address_counts_if_the_address_has_none() {
        let password = |address| {
            let address = RedisAddress::parse(address, Some("beside")).unwrap();
            address.nodes()[0].redis_settings().password().map(str::to_owned)
        };
        assert_eq!(password("redis://a").as_deref(), Some("beside"));
        assert_eq!(password("redis://:within@a").as_deref(), Some("within"));
    }

    #[test]
    fn anything_else_is_refused_without_telling_the_password() {
        for address in [
            "",
            "redis",
            "localhost:6379",
            "http://a",
            "redis://",
            "redis://a:x",
            "redis://a/x",
            "redis://a,b",
            "redis+cluster://a/1",
            "redis+cluster://",
            "redis://a?protocol=resp3",
            "redis://a#insecure",
        ] {
            let message = RedisAddress::parse(address, None).unwrap_err().to_string();
            assert!(message.ends_with(&format!("got {address}")), "{message}");
        }
        let message = RedisAddress::parse("redis://u:secret@a:x", None).unwrap_err().to_string();
        assert!(message.ends_with("got redis://a:x"), "{message}");
    }
}
