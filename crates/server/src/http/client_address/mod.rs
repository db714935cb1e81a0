//! Whose request it is: the address of the other end of the connection or, behind trusted proxies, the address that they report.

mod forwarding;
mod trusted_proxies;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use actix_web::http::header::HeaderMap;

use forwarding::{Hop, forwarded, x_forwarded_for};

pub use trusted_proxies::{InvalidNetworks, TrustedProxies};

/// How many bits of an IPv6 address name a network. One customer usually has a whole network of this size.
const IPV6_NETWORK_BITS: u32 = 64;

/// How many bits of an IPv6 address name a provider's network.
const IPV6_GROUP_BITS: u32 = 32;

/// How many bits of an IPv4 address name a group of networks.
const IPV4_GROUP_BITS: u32 = 16;

/// The address of a client. An IPv4 address inside an IPv6 address counts as IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Takes the address of the other end of a connection, which no proxy reports.
    #[must_use]
    pub const fn of_peer(peer: IpAddr) -> Self {
        Self(peer.to_canonical())
    }

    /// Reads the address of the client that sent a request. The headers `X-Forwarded-For` and `Forwarded` count only as far as
    /// trusted proxies have written them.
    ///
    /// If both headers are there and name different clients, the proxy passes one of them on unchecked. Nobody can tell which, so
    /// the request counts as the proxy's.
    #[must_use]
    pub fn read(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let peer = Self::of_peer(peer);
        if !trusted.contains(peer) {
            return peer;
        }
        let reported = |hops: Option<Hop>| hops.map(|client| client.address().unwrap_or(peer));
        match (reported(x_forwarded_for(headers, trusted)), reported(forwarded(headers, trusted))) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => peer,
        }
    }

    /// Returns the IP address.
    #[must_use]
    pub const fn ip(self) -> IpAddr {
        self.0
    }

    /// Returns the network by which limits count the client.
    #[must_use]
    pub const fn network(self) -> ClientNetwork {
        match self.0 {
            IpAddr::V4(address) => ClientNetwork(address.to_ipv6_mapped().to_bits()),
            IpAddr::V6(address) => ClientNetwork(first_bits(address.to_bits(), IPV6_NETWORK_BITS)),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What limits count by: an IPv4 address, or the first 64 bits of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientNetwork(u128);

impl ClientNetwork {
    /// Returns the bits of the network's first address, in IPv6.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// Returns the bits of the larger network around it, such as the network of a provider.
    #[must_use]
    pub const fn group_bits(self) -> u128 {
        match Ipv6Addr::from_bits(self.0).to_ipv4_mapped() {
            Some(_) => first_bits(self.0, 128 - 32 + IPV4_GROUP_BITS),
            None => first_bits(self.0, IPV6_GROUP_BITS),
        }
    }
}

const fn first_bits(address: u128, count: u32) -> u128 {
    address & (u128::MAX << (128 - count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> ClientNetwork {
        ClientAddress::of_peer(address.parse().unwrap()).network()
    }

    #[test]
    fn ipv6_counts_by_its_first_64_bits_and_ipv4_by_all_of_its_bits() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.1"));
    }

    #[test]
    fn a_group_is_a_provider_or_a_large_ipv4_network() {
        assert_eq!(network("2001:db8:1::").group_bits(), network("2001:db8:ffff::").group_bits());
        assert_ne!(network("2001:db8::").group_bits(), network("2001:db9::").group_bits());
        assert_eq!(network("192.0.2.1").group_bits(), network("192.0.255.1").group_bits());
        assert_ne!(network("192.0.2.1").group_bits(), network("192.1.2.1").group_bits());
    }
}
