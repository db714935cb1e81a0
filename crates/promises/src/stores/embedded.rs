//! The embedded store: the process that has the file. Writes wait in a queue, each becomes visible at some instant before it ends, and
//! nothing is certain about a session after the beginning of a write to it that has not ended.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use async_trait::async_trait;
use tickseed_session::{
    CLOCK_TOLERANCE, ChangeFeed, Clock, Created, Deadline, Deleted, FeedPart, Replaced, Session, SessionId,
    SessionPage, SessionStore, StoreError, Subscriber, Terms, Timestamp,
};

use super::Backend;
use super::calls::call;
use crate::link::{Subscription, reported};
use crate::setup::{Fault, Process, Setup};
use crate::world::{World, lock};

/// The file, which outlives the process.
pub(super) struct Embedded {
    world: Arc<World>,
    setup: Arc<Setup>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<Arc<Session>>,
    /// The write whose transaction is being synced. It may be on the disk or not.
    committing: Option<Arc<Session>>,
    /// When the writer has finished what waits so far.
    writer_is_free_us: i64,
}

/// The store of the process, as the service uses it.
struct Handle(Arc<Opened>);

/// The store of the process.
struct Opened {
    file: Arc<Embedded>,
    process: Process,
    subscription: Subscription,
    /// When each write that has not ended began.
    pending: Mutex<Vec<Timestamp>>,
    /// The latest instant that was certain.
    latest_ms: AtomicI64,
}

impl Embedded {
    pub(super) fn new(world: &Arc<World>, setup: &Arc<Setup>) -> Arc<Self> {
        Arc::new(Self { world: Arc::clone(world), setup: Arc::clone(setup), state: Mutex::default() })
    }
}

impl Backend for Embedded {
    fn open(self: Arc<Self>, process: &Process) -> Arc<dyn SessionStore> {
        lock(&self.state).writer_is_free_us = self.world.now_us();
        Arc::new(Handle(Arc::new(Opened {
            file: self,
            process: process.clone(),
            subscription: Arc::new(OnceLock::new()),
            pending: Mutex::default(),
            latest_ms: AtomicI64::default(),
        })))
    }

    /// The disk hangs.
    fn disturb(self: Arc<Self>) {
        let hangs_us = self.world.random().between(10_000, 3_000_000);
        let mut state = lock(&self.state);
        state.writer_is_free_us = state.writer_is_free_us.max(self.world.now_us()) + hangs_us;
    }

    fn killed(&self) {
        let is_on_disk = self.world.random().percent(50);
        let mut state = lock(&self.state);
        if let Some(session) = state.committing.take().filter(|_| is_on_disk) {
            state.session = Some(session);
        }
    }

    fn last(&self) -> Option<Arc<Session>> {
        lock(&self.state).session.clone()
    }
}

impl Opened {
    fn now(&self) -> Timestamp {
        let now = self.process.clock.now();
        Timestamp::from_millis(self.latest_ms.load(Ordering::Relaxed)).map_or(now, |latest| latest.max(now))
    }

    /// Writes when it is the write's turn. Goes on if the caller has given up, and ends with the process.
    async fn write(self: Arc<Self>, session: Session, deadline: Timestamp) -> Replaced {
        let world = &self.file.world;
        let (wait_us, commit_us, report_us) = {
            let mut random = world.random();
            let setup = &self.file.setup;
            (setup.write_delay(&mut random), setup.delay(&mut random), random.between(0, 2_000))
        };
        let turn_us = {
            let mut state = lock(&self.file.state);
            let turn_us = state.writer_is_free_us.max(world.now_us() + wait_us);
            state.writer_is_free_us = turn_us + commit_us + report_us + 1;
            turn_us
        };
        world.sleep_until(turn_us).await;
        if !lock(&self.file.state).session.as_ref().is_some_and(|stored| session.follows(stored)) {
            return Replaced::No;
        }
        if deadline <= self.now() {
            return Replaced::TooLate;
        }
        let session = Arc::new(session);
        lock(&self.file.state).committing = Some(Arc::clone(&session));
        world.sleep_until(turn_us + commit_us).await;
        {
            let mut state = lock(&self.file.state);
            state.committing = None;
            state.session = Some(Arc::clone(&session));
        }
        // Visible now, and reported a little later.
        world.sleep(report_us).await;
        if let Some(subscriber) = self.subscription.get().and_then(Weak::upgrade) {
            subscriber.changed(reported(&session, self.file.setup.has_records));
        }
        Replaced::Yes
    }
}

#[async_trait]
impl SessionStore for Handle {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        lock(&self.0.file.state).session = Some(Arc::new(session));
        Ok(Created::Yes)
    }

    async fn find(&self, _id: SessionId) -> Result<Option<Session>, StoreError> {
        let file = Arc::clone(&self.0.file);
        let delay_us = file.setup.delay(&mut file.world.random());
        let execution = async move {
            file.world.sleep(delay_us).await;
            Some(lock(&file.state).session.as_ref().map(|session| (**session).clone()))
        };
        call(&self.0.file.world, &self.0.file.setup, execution).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        let deadline = self.0.file.setup.deadline(&session, deadline);
        let since = self.0.now();
        lock(&self.0.pending).push(since);
        let handle = Arc::clone(&self.0);
        let (ended, end) = tokio::sync::oneshot::channel();
        self.0.process.life.spawn(async move {
            let outcome = Arc::clone(&handle).write(session, deadline).await;
            let mut pending = lock(&handle.pending);
            if let Some(index) = pending.iter().position(|begun| *begun == since) {
                pending.swap_remove(index);
            }
            drop(pending);
            // The caller may be gone.
            ended.send(outcome).ok();
        });
        call(&self.0.file.world, &self.0.file.setup, async move { end.await.ok() }).await
    }

    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        let now = self.0.now();
        let since = lock(&self.0.pending).iter().min().copied();
        let since = since.filter(|_| self.0.file.setup.fault != Fault::NaiveCertainty);
        let certain = since.map_or(now, |since| since.min(now));
        self.0.latest_ms.fetch_max(certain.millis(), Ordering::Relaxed);
        Some(certain)
    }

    fn terms(&self, _id: SessionId) -> Terms {
        let now = self.0.process.clock.now().after(CLOCK_TOLERANCE);
        let is_back = now.is_some_and(|now| now.millis() < self.0.latest_ms.load(Ordering::Relaxed));
        let is_clock_sure = self.0.file.setup.says_sure(is_back.then_some(i64::MAX));
        Terms { loss: Duration::ZERO, is_clock_sure }
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
        if let Some(subscriber) = subscriber.upgrade() {
            subscriber.restarted(FeedPart::default());
            subscriber.caught_up_to(FeedPart::default(), Duration::MAX, None);
        }
        // The service subscribes once.
        self.0.subscription.set(subscriber).unwrap_or_default();
    }
}
