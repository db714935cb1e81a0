//! Sends the requests of all streams from one thread, and notes what becomes of them.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use crate::connection::{Connection, Response};
use crate::figures::Sample;
use crate::requests::{FIRST_PATH, Requests, gets};
use crate::stream::{Pace, Stream};

/// How many events are taken from the system at once. Few, so that what is due is not sent late.
const EVENTS: usize = 64;

/// How long responses may take once nothing is sent any more.
const DRAIN: Duration = Duration::from_secs(10);

/// How long to wait for events at most, and before what is due nobody waits: the system wakes a process no more exactly than this.
const LONGEST_WAIT: Duration = Duration::from_millis(1);

/// The connections and the streams that use them.
pub(crate) struct Driver {
    address: SocketAddr,
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    /// The stream of each connection.
    stream_of: Vec<usize>,
    pub(crate) streams: Vec<Stream>,
}

impl Driver {
    pub(crate) fn new(address: SocketAddr) -> io::Result<Self> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(EVENTS));
        Ok(Self {
            address,
            poll,
            events,
            connections: Vec::new(),
            stream_of: Vec::new(),
            streams: Vec::new(),
        })
    }

    /// Adds a stream with connections of its own, and returns its number. It sends nothing yet.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        requests: Requests,
        connections: usize,
    ) -> io::Result<usize> {
        let number = self.streams.len();
        let first = self.connections.len();
        for token in first..first + connections {
            let connection = Connection::open(self.address, Token(token), self.poll.registry())?;
            self.connections.push(connection);
            self.stream_of.push(number);
        }
        self.streams.push(Stream::new(name, gets(FIRST_PATH), (first..first + connections).collect()));
        // A server closes connections on which nothing ever comes.
        self.pace(number, Pace::Closed { connections });
        self.send_due();
        self.drain()?;
        self.streams[number].samples.clear();
        self.streams[number].requests = requests;
        Ok(number)
    }

    /// Sets the pace of a stream.
    pub(crate) fn pace(&mut self, stream: usize, pace: Pace) {
        self.streams[stream].set_pace(pace, Instant::now());
    }

    /// Sends what is due for a while.
    pub(crate) fn run_for(&mut self, duration: Duration) -> io::Result<()> {
        let end = Instant::now() + duration;
        while Instant::now() < end {
            self.send_due();
            self.receive()?;
        }
        Ok(())
    }

    /// Sends nothing more, and waits for the responses. Those that do not come count as failed.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.streams.iter_mut().for_each(|stream| stream.set_pace(Pace::Silent, now));
        let end = now + DRAIN;
        while self.streams.iter().any(|stream| stream.busy > 0) && Instant::now() < end {
            self.receive()?;
        }
        for connection in 0..self.connections.len() {
            if self.connections[connection].intended_at.is_some() {
                self.fail(connection)?;
            }
        }
        Ok(())
    }

    fn send_due(&mut self) {
        for stream in &mut self.streams {
            while let Some((connection, intended_at)) = stream.take(Instant::now()) {
                let request = (stream.requests)();
                // A failure shows itself as an event of the connection.
                drop(self.connections[connection].send(&request, intended_at));
            }
        }
    }

    fn receive(&mut self) -> io::Result<()> {
        let wait = self.wait();
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let tokens: Vec<_> = self.events.iter().map(|event| event.token().0).collect();
        for connection in tokens {
            if self.receive_on(connection).is_err() {
                self.connections[connection].is_closed = true;
            }
            if self.connections[connection].is_closed {
                self.fail(connection)?;
            }
        }
        Ok(())
    }

    fn receive_on(&mut self, connection: usize) -> io::Result<()> {
        self.connections[connection].flush()?;
        self.connections[connection].receive()?;
        while let Some(response) = self.connections[connection].next_response()? {
            self.note(connection, Some(response));
        }
        Ok(())
    }

    fn wait(&self) -> Duration {
        let now = Instant::now();
        let is_due = |stream: &Stream| {
            !stream.free.is_empty() && stream.next_at(now).is_some_and(|next| next <= now + LONGEST_WAIT)
        };
        if self.streams.iter().any(is_due) { Duration::ZERO } else { LONGEST_WAIT }
    }

    /// Notes that a connection has failed, and opens another one in its place.
    fn fail(&mut self, connection: usize) -> io::Result<()> {
        if self.connections[connection].intended_at.is_some() {
            self.note(connection, None);
        }
        self.connections[connection].reopen(self.poll.registry())
    }

    fn note(&mut self, connection: usize, response: Option<Response>) {
        let Some(intended_at) = self.connections[connection].intended_at.take() else { return };
        let stream = &mut self.streams[self.stream_of[connection]];
        let status = response.as_ref().map(|response| response.status);
        stream.ended(connection, Sample { intended_at, latency: intended_at.elapsed(), status });
        stream.locations.extend(response.and_then(|response| response.location));
    }
}
