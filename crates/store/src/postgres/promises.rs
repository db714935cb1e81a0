//! What a server may promise about the sessions in PostgreSQL: nothing while the clock of the database is not known to agree with
//! its own, or while it is not known how much acknowledged writing a crash can lose.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tickseed_session::{Clock, FeedPart, NodeVitals, Terms, Timestamp};
use tokio::sync::Notify;

use super::inspection::Inspection;
use crate::StoreLoss;
use crate::remote::clock_distance::{ClockReading, Measurement};
use crate::remote::log_line::LogLine;
use crate::remote::node_clock::{ANY_NODE, NodeClocks, Reading};
use crate::remote::possible_loss::Loss;
use crate::remote::watched_clock::{Agreement, WatchedClock};

/// The one part of the change feed.
pub(super) const PART: FeedPart = FeedPart(0);

/// What the log calls the store.
pub(super) const KIND: &str = "PostgreSQL";

/// What decides about promises.
pub(super) struct Promises {
    clock: Arc<dyn Clock>,
    /// The loss to assume where it cannot be found out.
    setting: Option<StoreLoss>,
    /// The hosts, for the log.
    name: String,
    known: Mutex<Known>,
    /// The server that the newest connection of the requests leads to.
    newest_login: Mutex<Option<String>>,
    /// The clock that deadlines are converted to.
    pub(super) readings: NodeClocks,
    feed_must_end: Notify,
}

/// What is known since the change feed has connected.
#[derive(Default)]
struct Known {
    clock: Option<WatchedClock>,
    /// The server that the change feed is connected to.
    node: Option<String>,
    /// When the last proof of the change feed that has come back was sent.
    proved: Option<ClockReading>,
    loss: Option<Loss>,
    /// The change feed is to connect again.
    must_end: bool,
    /// How many times the feed has connected.
    generation: u64,
    /// What the log says about crashes.
    logged: Option<LogLine>,
}

impl Promises {
    pub(super) fn new(clock: Arc<dyn Clock>, setting: Option<StoreLoss>, name: String) -> Self {
        Self {
            clock,
            setting,
            name,
            known: Mutex::default(),
            newest_login: Mutex::default(),
            readings: NodeClocks::default(),
            feed_must_end: Notify::new(),
        }
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Forgets what is known: the change feed has connected, perhaps to another server.
    pub(super) fn feed_has_connected(&self, node: String) {
        let mut known = self.known();
        let (generation, logged) = (known.generation + 1, known.logged.take());
        *known = Known { node: Some(node), generation, logged, ..Known::default() };
    }

    /// Notes the server that a new connection of the requests leads to. Returns whether the change feed is connected to another one.
    pub(super) fn note_login(&self, node: String) -> bool {
        let is_elsewhere = self.feed_is_at_another_node(&node);
        *self.newest_login() = Some(node);
        is_elsewhere
    }

    /// Returns whether the newest connection of the requests leads to another server than the change feed.
    pub(super) fn feed_is_left_behind(&self) -> bool {
        let newest = self.newest_login().clone();
        newest.is_some_and(|node| self.feed_is_at_another_node(&node))
    }

    /// Returns whether the change feed is connected to another server than this, and will be.
    pub(super) fn feed_is_at_another_node(&self, node: &str) -> bool {
        let known = self.known();
        !known.must_end && known.node.as_ref().is_some_and(|of_feed| of_feed != node)
    }

    /// Returns the server that may decide about a deadline in the time of the store: the one whose clock has been measured. Where no
    /// clock has been measured at all, nothing depends on it.
    pub(super) fn decider(&self) -> String {
        self.known().node.clone().unwrap_or_else(|| ANY_NODE.to_owned())
    }

    /// Notes that the change feed is lost, and connects again.
    pub(super) fn feed_is_lost(&self) {
        self.known().must_end = true;
    }

    /// Makes the change feed connect again.
    pub(super) fn end_feed(&self) {
        self.known().must_end = true;
        self.feed_must_end.notify_one();
    }

    /// Completes when the change feed must connect again.
    pub(super) async fn feed_must_end(&self) {
        self.feed_must_end.notified().await;
    }

    /// Notes what the clock of the server showed.
    pub(super) fn note_clock(&self, node: &str, asked_at: ClockReading, time_us: i64) {
        let answered_at = ClockReading::now(self.clock());
        let measured = Measurement::new(asked_at, time_us, answered_at);
        match &mut self.known().clock {
            Some(clock) => clock.note(measured),
            clock => *clock = Some(WatchedClock::new(measured)),
        }
        self.note_reading(node, time_us);
    }

    /// Notes a reading of the clock that an answer contains which has just arrived.
    pub(super) fn note_reading(&self, node: &str, time_us: i64) {
        let reading = Reading { node: node.to_owned(), time_us, answered_at: self.clock.uptime() };
        self.readings.note(PART, reading);
    }

    /// Notes that a proof has come back which was sent then.
    pub(super) fn note_proof(&self, sent_at: ClockReading) {
        self.known().proved = Some(sent_at);
    }

    /// Begins to ask what the server can lose. The answer counts unless the feed connects again meanwhile.
    pub(super) fn ask_loss(&self) -> u64 {
        self.known().generation
    }

    /// Notes what the server can lose, and logs it if that is new.
    pub(super) fn note_loss(&self, question: u64, inspection: &Inspection) {
        let mut known = self.known();
        if known.generation != question {
            return;
        }
        known.loss = Some(inspection.loss().or(self.setting));
        let line = inspection.durability();
        if known.logged.as_ref() != Some(&line) {
            line.log(KIND, &self.name);
            known.logged = Some(line);
        }
    }

    /// Returns when the last proof was sent that has come back, if it makes a promise.
    pub(super) fn certain(&self) -> Option<Timestamp> {
        let (known, now) = (self.known(), ClockReading::now(self.clock()));
        let can_promise = known.is_clock_sure(now) && known.loss.is_some_and(|loss| loss.most.is_some());
        known.proved.filter(|_| can_promise).map(ClockReading::time)
    }

    /// Returns what a change of a session has to allow for.
    pub(super) fn terms(&self) -> Terms {
        let known = self.known();
        let is_clock_sure = known.is_clock_sure(ClockReading::now(self.clock()));
        match known.loss {
            Some(loss) => Terms { loss: loss.known(), is_clock_sure },
            None => Terms { loss: Duration::ZERO, is_clock_sure: false },
        }
    }

    /// Returns how far the clock of the server is at most from this process's.
    pub(super) fn clock_distance(&self) -> Option<Duration> {
        let now = ClockReading::now(self.clock());
        self.known().clock.as_ref()?.distance(now)
    }

    /// Logs if the clock no longer agrees, or does again.
    pub(super) fn log_changes(&self) {
        let now = ClockReading::now(self.clock());
        let line = self.known().clock.as_mut().and_then(|clock| clock.change(now, KIND));
        if let Some(line) = line {
            line.log(KIND, &self.name);
        }
    }

    /// Returns what is known about the server.
    pub(super) fn vitals(&self, is_answering: bool) -> NodeVitals {
        let (known, now) = (self.known(), ClockReading::now(self.clock()));
        let mut vitals = NodeVitals::new(self.name.clone());
        vitals.is_answering = is_answering;
        vitals.feed_age = known.proved.map(|proved| now.uptime.saturating_sub(proved.uptime));
        vitals.clock_ahead_us = known.clock.as_ref().and_then(|clock| clock.last().ahead_us(now));
        vitals
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn newest_login(&self) -> MutexGuard<'_, Option<String>> {
        self.newest_login.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_clock_sure(&self, now: ClockReading) -> bool {
        self.clock.as_ref().is_some_and(|clock| clock.agreement(now) == Agreement::Close)
    }
}

#[cfg(test)]
mod tests {
    use tickseed_session::SystemClock;

    use super::*;

    fn promises(setting_ms: Option<u32>) -> Promises {
        let setting = setting_ms.and_then(|millis| StoreLoss::from_millis(millis).ok());
        Promises::new(Arc::new(SystemClock), setting, "host:1".to_owned())
    }

    /// Connects the feed to a server whose clock is ahead by this much.
    fn connect(promises: &Promises, ahead_us: i64) {
        promises.feed_has_connected("1".to_owned());
        let now = ClockReading::now(&SystemClock);
        promises.note_clock("1", now, now.time_us + ahead_us);
    }

    fn lose(promises: &Promises, most: Option<Duration>) {
        promises.known().loss = Some(Loss { least: Duration::ZERO, most }.or(promises.setting));
    }

    #[test]
    fn a_promise_needs_the_clock_and_the_loss_and_a_proof() {
        let promises = promises(None);
        connect(&promises, 0);
        let sent_at = ClockReading::now(&SystemClock);
        promises.note_proof(sent_at);
        assert!(promises.certain().is_none() && !promises.terms().is_clock_sure, "it may lose anything");
        lose(&promises, None);
        assert!(promises.certain().is_none() && promises.terms().is_clock_sure);
        lose(&promises, Some(Duration::ZERO));
        assert_eq!(promises.certain(), Some(sent_at.time()));
        connect(&promises, 0);
        assert!(promises.certain().is_none() && !promises.terms().is_clock_sure, "it may be another server");
    }

    #[test]
    fn a_clock_that_is_far_away_promises_nothing() {
        let promises = promises(Some(0));
        connect(&promises, 400_000);
        promises.note_proof(ClockReading::now(&SystemClock));
        lose(&promises, None);
        assert!(promises.certain().is_none() && !promises.terms().is_clock_sure);
        assert!(promises.clock_distance() >= Some(Duration::from_millis(400)));
    }

    #[test]
    fn an_answer_from_before_a_new_connection_does_not_count() {
        let promises = promises(Some(5_000));
        connect(&promises, 0);
        lose(&promises, None);
        assert_eq!(promises.terms().loss, Duration::from_secs(5));
        let question = promises.ask_loss();
        connect(&promises, 0);
        assert_ne!(promises.ask_loss(), question);
    }

    #[test]
    fn requests_and_the_feed_must_be_at_one_server() {
        let promises = promises(None);
        assert!(!promises.feed_is_at_another_node("1"), "it is not connected");
        assert_eq!(promises.decider(), ANY_NODE);
        connect(&promises, 0);
        assert_eq!(promises.decider(), "1", "no other server's clock has been measured");
        assert!(!promises.feed_is_at_another_node("1") && promises.feed_is_at_another_node("2"));
        assert!(!promises.note_login("1".to_owned()) && !promises.feed_is_left_behind());
        assert!(promises.note_login("2".to_owned()) && promises.feed_is_left_behind());
        promises.end_feed();
        assert!(!promises.feed_is_left_behind(), "it is connecting");
        connect(&promises, 0);
        assert!(promises.feed_is_left_behind());
    }
}
