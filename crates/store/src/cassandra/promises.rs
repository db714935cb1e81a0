//! What a server may promise about the sessions in Cassandra: nothing while the clock of a node is not known to agree with its own, or
//! while it is not known how much acknowledged writing a crash can lose.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tickseed_session::{Clock, Deadline, NodeVitals, Terms, Timestamp};
use uuid::Uuid;

use super::address::Reach;
use super::durability::Durability;
use super::node_clock::{RESOLUTION_US, Reading};
use super::routing::SilentNodes;
use crate::StoreLoss;
use crate::remote::clock_distance::{ClockReading, Measurement};
use crate::remote::log_line::LogLine;
use crate::remote::possible_loss::Loss;
use crate::remote::watched_clock::{Agreement, WatchedClock};

/// What decides about promises.
pub(super) struct Promises {
    clock: Arc<dyn Clock>,
    reach: Reach,
    /// The loss to assume where it cannot be found out.
    setting: Option<StoreLoss>,
    silent: Arc<SilentNodes>,
    nodes: Mutex<BTreeMap<Uuid, Node>>,
    /// Whether every node is known to date a half-done change anew.
    date_anew: AtomicBool,
}

/// What is known about a node.
struct Node {
    name: String,
    clock: Option<(WatchedClock, Reading)>,
    /// Missing until the node has said it, and after it has been away.
    durability: Option<Durability>,
    /// What the log says of it.
    logged: Option<Durability>,
}

impl Promises {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        reach: Reach,
        setting: Option<StoreLoss>,
        silent: Arc<SilentNodes>,
    ) -> Self {
        let (nodes, date_anew) = (Mutex::default(), AtomicBool::new(false));
        Self { clock, reach, setting, silent, nodes, date_anew }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Takes over the nodes of the cluster, with their names.
    pub(super) fn keep(&self, known: &BTreeMap<Uuid, String>) {
        let mut nodes = self.nodes();
        nodes.retain(|host, _| known.contains_key(host));
        for (host, name) in known {
            let new = || Node { name: name.clone(), clock: None, durability: None, logged: None };
            nodes.entry(*host).or_insert_with(new);
        }
        drop(nodes);
        self.silent.keep(&known.keys().copied().collect::<BTreeSet<_>>());
        self.note_dates();
    }

    /// Notes what the clock of a node showed between two readings of the server's clock.
    pub(super) fn note_clock(&self, host: Uuid, asked: ClockReading, time_us: i64, answered: ClockReading) {
        // The node has cut off a part of a millisecond.
        let earlier = Duration::from_micros(RESOLUTION_US.unsigned_abs());
        let could_be_asked = ClockReading {
            time_us: asked.time_us - RESOLUTION_US,
            uptime: asked.uptime.saturating_sub(earlier),
        };
        let measured = Measurement::new(could_be_asked, time_us, answered);
        let reading = Reading { time_us, asked_at: asked.uptime, answered_at: answered.uptime };
        if let Some(node) = self.nodes().get_mut(&host) {
            match &mut node.clock {
                Some((clock, last)) => {
                    clock.note(measured);
                    *last = reading;
                }
                None => node.clock = Some((WatchedClock::new(measured), reading)),
            }
        }
        self.silent.note(host, false);
    }

    /// Notes that a node has not told its time. What it has said about losses may be from before a restart.
    pub(super) fn note_silence(&self, host: Uuid) {
        self.silent.note(host, true);
        if let Some(node) = self.nodes().get_mut(&host) {
            node.durability = None;
        }
    }

    /// Notes what a node says about losses. Returns a line for the log if that is new.
    pub(super) fn note_durability(&self, host: Uuid, durability: Durability) -> Option<(String, LogLine)> {
        let line = durability.line(self.setting);
        let mut nodes = self.nodes();
        let node = nodes.get_mut(&host)?;
        node.durability = Some(durability.clone());
        let before = node.logged.replace(durability.clone());
        let news = (before != Some(durability)).then(|| (node.name.clone(), line));
        drop(nodes);
        self.note_dates();
        news
    }

    fn note_dates(&self) {
        let nodes = self.nodes();
        let mut known = nodes.values().filter_map(|node| node.durability.as_ref()).peekable();
        let date_anew = known.peek().is_some() && known.all(Durability::dates_anew);
        self.date_anew.store(date_anew, Ordering::Relaxed);
    }

    /// Returns whether every half-done change is dated anew when it is completed. Otherwise only SERIAL reads, which complete it or end
    /// it, keep a change from showing up long after its deadline.
    pub(super) fn dates_anew(&self) -> bool {
        self.date_anew.load(Ordering::Relaxed)
    }

    /// Returns the nodes that have not said what they can lose.
    pub(super) fn unasked(&self) -> Vec<Uuid> {
        let nodes = self.nodes();
        let unasked =
            nodes.iter().filter(|(host, node)| node.durability.is_none() && !self.silent.has(**host));
        unasked.map(|(host, _)| *host).collect()
    }

    /// Returns the time, if a SERIAL read that begins now misses nothing that is visible before it.
    pub(super) fn certain(&self) -> Option<Timestamp> {
        let now = ClockReading::now(&*self.clock);
        let knows_loss = self.loss().is_some_and(|loss| loss.most.is_some());
        (self.reach == Reach::All && knows_loss && self.is_clock_sure(now)).then(|| now.time())
    }

    /// Returns what a change has to allow for.
    pub(super) fn terms(&self) -> Terms {
        let is_clock_sure = self.is_clock_sure(ClockReading::now(&*self.clock));
        match self.loss() {
            Some(loss) => Terms { loss: loss.known(), is_clock_sure },
            None => Terms { loss: Duration::ZERO, is_clock_sure: false },
        }
    }

    /// Returns how far the clock of any node is at most from the server's.
    pub(super) fn clock_distance(&self) -> Option<Duration> {
        let now = ClockReading::now(&*self.clock);
        self.nodes().values().filter_map(|node| node.clock.as_ref()?.0.distance(now)).max()
    }

    /// Converts a deadline to the clocks of the nodes. `None` if they are not known.
    pub(super) fn deadline_us(&self, deadline: Deadline) -> Option<i64> {
        match deadline {
            Deadline::OfStore(deadline) => Some(deadline.millis().saturating_mul(1_000)),
            Deadline::OfServer(deadline) => {
                // Ask for the uptime first, so that less time is left rather than more.
                let uptime = self.clock.uptime();
                self.earliest_us(uptime, deadline.millis().saturating_mul(1_000) - self.clock.now_us())
            }
        }
    }

    /// Returns whether a deadline has certainly passed.
    pub(super) fn has_passed(&self, deadline: Deadline) -> bool {
        match deadline {
            Deadline::OfServer(deadline) => deadline <= self.clock.now(),
            Deadline::OfStore(deadline) => {
                let earliest_us = self.earliest_us(self.clock.uptime(), 0);
                earliest_us.is_some_and(|earliest_us| deadline.millis().saturating_mul(1_000) <= earliest_us)
            }
        }
    }

    /// Returns whether a change that has just been acknowledged is certainly dated before a deadline. So is one that another node
    /// completes once more: it has begun to do so by now.
    pub(super) fn was_in_time(&self, deadline_us: i64) -> bool {
        let uptime = self.clock.uptime();
        let nodes = self.nodes();
        let latest = nodes.values().map(|node| node.clock.as_ref()?.1.latest_us(uptime));
        // A node that is silent here may work for others.
        let latest = latest.reduce(|one, other| Some(one?.max(other?))).flatten();
        latest.is_some_and(|latest_us| latest_us < deadline_us)
    }

    /// Returns the earliest instant that the clock of any node can show `later_us` from now.
    fn earliest_us(&self, uptime: Duration, later_us: i64) -> Option<i64> {
        let nodes = self.nodes();
        nodes.values().filter_map(|node| node.clock.as_ref()?.1.earliest_us(uptime, later_us)).min()
    }

    /// Returns whether most clocks were measured and are near, and no one that was measured is far.
    fn is_clock_sure(&self, now: ClockReading) -> bool {
        let nodes = self.nodes();
        let agreement =
            |node: &Node| node.clock.as_ref().map_or(Agreement::Unknown, |(clock, _)| clock.agreement(now));
        let close = nodes.values().filter(|node| agreement(node) == Agreement::Close).count();
        2 * close > nodes.len() && nodes.values().all(|node| agreement(node) != Agreement::Far)
    }

    /// Returns how much acknowledged writing may be lost, once all nodes that answer have said it.
    fn loss(&self) -> Option<Loss> {
        let nodes = self.nodes();
        let answering = nodes.iter().filter(|(host, _)| !self.silent.has(**host));
        let losses = answering.map(|(_, node)| Some(node.durability.as_ref()?.loss().or(self.setting)));
        losses.reduce(|one, other| Some(one?.max(other?))).flatten()
    }

    /// Returns lines for the log about the clocks that no longer agree, or do again.
    pub(super) fn clock_changes(&self) -> Vec<(String, LogLine)> {
        let now = ClockReading::now(&*self.clock);
        let mut nodes = self.nodes();
        let change = |node: &mut Node| {
            let (clock, _) = node.clock.as_mut()?;
            Some((node.name.clone(), clock.change(now, "Cassandra")?))
        };
        nodes.values_mut().filter_map(change).collect()
    }

    /// Returns what is known about each node, for monitoring.
    pub(super) fn vitals(&self) -> Vec<NodeVitals> {
        let now = ClockReading::now(&*self.clock);
        let nodes = self.nodes();
        let of = |(host, node): (&Uuid, &Node)| {
            let mut vitals = NodeVitals::new(node.name.clone());
            vitals.is_answering = !self.silent.has(*host);
            vitals.clock_ahead_us = node.clock.as_ref().and_then(|(clock, _)| clock.last().ahead_us(now));
            vitals
        };
        nodes.iter().map(of).collect()
    }

    fn nodes(&self) -> MutexGuard<'_, BTreeMap<Uuid, Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
