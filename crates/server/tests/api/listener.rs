//! A client of server-sent events.

use std::time::{Duration, Instant};

use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::timeout;

use crate::support::{Answer, Api, DEADLINE};

/// One block of a stream: an event, a hint when to come back, or a comment.
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
                other => panic!("{other} is no field of an event: {text:?}"),
            }
        }
        block
    }

    pub(crate) const fn is_event(&self) -> bool {
        !self.event.is_empty()
    }

    /// The data, which is JSON, after a check that its revision, if it has one, is the id of the event.
    pub(crate) fn json(&self) -> Value {
        let data: Value = serde_json::from_str(&self.data).expect("the data is JSON");
        if let Some(revision) = data["revision"].as_u64() {
            assert_eq!(self.id, revision.to_string());
        }
        data
    }
}

/// Listens to one session.
pub(crate) struct Listener {
    response: Response,
    received: Vec<u8>,
}

impl Listener {
    /// Asks for the events of the session at `path`.
    pub(crate) async fn start(api: &Api, path: &str) -> Self {
        Self::come_back(api, path, None).await
    }

    /// As [`start`](Self::start), by who has seen an event of that id.
    pub(crate) async fn come_back(api: &Api, path: &str, last_id: Option<&str>) -> Self {
        let request = api.request(Method::GET, &format!("{path}/events"));
        let request = last_id.iter().fold(request, |request, id| request.header("last-event-id", *id));
        let response = request.send().await.expect("the server answers");
        assert_eq!(response.status(), 200, "{path}");
        Self { response, received: Vec::new() }
    }

    pub(crate) const fn response(&self) -> &Response {
        &self.response
    }

    /// The next block, or nothing at the end of the stream.
    pub(crate) async fn block(&mut self) -> Option<Block> {
        timeout(DEADLINE, self.wait_for_block()).await.expect("something comes")
    }

    async fn wait_for_block(&mut self) -> Option<Block> {
        loop {
            if let Some(end) = self.received.windows(2).position(|bytes| bytes == b"\n\n") {
                let text: Vec<u8> = self.received.drain(..end + 2).collect();
                return Some(Block::read(str::from_utf8(&text).expect("events are UTF-8")));
            }
            let chunk = self.response.chunk().await.expect("the stream is not cut");
            self.received.extend_from_slice(&chunk?);
        }
    }

    /// Starts to listen, again while the store does not answer, as browsers do, and gives the first event.
    pub(crate) async fn told_of(api: &Api, path: &str) -> (Self, Block) {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            let mut listener = Self::start(api, path).await;
            while let Some(block) = listener.block().await {
                if block.is_event() {
                    return (listener, block);
                }
            }
        }
        panic!("nobody tells of {path}");
    }

    /// The next event; comments and hints are passed over.
    pub(crate) async fn event(&mut self) -> Block {
        loop {
            let block = self.block().await.expect("the stream goes on");
            if block.is_event() {
                return block;
            }
        }
    }

    /// Everything that is still to come, with the end of the stream.
    pub(crate) async fn rest(mut self) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some(block) = self.block().await {
            blocks.push(block);
        }
        blocks
    }

    /// Whether an event comes within `patience`.
    pub(crate) async fn hears_something(&mut self, patience: Duration) -> bool {
        timeout(patience, self.event()).await.is_ok()
    }
}

/// Stops a session so far in the future that nobody sees it happen, and the earlier the greater the number is.
pub(crate) async fn stop_in_the_future(api: &Api, path: &str, number: u32) -> Answer {
    let left = 86_399 - number;
    let at = format!("2999-01-01T{:02}:{:02}:{:02}Z", left / 3_600, left / 60 % 60, left % 60);
    api.post(&format!("{path}/stop"), &format!(r#"{{"at":"{at}"}}"#)).await
}
