//! Ports for servers of tests.

use std::net::TcpListener;

/// Ports below those that the system assigns by itself, so that nobody takes the port of a server that is down. The nodes of a Redis
/// Cluster also talk to each other on the port 10000 above.
const PORTS: std::ops::Range<u16> = 11_000..21_000;

/// Returns a port that is free at the moment.
pub(super) fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(PORTS)).find(is_free).expect("some port is free")
}
