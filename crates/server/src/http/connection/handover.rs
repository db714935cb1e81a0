//! How a connection gets from actix-web to its event stream.

use std::cell::RefCell;
use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::http::{ConnectionType, Version, header};
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use futures_util::stream::LocalBoxStream;

/// The events of a stream that are still to come.
pub(super) type ComingEvents = LocalBoxStream<'static, Bytes>;

/// What the ends of a connection share: the socket that actix-web reads and writes, the response with events, and the holder of the
/// connection.
#[derive(Clone, Default)]
pub(super) struct Handover(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    received: Received,
    /// The events that the response has offered, until the connection is held.
    offered: Option<(ComingEvents, bool)>,
    /// The stream, once actix-web has sent everything before the coming events.
    released: Option<TcpStream>,
}

/// What has been received since everything was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Received {
    #[default]
    Nothing,
    /// Nothing but the request for an event stream. actix-web has read no byte that follows it.
    EventsRequest,
    Other,
}

/// A connection on which nothing happens but an event stream.
pub(super) struct HeldStream {
    pub(super) stream: TcpStream,
    pub(super) events: ComingEvents,
    /// Whether the connection ends with the events.
    pub(super) is_last: bool,
}

impl Handover {
    /// Returns the handover of the connection of a request for events, if the connection can be handed over: nothing follows the
    /// request, and the end of the stream does not have to be marked by that of the connection.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let has_body = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
            .iter()
            .any(|name| request.headers().contains_key(name));
        let handover =
            request.conn_data::<Self>().filter(|_| request.version() == Version::HTTP_11 && !has_body);
        handover.filter(|handover| handover.0.borrow().received == Received::EventsRequest).cloned()
    }

    /// Offers the coming events. They are taken over as soon as everything before them has been sent, unless the client has sent
    /// something else meanwhile; then they come back.
    pub(super) fn offer(&self, events: ComingEvents, is_last: bool) -> Result<(), ComingEvents> {
        let mut state = self.0.borrow_mut();
        if state.received != Received::EventsRequest {
            return Err(events);
        }
        state.offered = Some((events, is_last));
        Ok(())
    }

    /// Returns whether events have been offered. From then on actix-web must not read anything.
    pub(super) fn is_offered(&self) -> bool {
        self.0.borrow().offered.is_some()
    }

    /// Notes what was received at once.
    pub(super) fn received(&self, bytes: &[u8]) {
        let mut state = self.0.borrow_mut();
        state.received = match state.received {
            Received::Nothing if is_events_request(bytes) => Received::EventsRequest,
            _ => Received::Other,
        };
    }

    /// Notes that everything has been sent. Releases the stream if the coming events have been offered.
    pub(super) fn sent(&self, stream: &mut Option<TcpStream>) {
        let mut state = self.0.borrow_mut();
        if state.offered.is_some() {
            state.released = stream.take();
        } else {
            state.received = Received::Nothing;
        }
    }

    /// Takes the connection over, if it has been released.
    pub(super) fn take(&self) -> Option<HeldStream> {
        let mut state = self.0.borrow_mut();
        let stream = state.released.take()?;
        let (events, is_last) = state.offered.take()?;
        Some(HeldStream { stream, events, is_last })
    }
}

/// Returns whether a connection ends after the response to a request.
pub(super) fn is_last(request: &HttpRequest) -> bool {
    request.head().connection_type() != ConnectionType::KeepAlive
}

/// Returns whether these bytes are exactly the head of one request for events. Any other spelling is served as well, but at a higher
/// cost. For all other requests the answer must cost next to nothing.
fn is_events_request(bytes: &[u8]) -> bool {
    const BEFORE_ID: &[u8] = b"GET /v1/sessions/";
    const ID_LENGTH: usize = "sess_".len() + 36;
    const BLANK_LINE: &[u8] = b"\r\n\r\n";
    let after_id = bytes.get(BEFORE_ID.len() + ID_LENGTH..).unwrap_or_default();
    let Some(rest) = after_id.strip_prefix(b"/events").and_then(|rest| rest.strip_suffix(BLANK_LINE)) else {
        return false;
    };
    bytes.starts_with(BEFORE_ID)
        && matches!(rest.first(), Some(b' ' | b'?'))
        && !rest.windows(BLANK_LINE.len()).any(|bytes| bytes == BLANK_LINE)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    const REQUEST: &[u8] =
        b"GET /v1/sessions/sess_550e8400-e29b-41d4-a716-446655440000/events HTTP/1.1\r\nhost: x\r\n\r\n";

    #[test]
    fn only_the_head_of_one_request_for_events_is_one() {
        assert!(is_events_request(REQUEST));
        assert!(is_events_request(
            b"GET /v1/sessions/sess_550e8400-e29b-41d4-a716-446655440000/events?a=b HTTP/1.1\r\n\r\n"
        ));
        let twice = REQUEST.repeat(2);
        for bytes in [
            &twice[..],
            &REQUEST[..REQUEST.len() - 1],
            &REQUEST[1..],
            b"",
            b"GET /v1/sessions/sess_550e8400-e29b-41d4-a716-446655440000 HTTP/1.1\r\nreferer: /events\r\n\r\n",
            b"POST /v1/sessions/sess_550e8400-e29b-41d4-a716-446655440000/events HTTP/1.1\r\n\r\n",
        ] {
            assert!(!is_events_request(bytes), "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn events_are_taken_over_only_if_nothing_else_was_received_since_the_last_answer() {
        let offer = |handover: &Handover| handover.offer(Box::pin(stream::empty()), false).is_ok();
        let handover = Handover::default();
        assert!(!offer(&handover), "nothing was received");
        handover.received(b"GET / HTTP/1.1\r\n\r\n");
        handover.received(REQUEST);
        assert!(!offer(&handover), "the first request has no answer yet");
        handover.sent(&mut None);
        handover.received(REQUEST);
        handover.received(REQUEST);
        assert!(!offer(&handover), "another request follows");
        handover.sent(&mut None);
        handover.received(REQUEST);
        assert!(offer(&handover) && handover.is_offered());
        assert!(handover.take().is_none(), "what precedes the events has not been sent");
    }
}
