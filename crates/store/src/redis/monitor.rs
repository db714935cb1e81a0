//! Notices when another Redis has taken the place of the first, when a Redis has lost sessions, and when its settings change. What
//! they say about losses decides about promises.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{ConnectionInfo, RedisResult};
use futures_util::stream::{FuturesUnordered, StreamExt};
use tickseed_session::{Clock, error_chain};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::RedisAddress;
use super::driver::connect;
use super::inspection::Inspection;
use super::losses::Question;
use super::promises::Promises;
use super::topology::{Master, Topology};
use crate::remote::log_line::LogLine;

/// How often each Redis is asked about itself. It is also asked after every new connection. Promises rest on the answers, and a
/// replica may take over soon after it has connected.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// How often the log says at most that a Redis is full.
const LOG_EVICTIONS_EVERY: Duration = Duration::from_mins(1);

/// Asks each Redis about itself again and again, and logs what has changed.
pub(super) struct Monitor {
    address: RedisAddress,
    promises: Arc<Promises>,
    /// The masters of the last time, in case the nodes of the address are gone by now.
    topology: Option<Topology>,
    /// The last answers of each Redis, by its name.
    known: BTreeMap<String, Inspection>,
    /// When the log last said that a Redis has removed sessions.
    evictions: BTreeMap<String, Instant>,
    /// The masters that have not answered yet.
    asked: BTreeSet<String>,
    /// The masters that have not said what they can lose, although they were asked.
    unknown: BTreeSet<String>,
}

/// The answer of a master, or why there is none.
struct Answer {
    master: Master,
    question: Question,
    inspection: RedisResult<Inspection>,
}

impl Monitor {
    pub(super) fn new(address: RedisAddress, promises: Arc<Promises>) -> Self {
        let (known, evictions) = (BTreeMap::new(), BTreeMap::new());
        let (asked, unknown) = (BTreeSet::new(), BTreeSet::new());
        Self { address, promises, topology: None, known, evictions, asked, unknown }
    }

    /// Asks every few seconds, and whenever `is_new` is notified, because there is a new connection. Waits for no master that is
    /// silent while others answer. Never ends.
    pub(super) async fn run(mut self, is_new: Arc<Notify>) {
        let (mut answers, mut ticks) = (FuturesUnordered::new(), interval(ASK_EVERY));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.reset();
        loop {
            let to_ask = tokio::select! {
                Some(answer) = answers.next() => self.receive(answer).into_iter().collect(),
                () = is_new.notified() => self.find_masters().await,
                _ = ticks.tick() => self.find_masters().await,
            };
            for master in to_ask {
                if self.asked.insert(master.name()) {
                    answers.push(ask(master, Arc::clone(&self.promises)));
                }
            }
        }
    }

    /// Returns the masters, and forgets all others.
    async fn find_masters(&mut self) -> Vec<Master> {
        let Ok(topology) = Topology::find(&self.address, self.topology.as_ref()).await else {
            return Vec::new();
        };
        let names: Vec<_> = topology.masters.iter().map(Master::name).collect();
        self.promises.keep_losses(&names);
        self.unknown.retain(|name| names.contains(name));
        let masters = topology.masters.clone();
        self.topology = Some(topology);
        masters
    }

    /// Notes an answer. Returns the master if it has to be asked again, because there is a new connection to it.
    fn receive(&mut self, answer: Answer) -> Option<Master> {
        let Answer { master, question, inspection } = answer;
        let name = master.name();
        self.asked.remove(&name);
        match inspection {
            Ok(inspection) => (!self.note(name, &question, inspection)).then_some(master),
            Err(error) => {
                if let Some(line) = self.failed(&name, &error_chain(&error)) {
                    line.log("Redis", &name);
                }
                None
            }
        }
    }

    /// Notes what a Redis says, and logs what is new. Returns whether it counts.
    pub(super) fn note(&mut self, name: String, question: &Question, inspection: Inspection) -> bool {
        let counts = self.promises.note_loss(question, inspection.loss());
        if counts && self.unknown.remove(&name) {
            LogLine::Info("has said what it can lose".to_owned()).log("Redis", &name);
        }
        if let Some(memory) = inspection.memory() {
            self.promises.facts().note(&name, memory);
        }
        let setting = self.promises.setting();
        let lines = match self.known.get(&name) {
            Some(earlier) => inspection.changes_since(earlier, setting),
            None => inspection.lines(setting),
        };
        let evicts = self.known.get(&name).is_some_and(|earlier| inspection.has_evicted_since(earlier));
        if evicts {
            let is_recent = |logged: &Instant| logged.elapsed() < LOG_EVICTIONS_EVERY;
            if lines.len() == 1 && self.evictions.get(&name).is_some_and(is_recent) {
                // A later line counts these, too.
                return counts;
            }
            self.evictions.insert(name.clone(), Instant::now());
        }
        for line in lines {
            line.log("Redis", &name);
        }
        self.known.insert(name, inspection);
        counts
    }

    /// Notes that a master has not answered. Returns a line for the log when that begins to matter.
    fn failed(&mut self, name: &str, error: &str) -> Option<LogLine> {
        let matters = !self.promises.has_loss(name) && self.unknown.insert(name.to_owned());
        matters.then(|| {
            LogLine::Warning(format!(
                "has not said what it can lose: its sessions with a notice cannot be changed, and nothing is promised about \
                 them, until it has; it is asked every {} s ({error})",
                ASK_EVERY.as_secs()
            ))
        })
    }
}

async fn ask(master: Master, promises: Arc<Promises>) -> Answer {
    let question = promises.ask_loss(&master.name());
    let inspection = inspect(&master.node, promises.clock()).await;
    Answer { master, question, inspection }
}

async fn inspect(node: &ConnectionInfo, clock: &dyn Clock) -> RedisResult<Inspection> {
    let database = node.redis_settings().db();
    Inspection::of(&mut connect(node.clone()).await?, database, clock).await
}

#[cfg(test)]
mod tests {
    use tickseed_session::SystemClock;

    use super::*;
    use crate::redis::parts::Parts;
    use crate::remote::possible_loss::Loss;

    #[test]
    fn a_master_that_does_not_say_what_it_can_lose_gets_one_line_each_time() {
        let parts = Arc::new(Parts::new(false));
        let promises = Arc::new(Promises::new(Arc::new(SystemClock), parts, None));
        let address = RedisAddress::parse("redis://localhost", None).unwrap();
        let mut monitor = Monitor::new(address, Arc::clone(&promises));
        for _ in 0..2 {
            let line = monitor.failed("a", "no route");
            let words = |line: &LogLine| matches!(line, LogLine::Warning(words) if words.ends_with("every 5 s (no route)"));
            assert!(line.as_ref().is_some_and(words), "{line:?}");
            assert_eq!(monitor.failed("a", "no route"), None);
            let loss = Loss { least: Duration::ZERO, most: Some(Duration::ZERO) };
            assert!(promises.note_loss(&promises.ask_loss("a"), loss));
            assert!(monitor.unknown.remove("a"));
            assert_eq!(monitor.failed("a", "no route"), None, "its last answer still counts");
            promises.forget_loss("a");
        }
    }
}
