//! What a server may promise about the sessions in Redis: nothing while the clock of a master is not known to agree with its own, or
//! while it is not known how much acknowledged writing a crash can lose.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tickseed_session::{Clock, FeedPart, NodeVitals, Terms, Timestamp};

use super::facts::Facts;
use super::losses::{Losses, Question};
use super::parts::Parts;
use crate::StoreLoss;
use crate::remote::clock_distance::{ClockReading, Measurement};
use crate::remote::log_line::LogLine;
use crate::remote::node_clock::{ANY_NODE, NO_NODE};
use crate::remote::possible_loss::Loss;
use crate::remote::watched_clock::{Agreement, WatchedClock};

/// What decides about promises.
pub(super) struct Promises {
    clock: Arc<dyn Clock>,
    parts: Arc<Parts>,
    /// The loss to assume where it cannot be found out.
    setting: Option<StoreLoss>,
    clocks: Mutex<BTreeMap<FeedPart, MasterClock>>,
    /// Whether any clock has been measured yet.
    are_measured: AtomicBool,
    losses: Losses,
    facts: Facts,
}

/// A master whose clock is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Measured {
    /// Its host and port.
    pub(super) name: String,
    /// The id of the node in its cluster; empty if it has none.
    pub(super) node: String,
}

/// The clock of a master.
struct MasterClock {
    master: Measured,
    clock: WatchedClock,
}

impl Promises {
    pub(super) fn new(clock: Arc<dyn Clock>, parts: Arc<Parts>, setting: Option<StoreLoss>) -> Self {
        Self {
            clock,
            parts,
            setting,
            clocks: Mutex::default(),
            are_measured: AtomicBool::new(false),
            losses: Losses::default(),
            facts: Facts::default(),
        }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Returns what the masters have said about their memory.
    pub(super) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Adds what is known about the clock of a master and its part of the change feed to its vitals.
    pub(super) fn describe(&self, node: &mut NodeVitals) {
        let now = ClockReading::now(&*self.clock);
        let measured = self
            .clocks()
            .values()
            .find(|clock| clock.master.name == node.name)
            .map(|clock| clock.clock.last());
        if let Some(measured) = measured {
            (node.feed_age, node.clock_ahead_us) = (Some(measured.age(now)), measured.ahead_us(now));
        }
        self.facts.describe(node);
    }

    /// Returns what the setting says about the loss.
    pub(super) const fn setting(&self) -> Option<StoreLoss> {
        self.setting
    }

    /// Notes what the clock of a master showed.
    pub(super) fn note_clock(&self, part: FeedPart, master: &Measured, measured: Measurement) {
        self.are_measured.store(true, Ordering::SeqCst);
        let mut clocks = self.clocks();
        if let Some(known) = clocks.get_mut(&part).filter(|known| known.master == *master) {
            known.clock.note(measured);
        } else {
            clocks.insert(part, MasterClock { master: master.clone(), clock: WatchedClock::new(measured) });
        }
    }

    /// Returns the node that may decide about a deadline in the time of the store: in a cluster only the one whose clock has been
    /// measured, so that no call just follows a session to another one. Where no clock has been measured at all, nothing depends on
    /// it.
    pub(super) fn decider(&self, part: FeedPart) -> String {
        if !self.parts.is_cluster() || !self.are_measured.load(Ordering::SeqCst) {
            return ANY_NODE.to_owned();
        }
        self.clocks().get(&part).map_or_else(|| NO_NODE.to_owned(), |clock| clock.master.node.clone())
    }

    /// Begins to ask a master what it can lose.
    pub(super) fn ask_loss(&self, name: &str) -> Question {
        self.losses.ask(name)
    }

    /// Notes what a master can lose. Returns whether the answer counts.
    pub(super) fn note_loss(&self, question: &Question, loss: Loss) -> bool {
        self.losses.note(question, loss.or(self.setting))
    }

    /// Returns whether a master has said what it can lose.
    pub(super) fn has_loss(&self, name: &str) -> bool {
        self.losses.has(name)
    }

    /// Forgets what is known about a master that may have been restarted or replaced.
    pub(super) fn forget_loss(&self, name: &str) {
        self.losses.forget(name);
    }

    /// Returns whether a node of the cluster may decide that a call has reached instead.
    pub(super) fn may_decide(&self, node: &str) -> bool {
        let now = ClockReading::now(&*self.clock);
        let is_close = |clock: &MasterClock| clock.clock.agreement(now) == Agreement::Close;
        !node.is_empty() && self.clocks().values().any(|clock| clock.master.node == node && is_close(clock))
    }

    /// Forgets the clocks of all other masters.
    pub(super) fn keep_clocks(&self, names: &[String]) {
        self.clocks().retain(|_, clock| names.contains(&clock.master.name));
    }

    /// Forgets what all other masters can lose.
    pub(super) fn keep_losses(&self, names: &[String]) {
        self.losses.keep(names);
    }

    /// Returns the time, if a read of the sessions in a part that begins now misses nothing that is visible before it.
    pub(super) fn certain(&self, part: FeedPart) -> Option<Timestamp> {
        let now = ClockReading::now(&*self.clock);
        self.can_promise(part, now).then(|| now.time())
    }

    /// Returns the time before which everything that became visible has been reported. That is when the master was asked; and
    /// because a session may have moved to another master, when the other ones were asked.
    pub(super) fn proved(&self, part: FeedPart) -> Option<Timestamp> {
        let now = ClockReading::now(&*self.clock);
        let first = || {
            let clocks = self.clocks();
            let recent = clocks.values().filter(|clock| clock.clock.agreement(now) != Agreement::Unknown);
            recent.map(|clock| clock.clock.last().asked_at()).min()
        };
        self.can_promise(part, now).then(first).flatten()
    }

    /// Returns what a change of a session in a part has to allow for. A master that has just been connected to must first say
    /// what it can lose: another server may know that already, and make promises.
    pub(super) fn terms(&self, part: FeedPart) -> Terms {
        let is_clock_sure = self.is_clock_sure(part, ClockReading::now(&*self.clock));
        match self.loss(part) {
            Some(loss) => Terms { loss: loss.known(), is_clock_sure },
            None => Terms { loss: Duration::ZERO, is_clock_sure: false },
        }
    }

    /// Returns how far the clock of any master is at most from the server's.
    pub(super) fn clock_distance(&self) -> Option<Duration> {
        let now = ClockReading::now(&*self.clock);
        self.clocks().values().filter_map(|clock| clock.clock.distance(now)).max()
    }

    /// Logs which clocks no longer agree, and which do again.
    pub(super) fn log_changes(&self) {
        for (name, line) in self.changes(ClockReading::now(&*self.clock)) {
            line.log("Redis", &name);
        }
    }

    fn changes(&self, now: ClockReading) -> Vec<(String, LogLine)> {
        let mut clocks = self.clocks();
        let change =
            |known: &mut MasterClock| Some((known.master.name.clone(), known.clock.change(now, "Redis")?));
        clocks.values_mut().filter_map(change).collect()
    }

    fn can_promise(&self, part: FeedPart, now: ClockReading) -> bool {
        self.is_clock_sure(part, now) && self.loss(part).is_some_and(|loss| loss.most.is_some())
    }

    /// Returns whether the clock of a part was measured and is near, and no other one that was measured is far.
    fn is_clock_sure(&self, part: FeedPart, now: ClockReading) -> bool {
        let clocks = self.clocks();
        let agreement = |known: &MasterClock| known.clock.agreement(now);
        clocks.get(&part).is_some_and(|clock| agreement(clock) == Agreement::Close)
            && clocks.values().all(|clock| agreement(clock) != Agreement::Far)
    }

    /// Returns how much acknowledged writing may be lost, once the master of the part has been asked.
    fn loss(&self, part: FeedPart) -> Option<Loss> {
        match self.parts.name(part) {
            Some(name) => self.losses.greatest(Some(&name)),
            None if self.parts.is_cluster() => None,
            None => self.losses.greatest(None),
        }
    }

    fn clocks(&self) -> MutexGuard<'_, BTreeMap<FeedPart, MasterClock>> {
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
