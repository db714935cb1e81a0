//! Cassandra: every change and every SERIAL read is a round of Paxos. A round that another one overtakes may be completed by that,
//! with a later WRITETIME, or never, or much later. A record whose WRITETIME lies past its deadline counts as the one it replaced.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tickseed_session::{
    Clock, Created, Deadline, Deleted, Replaced, Session, SessionId, SessionPage, SessionStore, StoreError,
    Terms, Timestamp,
};

use super::Backend;
use super::calls::call;
use crate::clock::{WrongClock, instant};
use crate::setup::{Fault, Process, Setup};
use crate::world::{BEGINNING_MS, World, lock};

pub(super) struct Cassandra {
    world: Arc<World>,
    setup: Arc<Setup>,
    nodes: Vec<Arc<WrongClock>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    stored: Option<Record>,
    /// Nothing with a lower ballot is accepted any more.
    promised_us: i64,
    /// A change that some replicas have accepted, and no round has completed.
    accepted: Option<(i64, Record)>,
    records: u64,
    crashes: u64,
}

#[derive(Clone)]
struct Record {
    number: u64,
    session: Arc<Session>,
    deadline: Timestamp,
    replaced: Option<Arc<Session>>,
    /// The WRITETIME: the ballot of the round that has completed it, in microseconds.
    written_us: i64,
}

struct Handle {
    cassandra: Arc<Cassandra>,
    process: Process,
}

impl Record {
    fn is_late(&self, fault: Fault) -> bool {
        fault != Fault::NaiveCertainty && self.deadline <= instant(self.written_us)
    }

    /// Returns the session that counts.
    fn session(&self, fault: Fault) -> Option<&Arc<Session>> {
        if self.is_late(fault) { self.replaced.as_ref() } else { Some(&self.session) }
    }
}

impl State {
    /// Begins a round, which completes a change that it finds accepted. It may not find one that only few replicas have accepted.
    fn prepare(&mut self, clock_us: i64, finds_accepted: bool) -> i64 {
        let ballot_us = clock_us.max(self.promised_us + 1);
        self.promised_us = ballot_us;
        if finds_accepted && let Some((_, record)) = self.accepted.take() {
            self.stored = Some(Record { written_us: ballot_us, ..record });
        }
        ballot_us
    }

    fn stores(&self, number: u64) -> bool {
        self.stored.as_ref().is_some_and(|stored| stored.number == number)
    }
}

impl Cassandra {
    pub(super) fn new(world: &Arc<World>, setup: &Arc<Setup>) -> Arc<Self> {
        let nodes = (0..3).map(|_| WrongClock::new(world, setup.nodes_off_us)).collect();
        let (world, setup) = (Arc::clone(world), Arc::clone(setup));
        Arc::new(Self { world, setup, nodes, state: Mutex::default() })
    }

    /// Begins a round on some node, and returns its ballot.
    fn prepare(&self) -> i64 {
        let (node, finds_accepted) = {
            let mut random = self.world.random();
            (random.pick(&[0, 1, 2]), random.percent(60))
        };
        let clock_us = self.nodes[node].now_us() - BEGINNING_MS * 1_000;
        lock(&self.state).prepare(clock_us, finds_accepted)
    }

    /// Reads with SERIAL consistency.
    async fn read(self: Arc<Self>) -> Option<Option<Record>> {
        let (delay_us, crashes) = (self.setup.delay(&mut self.world.random()), lock(&self.state).crashes);
        self.world.sleep(delay_us).await;
        if lock(&self.state).crashes != crashes {
            return None;
        }
        self.prepare();
        Some(lock(&self.state).stored.clone())
    }

    /// Replaces the record with this number. Returns whether that has worked, or `None` if nobody knows.
    async fn replace(self: Arc<Self>, replaced: u64, record: Record) -> Option<bool> {
        let (delay_us, crashes) =
            (self.setup.write_delay(&mut self.world.random()), lock(&self.state).crashes);
        self.world.sleep(delay_us).await;
        if lock(&self.state).crashes != crashes {
            return None;
        }
        let ballot_us = self.prepare();
        if !lock(&self.state).stores(replaced) {
            return Some(false);
        }
        lock(&self.state).accepted = Some((ballot_us, record));
        let accepting_us = self.setup.write_delay(&mut self.world.random());
        self.world.sleep(accepting_us).await;
        let mut state = lock(&self.state);
        if state.promised_us != ballot_us || state.crashes != crashes {
            return None;
        }
        let (_, record) = state.accepted.take()?;
        state.stored = Some(Record { written_us: ballot_us, ..record });
        drop(state);
        Some(true)
    }
}

impl Backend for Cassandra {
    fn open(self: Arc<Self>, process: &Process) -> Arc<dyn SessionStore> {
        Arc::new(Handle { cassandra: self, process: process.clone() })
    }

    /// The nodes that coordinate crash, and leave their rounds as they are.
    fn disturb(self: Arc<Self>) {
        lock(&self.state).crashes += 1;
    }

    fn last(&self) -> Option<Arc<Session>> {
        // A round that finds everything.
        let clock_us = self.nodes[0].now_us() - BEGINNING_MS * 1_000;
        let mut state = lock(&self.state);
        state.prepare(clock_us, true);
        state.stored.as_ref()?.session(self.setup.fault).cloned()
    }
}

impl Handle {
    fn is_sure(&self) -> bool {
        let server_us = self.process.clock.offset_us();
        self.cassandra.setup.says_sure(self.cassandra.nodes.iter().map(|node| server_us - node.offset_us()))
    }

    async fn read(&self) -> Result<Option<Record>, StoreError> {
        let cassandra = &self.cassandra;
        call(&cassandra.world, &cassandra.setup, Arc::clone(cassandra).read()).await
    }

    fn fault(&self) -> Fault {
        self.cassandra.setup.fault
    }

    /// Looks whether a change has been written in time.
    async fn outcome(&self, number: u64) -> Result<Replaced, StoreError> {
        match self.read().await? {
            Some(stored) if stored.number == number && stored.is_late(self.fault()) => Ok(Replaced::TooLate),
            Some(stored) if stored.number == number => Ok(Replaced::Yes),
            _ => Err(StoreError::unavailable("another change has come after it")),
        }
    }
}

#[async_trait]
impl SessionStore for Handle {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let mut state = lock(&self.cassandra.state);
        state.records += 1;
        let number = state.records;
        let session = Arc::new(session);
        let record = Record { number, session, deadline: Timestamp::MAX, replaced: None, written_us: 0 };
        state.stored = Some(record);
        Ok(Created::Yes)
    }

    async fn find(&self, _id: SessionId) -> Result<Option<Session>, StoreError> {
        let stored = self.read().await?;
        Ok(stored.and_then(|stored| stored.session(self.fault()).map(|session| (**session).clone())))
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        let cassandra = &self.cassandra;
        let deadline = cassandra.setup.deadline(&session, deadline);
        let Some(stored) = self.read().await? else { return Ok(Replaced::No) };
        let replaced = stored.session(self.fault()).cloned();
        if !replaced.as_ref().is_some_and(|replaced| session.follows(replaced)) {
            return Ok(Replaced::No);
        }
        let number = {
            let mut state = lock(&cassandra.state);
            state.records += 1;
            state.records
        };
        let record = Record { number, session: Arc::new(session), deadline, replaced, written_us: 0 };
        let execution = Arc::clone(cassandra).replace(stored.number, record);
        if call(&cassandra.world, &cassandra.setup, execution).await? {
            self.outcome(number).await
        } else {
            Ok(Replaced::No)
        }
    }

    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        self.is_sure().then(|| self.process.clock.now())
    }

    fn terms(&self, _id: SessionId) -> Terms {
        Terms { loss: self.cassandra.setup.told_loss(), is_clock_sure: self.is_sure() }
    }

    async fn delete(&self, _session: Session, _deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        unreachable!("the runs delete nothing: a deletion breaks no promise")
    }

    async fn list(&self, _after: Option<SessionId>, _limit: usize) -> Result<SessionPage, StoreError> {
        unreachable!("the runs list nothing: there is one session")
    }

    async fn remove_expired(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
