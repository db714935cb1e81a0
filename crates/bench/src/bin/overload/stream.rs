//! A stream of requests of one kind, on connections of its own.

use std::time::{Duration, Instant};

use crate::figures::Sample;
use crate::requests::Requests;

/// When requests are sent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// None is sent.
    Silent,
    /// A request follows as soon as a connection is free.
    Closed {
        /// How many connections are used.
        connections: usize,
    },
    /// As many a second, whatever the answers (open loop). A request that finds no free connection waits for one, and its latency
    /// counts from the time at which it should have been sent.
    Open {
        /// How many requests a second.
        rate: f64,
    },
}

/// A stream of requests.
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    pub(crate) requests: Requests,
    pace: Pace,
    /// When the pace began.
    since: Instant,
    /// How many requests were sent since then.
    sent: u32,
    /// The free connections. The one that was used last is used first, so few are used if the server is quick.
    pub(crate) free: Vec<usize>,
    /// How many connections have a request on its way.
    pub(crate) busy: usize,
    pub(crate) samples: Vec<Sample>,
    /// The addresses of what was created.
    pub(crate) locations: Vec<String>,
}

impl Stream {
    pub(crate) fn new(name: &'static str, requests: Requests, connections: Vec<usize>) -> Self {
        Self {
            name,
            requests,
            pace: Pace::Silent,
            since: Instant::now(),
            sent: 0,
            free: connections,
            busy: 0,
            samples: Vec::new(),
            locations: Vec::new(),
        }
    }

    /// Changes the pace. What should have been sent before and was not is forgotten.
    pub(crate) fn set_pace(&mut self, pace: Pace, now: Instant) {
        (self.pace, self.since, self.sent) = (pace, now, 0);
    }

    /// Returns when the next request should be sent, if one should.
    pub(crate) fn next_at(&self, now: Instant) -> Option<Instant> {
        match self.pace {
            Pace::Silent => None,
            Pace::Closed { connections } => (self.busy < connections).then_some(now),
            Pace::Open { rate } => Some(self.since + Duration::from_secs_f64(f64::from(self.sent) / rate)),
        }
    }

    /// Takes a free connection for a request that is due.
    pub(crate) fn take(&mut self, now: Instant) -> Option<(usize, Instant)> {
        let intended_at = self.next_at(now).filter(|next| *next <= now)?;
        let connection = self.free.pop()?;
        self.busy += 1;
        self.sent += 1;
        Some((connection, intended_at))
    }

    /// Notes the end of a request.
    pub(crate) fn ended(&mut self, connection: usize, sample: Sample) {
        self.busy -= 1;
        self.free.push(connection);
        self.samples.push(sample);
    }
}
