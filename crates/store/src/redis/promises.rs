//! What a server may promise about the sessions in Redis: nothing while the clock of a master is not known to agree with its own, or
//! while it is not known how much acknowledged writing a crash can lose.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tickseed_session::{CLOCK_TOLERANCE, Clock, FeedPart, NodeVitals, Terms, Timestamp};

use super::clock_distance::{ClockReading, Measurement};
use super::durability::{LogLine, Loss};
use super::facts::Facts;
use super::losses::{Losses, Question};
use super::node_clock::{ANY_NODE, NO_NODE};
use super::parts::Parts;
use crate::StoreLoss;

/// What decides about promises.
pub(super) struct Promises {
    clock: Arc<dyn Clock>,
    parts: Arc<Parts>,
    /// What the loss is where nobody can find it out.
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
    measured: Measurement,
    /// What the log says of it.
    logged: Agreement,
}

/// Whether the clock of a master agrees with the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreement {
    Close,
    Far,
    Unknown,
}

impl Agreement {
    fn of(distance: Option<Duration>) -> Self {
        match distance {
            Some(distance) if distance <= CLOCK_TOLERANCE => Self::Close,
            Some(_) => Self::Far,
            None => Self::Unknown,
        }
    }
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
        let measured =
            self.clocks().values().find(|clock| clock.master.name == node.name).map(|clock| clock.measured);
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
            known.measured = measured;
        } else {
            let logged = Agreement::Close;
            clocks.insert(part, MasterClock { master: master.clone(), measured, logged });
        }
    }

    /// Returns the node that may decide about a deadline in the time of the store: in a cluster only the one whose clock has been
    /// measured, so that no call just follows a session to another one. Where no clock has been measured at all, nothing depends on it.
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
        let is_close = |clock: &MasterClock| Agreement::of(clock.measured.distance(now)) == Agreement::Close;
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
            let recent = clocks.values().filter(|clock| clock.measured.distance(now).is_some());
            recent.map(|clock| clock.measured.asked_at()).min()
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

    /// Logs which clocks no longer agree, and which do again.
    pub(super) fn log_changes(&self) {
        for (name, line) in self.changes(ClockReading::now(&*self.clock)) {
            line.log(&name);
        }
    }

    fn changes(&self, now: ClockReading) -> Vec<(String, LogLine)> {
        let mut lines = Vec::new();
        for clock in self.clocks().values_mut() {
            let distance = clock.measured.distance(now);
            let agreement = Agreement::of(distance);
            if std::mem::replace(&mut clock.logged, agreement) != agreement {
                lines.push((clock.master.name.clone(), line(distance)));
            }
        }
        lines
    }

    fn can_promise(&self, part: FeedPart, now: ClockReading) -> bool {
        self.is_clock_sure(part, now) && self.loss(part).is_some_and(|loss| loss.most.is_some())
    }

    /// Returns whether the clock of a part was measured and is near, and no other one that was measured is far.
    fn is_clock_sure(&self, part: FeedPart, now: ClockReading) -> bool {
        let clocks = self.clocks();
        let agreement = |clock: &MasterClock| Agreement::of(clock.measured.distance(now));
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

fn line(distance: Option<Duration>) -> LogLine {
    match distance {
        Some(distance) if distance <= CLOCK_TOLERANCE => LogLine::Info(
            "has a clock that agrees with this server's again: promises about sessions with a notice are made again"
                .to_owned(),
        ),
        Some(distance) => LogLine::Warning(format!(
            "has a clock that may be {} ms away from this server's, and more than {} ms is too much: sessions with a notice cannot \
             be changed, and nothing is promised about them; keep the clocks of Redis and of all servers in step with NTP",
            distance.as_millis(),
            CLOCK_TOLERANCE.as_millis()
        )),
        None => LogLine::Warning(
            "has not told its time for 2 s: its sessions with a notice cannot be changed, and nothing new is promised about them"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use tickseed_session::SystemClock;

    use super::*;
    use crate::redis::topology::Topology;

    const NEAR: i64 = 0;
    const FAR: i64 = 400_000;

    /// Promises about a cluster of two masters: the names `localhost:1` and `localhost:2`.
    fn promises(setting: Option<StoreLoss>) -> Promises {
        let parts = Parts::new(true);
        parts.assign(&Topology::for_test(1, &[(1, 0, 8_000), (2, 8_001, 16_383)]));
        Promises::new(Arc::new(SystemClock), Arc::new(parts), setting)
    }

    fn name(part: u16) -> String {
        format!("localhost:{}", part + 1)
    }

    fn master(part: u16) -> Measured {
        Measured { name: name(part), node: format!("node {part}") }
    }

    /// Notes that the clock of a part is ahead by this much.
    fn measure(promises: &Promises, part: u16, ahead_us: i64) {
        let now = ClockReading::now(&SystemClock);
        let measured = Measurement::new(now, now.time_us + ahead_us, now);
        promises.note_clock(FeedPart(part), &master(part), measured);
    }

    fn note(promises: &Promises, part: u16, loss: Loss) {
        assert!(promises.note_loss(&promises.ask_loss(&name(part)), loss));
    }

    fn lose(promises: &Promises, part: u16, millis: Option<u64>) {
        let most = millis.map(Duration::from_millis);
        note(promises, part, Loss { least: most.unwrap_or_default(), most });
    }

    fn is_certain(promises: &Promises, part: u16) -> bool {
        let part = FeedPart(part);
        assert_eq!(promises.certain(part).is_some(), promises.proved(part).is_some());
        promises.certain(part).is_some()
    }

    #[test]
    fn a_promise_needs_the_clock_and_the_loss_of_the_own_part() {
        let promises = promises(None);
        assert!(!is_certain(&promises, 0) && !promises.terms(FeedPart(0)).is_clock_sure);
        measure(&promises, 0, NEAR);
        assert!(!is_certain(&promises, 0), "it has not been asked what it can lose");
        assert!(!promises.terms(FeedPart(0)).is_clock_sure);
        lose(&promises, 0, None);
        assert!(!is_certain(&promises, 0), "it does not know what it can lose");
        assert_eq!(promises.terms(FeedPart(0)), Terms { loss: Duration::ZERO, is_clock_sure: true });
        lose(&promises, 0, Some(0));
        assert!(is_certain(&promises, 0) && !is_certain(&promises, 1));
        promises.forget_loss(&name(0));
        assert!(!is_certain(&promises, 0) && !promises.terms(FeedPart(0)).is_clock_sure);
    }

    #[test]
    fn the_farthest_clock_and_the_greatest_loss_count() {
        let promises = promises(None);
        for part in [0, 1] {
            measure(&promises, part, NEAR);
            lose(&promises, part, Some(u64::from(part) * 2_000));
        }
        assert!(is_certain(&promises, 0));
        assert_eq!(promises.terms(FeedPart(0)).loss, Duration::from_secs(2));
        lose(&promises, 1, None);
        assert!(!is_certain(&promises, 0), "the session may move to the other master");
        lose(&promises, 1, Some(0));
        measure(&promises, 1, FAR);
        assert!(!is_certain(&promises, 0) && !promises.terms(FeedPart(0)).is_clock_sure);
        promises.keep_clocks(&[name(0)]);
        assert!(is_certain(&promises, 0));
        lose(&promises, 1, None);
        promises.keep_losses(&[name(0)]);
        assert!(is_certain(&promises, 0));
    }

    #[test]
    fn the_setting_counts_only_where_the_loss_is_not_known() {
        let promises = promises(StoreLoss::from_millis(5_000).ok());
        measure(&promises, 0, NEAR);
        lose(&promises, 0, None);
        assert!(is_certain(&promises, 0));
        assert_eq!(promises.terms(FeedPart(0)).loss, Duration::from_secs(5));
        lose(&promises, 0, Some(2_000));
        assert_eq!(promises.terms(FeedPart(0)).loss, Duration::from_secs(2));
    }

    #[test]
    fn no_setting_makes_the_loss_less_than_what_is_known() {
        let everysec_with_replicas = Loss { least: Duration::from_secs(2), most: None };
        for (setting_ms, expected) in [(None, 2), (Some(500), 2), (Some(5_000), 5)] {
            let promises = promises(setting_ms.and_then(|millis| StoreLoss::from_millis(millis).ok()));
            measure(&promises, 0, NEAR);
            note(&promises, 0, everysec_with_replicas);
            assert_eq!(is_certain(&promises, 0), setting_ms.is_some());
            let terms = Terms { loss: Duration::from_secs(expected), is_clock_sure: true };
            assert_eq!(promises.terms(FeedPart(0)), terms, "{setting_ms:?}");
        }
    }

    #[test]
    fn only_a_node_whose_clock_has_been_measured_decides() {
        let promises = promises(None);
        assert_eq!(promises.decider(FeedPart(0)), ANY_NODE, "nobody measures clocks");
        measure(&promises, 0, NEAR);
        assert_eq!([0, 1].map(|part| promises.decider(FeedPart(part))), ["node 0", NO_NODE]);
        assert_eq!(["node 0", "node 1", ""].map(|node| promises.may_decide(node)), [true, false, false]);
        measure(&promises, 1, FAR);
        assert!(!promises.may_decide("node 1"), "its clock is too far away");
        promises.keep_clocks(&[name(1)]);
        assert_eq!(promises.decider(FeedPart(0)), NO_NODE);
    }

    #[test]
    fn each_change_of_a_clock_gets_one_line() {
        let promises = promises(None);
        let lines = |now: ClockReading| {
            let changes = promises.changes(now);
            changes.into_iter().map(|(name, line)| format!("{name} {line:?}")).collect::<Vec<_>>()
        };
        let now = || ClockReading::now(&SystemClock);
        assert_eq!(lines(now()), [""; 0]);
        for (ahead_us, words) in [(NEAR, None), (FAR, Some("may be 400 ms")), (NEAR, Some("agrees"))] {
            measure(&promises, 0, ahead_us);
            let first = lines(now());
            assert_eq!(first.len(), usize::from(words.is_some()), "{first:?}");
            assert!(words.is_none_or(|words| first[0].contains(words)), "{first:?}");
            assert_eq!(lines(now()), [""; 0], "once");
        }
        let later = ClockReading { uptime: now().uptime + Duration::from_secs(3), ..now() };
        assert!(lines(later)[0].contains("localhost:1 Warning(\"has not told its time"));
        assert_eq!(lines(later), [""; 0], "once");
    }

    #[test]
    fn the_feed_has_proved_no_more_than_the_oldest_answer_of_a_master() {
        let promises = promises(None);
        let now = ClockReading::now(&SystemClock);
        for (part, ago_ms) in [(0, 0_u32), (1, 30)] {
            let then = ClockReading {
                time_us: now.time_us - i64::from(ago_ms) * 1_000,
                uptime: now.uptime.saturating_sub(Duration::from_millis(ago_ms.into())),
            };
            let measured = Measurement::new(then, then.time_us, then);
            promises.note_clock(FeedPart(part), &master(part), measured);
            lose(&promises, part, Some(0));
        }
        let proved = promises.proved(FeedPart(0)).unwrap();
        assert_eq!(proved, now.time().before(Duration::from_millis(30)));
        assert!(promises.certain(FeedPart(0)) >= Some(now.time()));
    }
}
