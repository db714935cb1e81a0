//! The address of a Redis, with the login.

use std::fmt;
use std::net::Ipv6Addr;

use deadpool_redis::redis::{ConnectionInfo, IntoConnectionInfo};

/// The address of one Redis or of a Redis Cluster, with the login.
#[derive(Clone)]
pub struct RedisAddress {
    nodes: Vec<ConnectionInfo>,
    is_cluster: bool,
}

/// A text that is not the address of a Redis. Its message never contains the text, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a {scheme}:// address must look like {}, and / ? # @ in a password are written %2F %3F %23 %40; in this one {problem}",
    form(.scheme)
)]
pub struct InvalidRedisAddress {
    /// The scheme.
    scheme: String,
    /// What is wrong.
    problem: &'static str,
}

/// What an address with this scheme looks like.
fn form(scheme: &str) -> String {
    let rest = if scheme.ends_with(CLUSTER) { "HOST:PORT,HOST:PORT" } else { "HOST:PORT/DATABASE" };
    format!("{scheme}://USER:PASSWORD@{rest}")
}

/// What the scheme of a cluster ends with.
const CLUSTER: &str = "+cluster";

const MALFORMED_HOST: &str = "a host or a port is missing or malformed";

impl RedisAddress {
    /// Returns whether addresses with this scheme are those of a Redis.
    #[must_use]
    pub fn has_scheme(scheme: &str) -> bool {
        matches!(scheme, "redis" | "rediss" | "redis+cluster" | "rediss+cluster")
    }

    /// Reads `redis://USER:PASSWORD@HOST:PORT/DATABASE`, or `rediss://` for TLS, or `redis+cluster://` and
    /// `rediss+cluster://` with several hosts, any of which leads to the others. `password` applies if the address has none.
    ///
    /// # Errors
    ///
    /// [`InvalidRedisAddress`] if it is anything else.
    pub fn parse(address: &str, password: Option<&str>) -> Result<Self, InvalidRedisAddress> {
        let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
        let invalid = |problem| InvalidRedisAddress {
            scheme: if Self::has_scheme(scheme) { scheme } else { "redis" }.to_owned(),
            problem,
        };
        if !Self::has_scheme(scheme) {
            return Err(invalid("the scheme is not that of a Redis"));
        }
        if rest.contains(['?', '#']) {
            return Err(invalid("there is a ? or a #"));
        }
        let (login, hosts) = rest.rsplit_once('@').map_or(("", rest), |(login, hosts)| (login, hosts));
        if login.contains('/') {
            return Err(invalid("there is a / before the @"));
        }
        let (hosts, database) = hosts.split_once('/').unwrap_or((hosts, ""));
        let at = if login.is_empty() { "" } else { "@" };
        let hosts: Vec<_> = hosts.split(',').collect();
        let (node_scheme, is_cluster) = match scheme.strip_suffix(CLUSTER) {
            Some(node_scheme) => (node_scheme, true),
            None => (scheme, false),
        };
        if !is_cluster && hosts.len() > 1 {
            return Err(invalid("there are several hosts, as only a cluster has"));
        }
        if is_cluster && !matches!(database, "" | "0") {
            return Err(invalid("there is a database number, and a cluster has only database 0"));
        }
        if !database.is_empty() && database.parse::<u16>().is_err() {
            return Err(invalid("the database is not a number from 0 to 65535"));
        }
        // Other parsers take anything for a host, such as a password, and the log names hosts.
        if !hosts.iter().all(|host| is_host(host)) {
            return Err(invalid(MALFORMED_HOST));
        }
        let node = |host: &&str| {
            let node = format!("{node_scheme}://{login}{at}{host}/{database}");
            node.as_str().into_connection_info().map(|node| with_password(node, password))
        };
        let nodes = hosts.iter().map(node).collect::<Result<_, _>>();
        let nodes = nodes.map_err(|_| invalid(MALFORMED_HOST))?;
        Ok(Self { nodes, is_cluster })
    }

    /// Returns the nodes of the address: exactly one unless it is a cluster.
    pub(super) fn nodes(&self) -> &[ConnectionInfo] {
        &self.nodes
    }

    /// Returns whether it is a cluster.
    pub(crate) const fn is_cluster(&self) -> bool {
        self.is_cluster
    }

    /// Returns the channel that changes are published on. Each database has its own, because all databases of a Redis share
    /// their channels.
    pub(super) fn channel(&self) -> String {
        format!("tickseed:{}:replaced", self.nodes[0].redis_settings().db())
    }
}

/// Returns whether a text is the name or the IP address of a host, and perhaps a port.
fn is_host(text: &str) -> bool {
    if let Some((address, port)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) {
        let port_is_valid = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return port_is_valid && address.parse::<Ipv6Addr>().is_ok();
    }
    let (name, port_is_valid) =
        text.rsplit_once(':').map_or((text, true), |(name, port)| (name, is_port(port)));
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
    port_is_valid
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(allowed)
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
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

impl fmt::Display for RedisAddress {
    /// Writes the address without the login.
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
    fn a_separate_password_applies_if_the_address_has_none() {
        let password = |address| {
            let address = RedisAddress::parse(address, Some("beside")).unwrap();
            address.nodes()[0].redis_settings().password().map(str::to_owned)
        };
        assert_eq!(password("redis://a").as_deref(), Some("beside"));
        assert_eq!(password("redis://:within@a").as_deref(), Some("within"));
    }

    #[test]
    fn other_addresses_are_refused_with_the_reason_and_without_the_text() {
        let missing = "a host or a port is missing or malformed";
        let no_number = "the database is not a number from 0 to 65535";
        for (address, scheme, reason) in [
            ("", "redis", "the scheme is not that of a Redis"),
            ("http://a", "redis", "the scheme is not that of a Redis"),
            ("redis://", "redis", missing),
            ("redis://u:secret@a:x", "redis", missing),
            ("redis://secret:6379:x", "redis", missing),
            ("redis://:secret", "redis", missing),
            ("redis://secret@", "redis", missing),
            ("redis://a:0", "redis", missing),
            ("redis://a:+1", "redis", missing),
            ("redis://[::1", "redis", missing),
            ("redis://a b:1", "redis", missing),
            ("redis://-secret", "redis", missing),
            ("redis+cluster://a:1,password=secret", "redis+cluster", missing),
            ("redis+cluster://a:1,,b", "redis+cluster", missing),
            ("redis://:sec/ret@a", "redis", "there is a / before the @"),
            ("redis://b/0:secret@a", "redis", "there is a / before the @"),
            ("redis:///secret", "redis", no_number),
            ("redis://a/x", "redis", no_number),
            ("redis://a/-1", "redis", no_number),
            ("redis://a/65536", "redis", no_number),
            ("redis://a,b", "redis", "there are several hosts, as only a cluster has"),
            ("rediss://:sec?ret@a", "rediss", "there is a ? or a #"),
            ("redis://a#insecure", "redis", "there is a ? or a #"),
            ("redis+cluster://", "redis+cluster", missing),
            (
                "redis+cluster://a/1",
                "redis+cluster",
                "there is a database number, and a cluster has only database 0",
            ),
        ] {
            let message = RedisAddress::parse(address, None).unwrap_err().to_string();
            assert!(
                message.starts_with(&format!("a {scheme}:// address must look like {scheme}://USER:")),
                "{message}"
            );
            assert!(message.ends_with(&format!("in this one {reason}")), "{address}: {message}");
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
