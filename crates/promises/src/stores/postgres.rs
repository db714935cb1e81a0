//! `PostgreSQL`: a change locks its row, and whoever notifies commits in the order in which the notifications are queued. A commit
//! that hangs holds up the row and the queue. It checks its deadline when it enters the queue, and may become visible later.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use async_trait::async_trait;
use tickseed_session::{
    ChangeFeed, Clock, Created, Deadline, Deleted, Replaced, Session, SessionId, SessionPage, SessionStore,
    StoreError, Subscriber, Terms, Timestamp,
};

use super::Backend;
use super::calls::call;
use crate::clock::instant;
use crate::link::{Link, Message, Proof, Subscription};
use crate::setup::{Fault, Process, Setup};
use crate::world::{World, lock};

pub(super) struct Postgres {
    world: Arc<World>,
    setup: Arc<Setup>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<Arc<Session>>,
    /// The change that is being committed. A crash may come before or after it is on the disk.
    committing: Option<Arc<Session>>,
    /// When the last change so far lets go of the row.
    row_is_free_us: i64,
    /// When the last commit so far ends that notifies.
    queue_is_free_us: i64,
    is_down: bool,
    crashes: u64,
    links: Vec<Arc<Link>>,
}

struct Handle {
    postgres: Arc<Postgres>,
    process: Process,
    subscription: Subscription,
    /// When the last proof that came back was sent; 0 if none has.
    proven_ms: Arc<AtomicI64>,
}

impl Postgres {
    pub(super) fn new(world: &Arc<World>, setup: &Arc<Setup>) -> Arc<Self> {
        Arc::new(Self { world: Arc::clone(world), setup: Arc::clone(setup), state: Mutex::default() })
    }

    /// Returns how long a commit takes, in microseconds.
    fn commit_us(&self) -> i64 {
        let mut random = self.world.random();
        match random.between(0, 99) {
            0 => random.between(0, 8_000_000),
            1..=4 => random.between(0, 1_000_000),
            _ => random.between(100, 5_000),
        }
    }

    /// Waits, and returns `None` if the store is down then, or has crashed meanwhile.
    async fn wait_until(&self, us: i64, crashes: u64) -> Option<()> {
        self.world.sleep_until(us).await;
        let state = lock(&self.state);
        (!state.is_down && state.crashes == crashes).then_some(())
    }

    fn crashes(&self) -> u64 {
        lock(&self.state).crashes
    }

    async fn replace(self: Arc<Self>, session: Session, deadline: Timestamp) -> Option<Replaced> {
        let crashes = self.crashes();
        let delay_us = self.setup.write_delay(&mut self.world.random());
        self.wait_until(self.world.now_us() + delay_us, crashes).await?;
        // Another change may hold the row, and whoever waits longest gets it next.
        loop {
            let free_us = lock(&self.state).row_is_free_us;
            if free_us <= self.world.now_us() {
                break;
            }
            self.wait_until(free_us, crashes).await?;
        }
        let (now_us, commit_us) = (self.world.now_us(), self.commit_us());
        let visible_us = {
            let mut state = lock(&self.state);
            if !state.session.as_ref().is_some_and(|stored| session.follows(stored)) {
                return Some(Replaced::No);
            }
            if deadline <= instant(now_us) {
                return Some(Replaced::TooLate);
            }
            state.enqueue(now_us, commit_us)
        };
        let begins_us = visible_us - commit_us;
        // A microsecond later, so that nobody looks at the row before it has changed.
        lock(&self.state).row_is_free_us = visible_us + 1;
        self.wait_until(begins_us, crashes).await?;
        let session = Arc::new(session);
        lock(&self.state).committing = Some(Arc::clone(&session));
        self.wait_until(visible_us, crashes).await?;
        let mut state = lock(&self.state);
        state.committing = None;
        state.session = Some(Arc::clone(&session));
        state.notify(&session);
        drop(state);
        Some(Replaced::Yes)
    }

    async fn crash(self: Arc<Self>) {
        let (is_on_disk, down_us) = {
            let mut random = self.world.random();
            (random.percent(50), random.between(10_000, 2_000_000))
        };
        {
            let mut state = lock(&self.state);
            if state.is_down {
                return;
            }
            state.is_down = true;
            state.crashes += 1;
            for link in state.links.drain(..) {
                link.cut();
            }
        }
        self.world.sleep(down_us).await;
        let now_us = self.world.now_us();
        let mut state = lock(&self.state);
        if let Some(session) = state.committing.take().filter(|_| is_on_disk) {
            state.session = Some(session);
        }
        state.row_is_free_us = now_us;
        state.queue_is_free_us = now_us;
        state.is_down = false;
    }
}

impl State {
    /// Joins the queue of commits that notify, and returns when the commit ends.
    fn enqueue(&mut self, now_us: i64, commit_us: i64) -> i64 {
        self.queue_is_free_us = self.queue_is_free_us.max(now_us) + commit_us;
        self.queue_is_free_us
    }

    fn notify(&mut self, session: &Arc<Session>) {
        self.links.retain(|link| link.is_open());
        for link in &self.links {
            link.send(Message::Changed(Arc::clone(session)));
        }
    }
}

impl Backend for Postgres {
    fn open(self: Arc<Self>, process: &Process) -> Arc<dyn SessionStore> {
        let handle = Handle {
            postgres: self,
            process: process.clone(),
            subscription: Arc::new(OnceLock::new()),
            proven_ms: Arc::default(),
        };
        let handle = Arc::new(handle);
        process.life.spawn(Arc::clone(&handle).follow());
        handle
    }

    fn disturb(self: Arc<Self>) {
        if self.world.random().percent(50) {
            let world = Arc::clone(&self.world);
            world.spawn(self.crash());
        } else {
            for link in lock(&self.state).links.drain(..) {
                link.cut();
            }
        }
    }

    fn last(&self) -> Option<Arc<Session>> {
        lock(&self.state).session.clone()
    }
}

impl Handle {
    fn is_sure(&self) -> bool {
        self.postgres.setup.says_sure([self.process.clock.offset_us()])
    }

    /// Subscribes, and again whenever the connection is lost.
    async fn follow(self: Arc<Self>) {
        let (world, postgres) = (&self.postgres.world, &self.postgres);
        loop {
            let delay_us = postgres.setup.delay(&mut world.random());
            if postgres.wait_until(world.now_us() + delay_us, postgres.crashes()).await.is_none() {
                world.sleep(100_000).await;
                continue;
            }
            let link = Link::new(world, &postgres.setup, &self.process, &self.subscription);
            lock(&postgres.state).links.push(Arc::clone(&link));
            link.send(Message::Subscribed);
            while link.is_open() {
                self.send_proof(&link);
                let pause_us = world.random().between(20_000, 70_000);
                world.sleep(pause_us).await;
            }
            let noticed_us = world.random().between(0, 300_000);
            world.sleep(noticed_us).await;
            link.drop_rest();
        }
    }

    /// Notifies itself. The commit of that waits in the queue like all others.
    fn send_proof(self: &Arc<Self>, link: &Arc<Link>) {
        let certain = self.is_sure().then(|| self.process.clock.now());
        let proven_ms = Arc::clone(&self.proven_ms);
        let proof = Proof { uptime: self.process.clock.uptime(), certain, proven_ms };
        let (arrives_us, handle, link) = (link.arrives_up_at(), Arc::clone(self), Arc::clone(link));
        self.postgres.world.spawn(async move {
            let postgres = &handle.postgres;
            let crashes = postgres.crashes();
            if postgres.wait_until(arrives_us, crashes).await.is_none() {
                return;
            }
            let commit_us = postgres.commit_us().min(2_000);
            let ends_us = lock(&postgres.state).enqueue(postgres.world.now_us(), commit_us);
            if postgres.wait_until(ends_us, crashes).await.is_some() {
                link.send(Message::Proof(proof));
            }
        });
    }
}

#[async_trait]
impl SessionStore for Handle {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        lock(&self.postgres.state).session = Some(Arc::new(session));
        Ok(Created::Yes)
    }

    async fn find(&self, _id: SessionId) -> Result<Option<Session>, StoreError> {
        let postgres = Arc::clone(&self.postgres);
        let delay_us = postgres.setup.delay(&mut postgres.world.random());
        let arrives_us = postgres.world.now_us() + delay_us;
        let execution = async move {
            postgres.wait_until(arrives_us, postgres.crashes()).await?;
            Some(lock(&postgres.state).session.as_ref().map(|session| (**session).clone()))
        };
        call(&self.postgres.world, &self.postgres.setup, execution).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        let postgres = Arc::clone(&self.postgres);
        let deadline = postgres.setup.deadline(&session, deadline);
        call(&self.postgres.world, &self.postgres.setup, postgres.replace(session, deadline)).await
    }

    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        if self.postgres.setup.fault == Fault::NaiveCertainty {
            return Some(self.process.clock.now());
        }
        let proven_ms = self.proven_ms.load(Ordering::Relaxed);
        Timestamp::from_millis(proven_ms).ok().filter(|_| proven_ms > 0 && self.is_sure())
    }

    fn terms(&self, _id: SessionId) -> Terms {
        Terms { loss: self.postgres.setup.told_loss(), is_clock_sure: self.is_sure() }
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

    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        Some(self)
    }
}

impl ChangeFeed for Handle {
    fn subscribe(&self, subscriber: Weak<dyn Subscriber>) {
        // The service subscribes once.
        self.subscription.set(subscriber).unwrap_or_default();
    }
}
