//! The networks whose proxies are believed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;

use super::ClientAddress;

/// How many networks there may be at most. Each is compared with the address of every request.
const MAX_NETWORKS: usize = 64;

/// The networks of the proxies in front of the server. By default there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Arc<[IpNet]>);

/// A text that is not a list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be networks or addresses separated by commas, such as 10.0.0.0/8,fd00::/8, at most {MAX_NETWORKS}; {reason}"
)]
pub struct InvalidNetworks {
    reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reason {
    TooMany(usize),
    NotANetwork(usize),
    /// The address has bits beyond the prefix.
    BitsBeyondPrefix(usize),
    /// IPv4 written as IPv6.
    Mapped(usize),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany(count) => write!(f, "there are {count}"),
            Self::NotANetwork(number) => write!(f, "number {number} is none"),
            Self::BitsBeyondPrefix(number) => {
                write!(f, "number {number} has an address with bits beyond its prefix, as 10.0.0.1/8 has")
            }
            Self::Mapped(number) => write!(f, "number {number} is IPv4 inside IPv6; write it as IPv4"),
        }
    }
}

impl TrustedProxies {
    /// Returns whether an address belongs to one of the networks.
    #[must_use]
    pub fn contains(&self, address: ClientAddress) -> bool {
        self.0.iter().any(|network| network.contains(&address.ip()))
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            write!(f, "{}{network}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl FromStr for TrustedProxies {
    type Err = InvalidNetworks;

    /// Reads networks separated by commas. Spaces around them do not count. A single address is a network of its own.
    fn from_str(text: &str) -> Result<Self, InvalidNetworks> {
        let count = text.split(',').count();
        if count > MAX_NETWORKS {
            return Err(InvalidNetworks { reason: Reason::TooMany(count) });
        }
        let networks = text.split(',').enumerate().map(|(index, text)| network(text.trim(), index + 1));
        networks.collect::<Result<_, _>>().map(Self).map_err(|reason| InvalidNetworks { reason })
    }
}

fn network(text: &str, number: usize) -> Result<IpNet, Reason> {
    let address = text.parse::<IpAddr>().map(IpNet::from);
    let network = address.or_else(|_| text.parse::<IpNet>()).map_err(|_| Reason::NotANetwork(number))?;
    if network.addr() != network.network() {
        return Err(Reason::BitsBeyondPrefix(number));
    }
    match network.addr() {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => Err(Reason::Mapped(number)),
        _ => Ok(network),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<TrustedProxies, String> {
        text.parse().map_err(|error: InvalidNetworks| error.to_string())
    }

    fn contains(networks: &str, address: &str) -> bool {
        parse(networks).unwrap().contains(ClientAddress::of_peer(address.parse().unwrap()))
    }

    #[test]
    fn networks_and_single_addresses_are_trusted() {
        let networks = "10.0.0.0/8, fd00::/8,192.0.2.7 ,2001:db8::1";
        for address in ["10.255.0.1", "::ffff:10.0.0.1", "fd12::1", "192.0.2.7", "2001:db8::1"] {
            assert!(contains(networks, address), "{address}");
        }
        for address in ["11.0.0.1", "192.0.2.8", "fe80::1", "2001:db8::2"] {
            assert!(!contains(networks, address), "{address}");
        }
        assert!(contains("0.0.0.0/0", "203.0.113.9") && !contains("0.0.0.0/0", "2001:db8::1"));
        assert!(!TrustedProxies::default().contains(ClientAddress::of_peer([127, 0, 0, 1].into())));
    }

    #[test]
    fn an_error_says_what_is_wrong_with_which_network() {
        for (text, end) in [
            ("", "number 1 is none"),
            ("10.0.0.0/8,", "number 2 is none"),
            ("10.0.0.0/33", "number 1 is none"),
            ("localhost", "number 1 is none"),
            ("10.0.0.0/8 fd00::/8", "number 1 is none"),
            ("fd00::/8,10.0.0.1/8", "number 2 has an address with bits beyond its prefix, as 10.0.0.1/8 has"),
            ("::ffff:10.0.0.0/104", "number 1 is IPv4 inside IPv6; write it as IPv4"),
            (&["10.0.0.0/8"; 65].join(","), "there are 65"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.ends_with(end) && error.contains("10.0.0.0/8,fd00::/8"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn networks_are_read_as_they_are_written(bits in any::<[u32; 3]>(), length in 0_u8..=32, v6 in any::<u128>(), v6_length in 0_u8..=128) {
            let mapped = std::net::Ipv6Addr::from_bits(v6).to_ipv4_mapped().is_some();
            prop_assume!(!mapped);
            let v4 = bits.map(|bits| ipnet::Ipv4Net::new(bits.into(), length).unwrap().trunc().to_string());
            let v6 = ipnet::Ipv6Net::new(v6.into(), v6_length).unwrap().trunc();
            prop_assume!(v6.addr().to_ipv4_mapped().is_none());
            let text = format!("{},{v6}", v4.join(","));
            prop_assert_eq!(parse(&text).unwrap().to_string(), text);
        }
    }
}
