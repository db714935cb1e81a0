//! Replaces or deletes a record before a deadline, by the clock that decides.

use tickseed_session::{Deadline, FeedPart, SessionId, StoreError, Timestamp};

use super::RedisStore;
use super::scripts::TOO_LATE;
use super::write_probe::unreadable_if_wrong_type;
use crate::remote::node_clock::{Limits, Reading};

/// A record that takes the place of another one, or the end of one.
pub(super) struct Replacement {
    pub(super) part: FeedPart,
    pub(super) id: SessionId,
    pub(super) key: String,
    /// The revision of the record to replace.
    pub(super) before: u64,
    /// The write that is replaced.
    pub(super) replaces: u64,
    pub(super) record: Vec<u8>,
    pub(super) message: Vec<u8>,
    pub(super) time_to_live_ms: Option<i64>,
    /// Whether the record is deleted and nothing takes its place.
    pub(super) deletes: bool,
}

impl RedisStore {
    /// Replaces or deletes a record before a deadline.
    pub(super) async fn replace_before(
        &self,
        replacement: &Replacement,
        deadline: Option<Deadline>,
    ) -> Result<u8, StoreError> {
        match deadline {
            None => Ok(self.replace(replacement, None).await?.0),
            Some(Deadline::OfServer(deadline)) => self.replace_by_server(replacement, deadline).await,
            Some(Deadline::OfStore(deadline)) => self.replace_by_store(replacement, deadline).await,
        }
    }

    /// Replaces a record before a deadline by the clock of the server.
    async fn replace_by_server(
        &self,
        replacement: &Replacement,
        deadline: Timestamp,
    ) -> Result<u8, StoreError> {
        let reading = self.clocks.reading(replacement.part, self.clock.uptime());
        let limits = Limits::by_server(&*self.clock, deadline, reading.as_ref());
        let (outcome, reading) = self.replace(replacement, Some(limits)).await?;
        if outcome != TOO_LATE {
            return Ok(outcome);
        }
        // There was no reading of the clock, or it does not fit.
        let limits = Limits::by_server(&*self.clock, deadline, Some(&reading));
        Ok(self.replace(replacement, Some(limits)).await?.0)
    }

    /// Replaces a record before a deadline by the clock of Redis. In a cluster, that is a clock which has been measured.
    async fn replace_by_store(
        &self,
        replacement: &Replacement,
        deadline: Timestamp,
    ) -> Result<u8, StoreError> {
        let node = self.promises.decider(replacement.part);
        let limits = Limits::of_node(node.clone(), deadline);
        let (outcome, reading) = self.replace(replacement, Some(limits)).await?;
        if outcome != TOO_LATE || reading.node == node || !self.promises.may_decide(&reading.node) {
            return Ok(outcome);
        }
        // The session is moving, and the other master's clock agrees as well.
        let limits = Limits::of_node(reading.node, deadline);
        Ok(self.replace(replacement, Some(limits)).await?.0)
    }

    /// Notes a reading of the clock that decides about the sessions of a part. Names distinguish the nodes of a cluster.
    fn note(&self, part: FeedPart, reading: &Reading) {
        if reading.time_us > 0 && !(self.address.is_cluster() && reading.node.is_empty()) {
            self.clocks.note(part, reading.clone());
        }
    }

    /// Calls the script once. Returns what has happened, and the reading that the answer contains.
    async fn replace(
        &self,
        replacement: &Replacement,
        limits: Option<Limits>,
    ) -> Result<(u8, Reading), StoreError> {
        let Replacement { id, part, key, before, replaces, record, message, .. } = replacement;
        let has_deadline = limits.is_some();
        let Limits { node, earliest_us, deadline_us } = limits.unwrap_or_default();
        let deadline = if has_deadline { deadline_us.to_string() } else { String::new() };
        let time_to_live = replacement.time_to_live_ms.map(|millis| millis.to_string()).unwrap_or_default();
        let script = if replacement.deletes { &self.compare_and_delete } else { &self.compare_and_set };
        let mut call = script.key(key);
        call.arg(before).arg(record).arg(deadline);
        call.arg(self.address.channel()).arg(message);
        call.arg(if self.address.is_cluster() { "cluster" } else { "" })
            .arg([before.to_be_bytes(), replaces.to_be_bytes()].concat());
        call.arg(earliest_us).arg(node).arg(time_to_live);
        let answer = self.connection.call(key, &call).await;
        let (outcome, time_us, node) =
            answer.map_err(|error| unreadable_if_wrong_type(*id, self.writes.note(key, error)))?;
        let reading = Reading { node, time_us, answered_at: self.clock.uptime() };
        self.note(*part, &reading);
        Ok((outcome, reading))
    }
}
