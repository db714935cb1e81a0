//! The connection that carries a change feed: what the store puts in comes out in the same order, some time later.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tickseed_session::{Clock, FeedPart, ReportedRecord, Session, StoreChange, Subscriber, Timestamp};

use crate::setup::{Fault, Process, Rule, Setup};
use crate::world::World;

/// The subscriber of a server's feed.
pub(crate) type Subscription = Arc<OnceLock<Weak<dyn Subscriber>>>;

/// What travels from the store to a server.
pub(crate) enum Message {
    Subscribed,
    Changed(Arc<Session>),
    Proof(Proof),
}

/// A proof that nothing has been missed, as of when it was sent.
#[derive(Clone)]
pub(crate) struct Proof {
    pub(crate) uptime: Duration,
    pub(crate) certain: Option<Timestamp>,
    /// Keeps the latest instant for which a proof has come back, in milliseconds.
    pub(crate) proven_ms: Arc<AtomicI64>,
}

/// A connection from a server to a node of the store.
pub(crate) struct Link {
    world: Arc<World>,
    setup: Arc<Setup>,
    process: Process,
    subscription: Subscription,
    /// When the last message arrives in each direction.
    last_down_us: AtomicI64,
    last_up_us: AtomicI64,
    /// The store takes nothing more.
    is_cut: AtomicBool,
    /// The server has noticed that.
    is_dropped: AtomicBool,
}

impl Link {
    pub(crate) fn new(
        world: &Arc<World>,
        setup: &Arc<Setup>,
        process: &Process,
        subscription: &Subscription,
    ) -> Arc<Self> {
        Arc::new(Self {
            world: Arc::clone(world),
            setup: Arc::clone(setup),
            process: process.clone(),
            subscription: Arc::clone(subscription),
            last_down_us: AtomicI64::default(),
            last_up_us: AtomicI64::default(),
            is_cut: AtomicBool::default(),
            is_dropped: AtomicBool::default(),
        })
    }

    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }

    /// Returns whether the store still serves it.
    pub(crate) fn is_open(&self) -> bool {
        !self.is_cut.load(Ordering::Relaxed) && !self.process.life.is_over()
    }

    /// Ends the deliveries. What was on its way is lost.
    pub(crate) fn drop_rest(&self) {
        self.is_dropped.store(true, Ordering::Relaxed);
    }

    /// Returns when a message arrives at the store that the server sends now.
    pub(crate) fn arrives_up_at(&self) -> i64 {
        self.next(&self.last_up_us)
    }

    /// Sends a message to the server. Called in the order in which things happen in the store.
    pub(crate) fn send(self: &Arc<Self>, message: Message) {
        if !self.is_open() {
            return;
        }
        let (link, at) = (Arc::clone(self), self.next(&self.last_down_us));
        self.process.life.spawn(async move {
            link.world.sleep_until(at).await;
            if !link.is_dropped.load(Ordering::Relaxed) {
                link.deliver(&message);
            }
        });
    }

    fn next(&self, last_us: &AtomicI64) -> i64 {
        let at = self.world.now_us() + self.setup.delay(&mut self.world.random());
        let at = at.max(last_us.load(Ordering::Relaxed) + 1);
        last_us.store(at, Ordering::Relaxed);
        at
    }

    fn deliver(&self, message: &Message) {
        let Some(subscriber) = self.subscription.get().and_then(Weak::upgrade) else { return };
        match message {
            Message::Subscribed => subscriber.restarted(FeedPart::default()),
            Message::Changed(session) => subscriber.changed(reported(session, self.setup.has_records)),
            Message::Proof(proof) => {
                let is_naive = self.setup.fault == Fault::NaiveCertainty && self.setup.rule == Rule::Redis;
                let certain = if is_naive { Some(self.process.clock.now()) } else { proof.certain };
                proof.proven_ms.fetch_max(certain.map_or(0, Timestamp::millis), Ordering::Relaxed);
                subscriber.caught_up_to(FeedPart::default(), proof.uptime, certain);
            }
        }
    }
}

/// Returns the report of a changed session.
pub(crate) fn reported(session: &Arc<Session>, has_record: bool) -> StoreChange {
    let read = Arc::clone(session);
    let record = has_record.then(|| ReportedRecord::new(500, move || Ok((*read).clone())));
    StoreChange::Replaced { id: session.id, revision: session.revision, record }
}
