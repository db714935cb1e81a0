//! A connection that carries one request at a time.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Instant;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::requests::{FIRST_PATH, get};

/// How many bytes are read at once.
const READ_BYTES: usize = 16 * 1024;

/// How many headers a response may have.
const MAX_HEADERS: usize = 48;

/// A response, as far as the load generator looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
}

/// A connection to the server.
pub(crate) struct Connection {
    address: SocketAddr,
    token: Token,
    socket: TcpStream,
    received: Vec<u8>,
    /// What the socket has not taken yet.
    unsent: Vec<u8>,
    /// When the request that is on its way should have been sent.
    pub(crate) intended_at: Option<Instant>,
    /// Whether the server has closed the connection.
    pub(crate) is_closed: bool,
}

impl Connection {
    /// Begins to connect.
    pub(crate) fn open(address: SocketAddr, token: Token, registry: &Registry) -> io::Result<Self> {
        let mut socket = TcpStream::connect(address)?;
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        let (received, unsent) = (Vec::new(), Vec::new());
        Ok(Self { address, token, socket, received, unsent, intended_at: None, is_closed: false })
    }

    /// Replaces the socket after an error. The request that was on its way is lost. A request whose answer nobody notes comes first,
    /// because a server closes connections on which nothing ever comes.
    pub(crate) fn reopen(&mut self, registry: &Registry) -> io::Result<()> {
        *self = Self::open(self.address, self.token, registry)?;
        self.unsent.extend_from_slice(&get(FIRST_PATH));
        Ok(())
    }

    /// Sends a request that should have been sent at `intended_at`.
    pub(crate) fn send(&mut self, request: &[u8], intended_at: Instant) -> io::Result<()> {
        self.intended_at = Some(intended_at);
        self.unsent.extend_from_slice(request);
        self.flush()
    }

    /// Sends what the socket has not taken before.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.socket.write(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                // Connecting, or full: the poll says when to go on.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads what has arrived.
    pub(crate) fn receive(&mut self) -> io::Result<()> {
        let mut chunk = [0; READ_BYTES];
        loop {
            match self.socket.read(&mut chunk) {
                Ok(0) => {
                    self.is_closed = true;
                    break;
                }
                Ok(count) => self.received.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Returns the next response if all of it has arrived.
    pub(crate) fn next_response(&mut self) -> io::Result<Option<Response>> {
        let Some((response, length)) = parse(&self.received)? else { return Ok(None) };
        self.received.drain(..length);
        Ok(Some(response))
    }
}

/// Reads a response, and returns how many bytes it has. Returns `None` if it is incomplete.
fn parse(bytes: &[u8]) -> io::Result<Option<(Response, usize)>> {
    let invalid = |error| io::Error::new(ErrorKind::InvalidData, error);
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head_length) = head.parse(bytes).map_err(invalid)? else {
        return Ok(None);
    };
    let header = |name: &str| {
        let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    let body_length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let length = head_length + body_length;
    let response =
        Response { status: head.code.unwrap_or_default(), location: header("location").map(str::to_owned) };
    Ok((bytes.len() >= length).then_some((response, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_ends_with_its_body() {
        let bytes = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nlocation: /a\r\n\r\n{}HTTP/1.1 503";
        let response = Response { status: 201, location: Some("/a".to_owned()) };
        assert_eq!(parse(bytes).unwrap(), Some((response, bytes.len() - "HTTP/1.1 503".len())));
        assert_eq!(parse(&bytes[..bytes.len() - "}HTTP/1.1 503".len()]).unwrap(), None);
        assert_eq!(parse(b"HTTP/1.1 2").unwrap(), None);
        assert!(parse(b"SMTP").is_err());
    }
}
