//! Reads the headers in which proxies report the address of a client: `X-Forwarded-For` and `Forwarded` (RFC 7239).
//!
//! Each proxy appends an address at the right. The client itself may have sent the header with anything in it, so only what trusted
//! proxies have appended counts: from the right, up to the first address that is not a trusted proxy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::http::header::{self, HeaderMap, HeaderName};

use super::{ClientAddress, TrustedProxies};

/// What the addresses say up to a place in the list, as if the list ended there. Addresses can be added from left to right, so
/// that nothing has to be collected first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hop {
    /// The proxy to the right of this place does not name the sender, so the request counts as its own.
    Unknown,
    /// The request came from this address.
    From(ClientAddress),
}

impl Hop {
    /// Returns the address of the client, unless it is that of the peer.
    pub(super) const fn address(self) -> Option<ClientAddress> {
        match self {
            Self::Unknown => None,
            Self::From(address) => Some(address),
        }
    }

    /// Adds the next address at the right, or `None` for one that cannot be read.
    fn then(self, next: Option<IpAddr>, trusted: &TrustedProxies) -> Self {
        match next.map(ClientAddress::of_peer) {
            None => Self::Unknown,
            Some(proxy) if self != Self::Unknown && trusted.contains(proxy) => self,
            Some(client) => Self::From(client),
        }
    }
}

/// Reads `X-Forwarded-For`. Returns `None` if there is no such header.
pub(super) fn x_forwarded_for(headers: &HeaderMap, trusted: &TrustedProxies) -> Option<Hop> {
    fold(headers, &header::X_FORWARDED_FOR, |line, hop| {
        line.split(',')
            .map(trim)
            .filter(|item| !item.is_empty())
            .fold(hop, |hop, item| hop.then(node(item), trusted))
    })
}

/// Reads `Forwarded`. Returns `None` if there is no such header.
pub(super) fn forwarded(headers: &HeaderMap, trusted: &TrustedProxies) -> Option<Hop> {
    fold(headers, &header::FORWARDED, |line, hop| {
        unquoted_split(line, b',')
            .map(trim)
            .filter(|element| !element.is_empty())
            .fold(hop, |hop, element| hop.then(forwarded_for(element), trusted))
    })
}

/// Goes through all lines of a header, in order. Together they are one list.
fn fold(headers: &HeaderMap, name: &HeaderName, read: impl Fn(&str, Hop) -> Hop) -> Option<Hop> {
    headers.contains_key(name).then(|| {
        headers.get_all(name).fold(Hop::Unknown, |hop, line| match line.to_str() {
            Ok(line) => read(line, hop),
            Err(_) => Hop::Unknown,
        })
    })
}

/// Returns the address that an element of `Forwarded` has for `for`, if it has exactly one and that is not hidden.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut found = None;
    for pair in unquoted_split(element, b';').map(trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let value = unquoted(trim(value))?;
        if trim(name).eq_ignore_ascii_case("for") && found.replace(value).is_some() {
            return None;
        }
    }
    node(found?)
}

/// Returns a value without its quotes. An address needs no backslash, so a value with one is not read.
fn unquoted(value: &str) -> Option<&str> {
    let inner = match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"')?,
        None => value,
    };
    // A backslash may occur in the values of other parameters, which nobody reads.
    (value.starts_with('"') || !inner.contains('"')).then_some(inner)
}

/// Splits a text where a separator stands outside quotes. An open quote reaches to the end.
fn unquoted_split(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let current = rest?;
        let end = unquoted_position(current, separator);
        rest = end.map(|end| &current[end + 1..]);
        Some(&current[..end.unwrap_or(current.len())])
    })
}

fn unquoted_position(text: &str, separator: u8) -> Option<usize> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.bytes().position(|byte| {
        if is_escaped {
            is_escaped = false;
        } else if byte == b'"' {
            is_quoted = !is_quoted;
        } else if byte == b'\\' {
            is_escaped = is_quoted;
        } else {
            return byte == separator && !is_quoted;
        }
        false
    })
}

/// Reads an address: IPv4, or IPv6 with or without brackets, with or without a port. `unknown` and hidden identifiers such as
/// `_x` are none.
fn node(text: &str) -> Option<IpAddr> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_valid = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return address.parse::<Ipv6Addr>().ok().filter(|_| is_valid).map(IpAddr::V6);
    }
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (address, port) = text.split_once(':')?;
    address.parse::<Ipv4Addr>().ok().filter(|_| is_port(port)).map(IpAddr::V4)
}

/// Returns whether a text is a port or a hidden port.
fn is_port(text: &str) -> bool {
    let is_hidden = |name: &str| !name.is_empty() && name.bytes().all(is_hidden_byte);
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && text.parse::<u16>().is_ok()) || text.strip_prefix('_').is_some_and(is_hidden)
}

const fn is_hidden_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// Removes the blanks of HTTP.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

#[cfg(test)]
#[path = "forwarding_tests.rs"]
mod tests;
