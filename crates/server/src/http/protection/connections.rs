//! Refuses connections when there are too many.

use std::any::Any;
use std::net::Shutdown;
use std::num::NonZeroUsize;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::SockRef;

use super::places::{Place, Places};
use crate::http::client_address::{ClientAddress, TrustedProxies};

/// The response to whatever a client sends on a connection that is refused.
const REFUSAL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    content-type: application/problem+json\r\n\
    content-length: 163\r\n\
    cache-control: no-store\r\n\
    access-control-allow-origin: *\r\n\
    retry-after: 10\r\n\
    connection: close\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\
    \"detail\":\"the server has as many connections as it may; try again later\",\"code\":\"overloaded\"}";

/// The connections of the server.
pub(super) struct Connections {
    places: Places,
    trusted_proxies: TrustedProxies,
}

/// Marks a connection that has been refused. What the client has already sent on it has no effect.
pub(super) struct Refused;

/// Marks a connection that is counted. It gives its place back when the connection ends.
struct Counted {
    _place: Place,
}

impl Connections {
    /// Returns `None` if there is no limit.
    pub(super) fn new(
        max: Option<NonZeroUsize>,
        max_per_address: Option<NonZeroUsize>,
        trusted_proxies: &TrustedProxies,
    ) -> Option<Self> {
        let is_limited = max.is_some() || max_per_address.is_some();
        is_limited.then(|| Self {
            places: Places::new(max, max_per_address),
            trusted_proxies: trusted_proxies.clone(),
        })
    }

    /// Counts a connection, or refuses it. One from a trusted proxy carries the requests of many clients, so only the number of
    /// all connections limits it.
    pub(super) fn opened(&self, connection: &dyn Any, extensions: &mut Extensions) {
        let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
        let address = || stream.peer_addr().ok().map(|peer| ClientAddress::of_peer(peer.ip()));
        let client = || address().filter(|address| !self.trusted_proxies.contains(*address));
        if let Ok(place) = self.places.take(|| client().map(ClientAddress::network)) {
            extensions.insert(Counted { _place: place });
        } else {
            extensions.insert(Refused);
            refuse(stream);
        }
    }
}

/// Sends the refusal and ends the connection. If the client has gone already, nothing is left to do.
fn refuse(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    drop(socket.send(REFUSAL));
    drop(socket.shutdown(Shutdown::Both));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let text = str::from_utf8(REFUSAL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("\r\ncontent-length: {}\r\n", body.len())), "{}", body.len());
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["code"], "overloaded");
    }
}
