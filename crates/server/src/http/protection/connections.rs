//! Refuses connections when there are too many.

use std::net::Shutdown;
use std::num::NonZeroUsize;

use actix_web::rt::net::TcpStream;
use socket2::SockRef;

use super::places::{Place, Places};
use crate::http::client_address::{ClientAddress, TrustedProxies};
use crate::http::origins::AllowedOrigins;
use crate::http::problem::MEDIA_TYPE;

/// The body of the response to whatever a client sends on a connection that is refused.
const BODY: &str = concat!(
    r#"{"type":"about:blank","title":"Service Unavailable","status":503,"#,
    r#""detail":"the server has as many connections as it may; try again later","code":"overloaded"}"#
);

/// The connections of the server.
pub(super) struct Connections {
    places: Places,
    trusted_proxies: TrustedProxies,
    refusal: String,
}

/// A connection, until this is dropped. Then it gives back the place that it has taken.
#[derive(Default)]
pub struct OpenConnection {
    _place: Option<Place>,
    is_refused: bool,
}

impl OpenConnection {
    /// Whether the connection was refused. What the client has already sent on it has no effect.
    pub(in crate::http) const fn is_refused(&self) -> bool {
        self.is_refused
    }
}

impl Connections {
    /// Returns `None` if there is no limit.
    pub(super) fn new(
        max: Option<NonZeroUsize>,
        max_per_address: Option<NonZeroUsize>,
        trusted_proxies: &TrustedProxies,
        origins: &AllowedOrigins,
    ) -> Option<Self> {
        let is_limited = max.is_some() || max_per_address.is_some();
        is_limited.then(|| Self {
            places: Places::new(max, max_per_address),
            trusted_proxies: trusted_proxies.clone(),
            refusal: refusal(origins),
        })
    }

    /// Counts a connection, or refuses it. One from a trusted proxy carries the requests of many clients, so only the number of
    /// all connections limits it.
    pub(super) fn opened(&self, stream: &TcpStream) -> OpenConnection {
        let address = || stream.peer_addr().ok().map(|peer| ClientAddress::of_peer(peer.ip()));
        let client = || address().filter(|address| !self.trusted_proxies.contains(*address));
        if let Ok(place) = self.places.take(|| client().map(ClientAddress::network)) {
            return OpenConnection { _place: Some(place), is_refused: false };
        }
        refuse(stream, self.refusal.as_bytes());
        OpenConnection { _place: None, is_refused: true }
    }
}

/// Returns the response. The client's origin is not known, because nothing is read.
fn refusal(origins: &AllowedOrigins) -> String {
    let sharing = if origins.are_all() { "access-control-allow-origin: *\r\n" } else { "" };
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         {sharing}retry-after: 10\r\nconnection: close\r\n\r\n{BODY}",
        BODY.len()
    )
}

/// Sends the refusal and ends the connection. If the client has gone already, nothing is left to do.
fn refuse(stream: &TcpStream, refusal: &[u8]) {
    let socket = SockRef::from(stream);
    drop(socket.send(refusal));
    drop(socket.shutdown(Shutdown::Both));
}
