//! A client for server-sent events.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use tokio::time::timeout;

use crate::support::{Api, DEADLINE, Response};

/// One block of a stream: an event, a reconnection hint, or a comment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) event: String,
    pub(crate) id: String,
    pub(crate) data: String,
    pub(crate) retry: String,
    pub(crate) comment: String,
}

impl Block {
    fn read(text: &str) -> Self {
        let mut block = Self::default();
        for line in text.lines() {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "event" => value.clone_into(&mut block.event),
                "id" => value.clone_into(&mut block.id),
                "data" => block.data += value,
                "retry" => value.clone_into(&mut block.retry),
                "" => block.comment += value,
                other => panic!("an event has no field {other}: {text:?}"),
            }
        }
        block
    }

    pub(crate) const fn is_event(&self) -> bool {
        !self.event.is_empty()
    }

    /// Parses the data as JSON. Checks that the event has an id if it has a session.
    pub(crate) fn json(&self) -> Value {
        let data: Value = serde_json::from_str(&self.data).expect("the data is JSON");
        let is_tag = self.id.len() > 10 && self.id.starts_with('"') && self.id.ends_with('"');
        assert_eq!(is_tag, data["revision"].is_u64(), "{self:?}");
        data
    }

    /// Returns the revision of the session in the data.
    pub(crate) fn revision(&self) -> u64 {
        self.json()["revision"].as_u64().expect("the data is a session")
    }
}

/// An open event stream of one session.
pub(crate) struct Listener {
    response: reqwest::Response,
    received: Vec<u8>,
}

impl Listener {
    /// Opens the event stream of the session at `path`.
    pub(crate) async fn start(api: &Api, path: &str) -> Self {
        Self::reconnect(api, path, None).await
    }

    /// Opens the event stream with this `Last-Event-ID`.
    pub(crate) async fn reconnect(api: &Api, path: &str, last_event_id: Option<&str>) -> Self {
        let request = api.request(Method::GET, &format!("{path}/events"));
        let request = last_event_id.iter().fold(request, |request, id| request.header("last-event-id", *id));
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), 200, "{path}");
        Self { response, received: Vec::new() }
    }

    pub(crate) const fn response(&self) -> &reqwest::Response {
        &self.response
    }

    /// Waits for the next block. Returns `None` at the end of the stream.
    pub(crate) async fn block(&mut self) -> Option<Block> {
        timeout(DEADLINE, self.wait_for_block()).await.expect("a block arrives in time")
    }

    async fn wait_for_block(&mut self) -> Option<Block> {
        loop {
            if let Some(end) = self.received.windows(2).position(|bytes| bytes == b"\n\n") {
                let text: Vec<u8> = self.received.drain(..end + 2).collect();
                return Some(Block::read(str::from_utf8(&text).expect("events are UTF-8")));
            }
            let chunk = self.response.chunk().await.expect("the connection is not reset");
            self.received.extend_from_slice(&chunk?);
        }
    }

    /// Opens the event stream and waits for the first event. Reconnects while the store is unavailable, as browsers do.
    pub(crate) async fn start_with_first_event(api: &Api, path: &str) -> (Self, Block) {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            let mut listener = Self::start(api, path).await;
            while let Some(block) = listener.block().await {
                if block.is_event() {
                    return (listener, block);
                }
            }
        }
        panic!("no event of {path} arrives");
    }

    /// Waits for the next event and skips comments and hints.
    pub(crate) async fn event(&mut self) -> Block {
        loop {
            let block = self.block().await.expect("the stream continues");
            if block.is_event() {
                return block;
            }
        }
    }

    /// Reads to the end of the stream.
    pub(crate) async fn remaining_blocks(mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some(block) = self.block().await {
            blocks.push(block);
        }
        blocks
    }

    /// Returns whether an event arrives within `duration`.
    pub(crate) async fn hears_an_event_within(&mut self, duration: Duration) -> bool {
        timeout(duration, self.event()).await.is_ok()
    }
}

/// Schedules a stop in the distant future. A greater number gives an earlier stop.
pub(crate) async fn stop_in_the_future(api: &Api, path: &str, number: u32) -> Response {
    let left = 86_399 - number;
    let at = format!("2999-01-01T{:02}:{:02}:{:02}Z", left / 3_600, left / 60 % 60, left % 60);
    api.post(&format!("{path}/stop"), &format!(r#"{{"at":"{at}"}}"#)).await
}
