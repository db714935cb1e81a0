//! The events of a stream: the first ones as the body of a response, all others on a connection that was handed over.

use std::convert::Infallible;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpRequest;
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::io::AsyncWriteExt;

use super::handover::{ComingEvents, Handover, is_last};

/// The end of a body that consists of chunks.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// The body of a response with events. As soon as there is nothing to send for the moment, it hands the connection over, if that is
/// possible.
pub(in crate::http) struct EventBody {
    /// `None` once they were handed over.
    events: Option<ComingEvents>,
    handover: Option<Handover>,
    is_last: bool,
}

impl EventBody {
    /// Makes the body of the response to a request.
    pub(in crate::http) fn new(request: &HttpRequest, events: impl Stream<Item = Bytes> + 'static) -> Self {
        Self {
            events: Some(events.boxed_local()),
            handover: Handover::of(request),
            is_last: is_last(request),
        }
    }
}

impl Stream for EventBody {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(events) = &mut self.events else { return Poll::Pending };
        if let Poll::Ready(event) = events.poll_next_unpin(context) {
            return Poll::Ready(event.map(Ok));
        }
        if let Some(handover) = self.handover.take()
            && let Some(events) = self.events.take()
        {
            self.events = handover.offer(events, self.is_last).err();
        }
        Poll::Pending
    }
}

/// Sends events, each as a chunk, until they end.
pub(super) async fn send(mut events: ComingEvents, stream: &mut TcpStream) -> io::Result<()> {
    let mut client = Client::Silent;
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            client_now = notice(stream, client) => {
                client = client_now?;
                continue;
            }
        };
        match event {
            Some(event) => stream.write_all(&chunk(&event)?).await?,
            None => return stream.write_all(LAST_CHUNK).await,
        }
    }
}

/// What a client does while it receives events.
#[derive(Clone, Copy)]
enum Client {
    Silent,
    /// It has sent its next request, or will send nothing more. Nobody has read that yet.
    Sent,
}

/// Waits until a client has sent something, or its connection has failed.
async fn notice(stream: &TcpStream, client: Client) -> io::Result<Client> {
    match client {
        Client::Silent => stream.peek(&mut [0]).await.map(|_| Client::Sent),
        Client::Sent => std::future::pending().await,
    }
}

/// Returns bytes as a chunk of a body.
fn chunk(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut chunk = Vec::with_capacity(bytes.len() + 16);
    write!(chunk, "{:X}\r\n", bytes.len())?;
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_begins_with_its_length_in_hexadecimal() {
        assert_eq!(chunk(&[b'a'; 26]).unwrap(), [b"1A\r\n".as_slice(), &[b'a'; 26], b"\r\n"].concat());
    }
}
