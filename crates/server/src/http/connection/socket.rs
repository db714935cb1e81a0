//! The socket of a connection, as actix-web reads and writes it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::handover::Handover;

/// The socket of a connection, which can be handed over.
pub(super) struct Socket {
    /// `None` once the connection was handed over.
    stream: Option<TcpStream>,
    handover: Handover,
    /// Whether something was written that was not flushed yet.
    has_written: bool,
    is_refused: bool,
}

impl Socket {
    pub(super) const fn new(stream: TcpStream, handover: Handover, is_refused: bool) -> Self {
        Self { stream: Some(stream), handover, has_written: false, is_refused }
    }

    pub(super) const fn handover(&self) -> &Handover {
        &self.handover
    }

    pub(super) const fn is_refused(&self) -> bool {
        self.is_refused
    }

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.handover.is_offered() {
            // Whatever arrives now is read after the events.
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(self.stream()?.poll_read(context, buffer))?;
        self.handover.received(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.has_written = true;
        self.stream()?.poll_write(context, bytes)
    }

    /// actix-web flushes whenever the socket has taken everything that there was to send, even if that was nothing.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.stream()?.poll_flush(context))?;
        let Self { stream, handover, has_written, .. } = &mut *self;
        if std::mem::take(has_written) {
            handover.sent(stream);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(context)
    }
}
