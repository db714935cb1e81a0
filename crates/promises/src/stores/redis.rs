//! Redis: one command after the other, by the clock of the master. A change is published in the same step. A crash may take back the
//! last writes, and a replica that takes over may be behind while the old master still answers.

use std::sync::atomic::{AtomicUsize, Ordering};
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
use crate::setup::{Process, Setup};
use crate::world::{World, lock};

pub(super) struct Redis {
    world: Arc<World>,
    setup: Arc<Setup>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last one is the master. Earlier ones are down, or soon will be.
    nodes: Vec<Node>,
    /// Which node each process talks to.
    routes: Vec<Arc<AtomicUsize>>,
}

#[derive(Default)]
struct Node {
    /// The session after each write, and when that was.
    writes: Vec<(i64, Arc<Session>)>,
    stalled_until_us: i64,
    is_down: bool,
    crashes: u64,
    links: Vec<Arc<Link>>,
}

struct Handle {
    redis: Arc<Redis>,
    process: Process,
    node: Arc<AtomicUsize>,
    subscription: Subscription,
}

impl Node {
    fn session(&self) -> Option<&Arc<Session>> {
        self.writes.last().map(|(_, session)| session)
    }

    fn cut_links(&mut self) {
        for link in self.links.drain(..) {
            link.cut();
        }
    }

    /// Takes back the writes since an instant, but not the creation.
    fn lose_since(&mut self, us: i64) {
        while self.writes.len() > 1 && self.writes.last().is_some_and(|(at, _)| *at >= us) {
            self.writes.pop();
        }
    }

    fn replace(&mut self, session: Session, deadline: Timestamp, now_us: i64) -> Replaced {
        if !self.session().is_some_and(|stored| session.follows(stored)) {
            return Replaced::No;
        }
        if deadline <= instant(now_us) {
            return Replaced::TooLate;
        }
        self.write(Arc::new(session), now_us);
        Replaced::Yes
    }

    fn write(&mut self, session: Arc<Session>, now_us: i64) {
        self.links.retain(|link| link.is_open());
        for link in &self.links {
            link.send(Message::Changed(Arc::clone(&session)));
        }
        self.writes.push((now_us, session));
    }
}

impl Redis {
    pub(super) fn new(world: &Arc<World>, setup: &Arc<Setup>) -> Arc<Self> {
        let state = State { nodes: vec![Node::default()], routes: Vec::new() };
        Arc::new(Self { world: Arc::clone(world), setup: Arc::clone(setup), state: Mutex::new(state) })
    }

    /// Carries out a command when it is its turn, unless the node goes down before that.
    async fn execute<T>(
        self: Arc<Self>,
        node: usize,
        delay_us: i64,
        command: impl FnOnce(&mut Node, i64) -> T + Send,
    ) -> Option<T> {
        let crashes = lock(&self.state).nodes[node].crashes;
        self.world.sleep(delay_us).await;
        loop {
            let now_us = self.world.now_us();
            let stalled_until_us = {
                let mut state = lock(&self.state);
                let node = &mut state.nodes[node];
                if node.is_down || node.crashes != crashes {
                    return None;
                }
                if node.stalled_until_us <= now_us {
                    return Some(command(node, now_us));
                }
                node.stalled_until_us
            };
            self.world.sleep_until(stalled_until_us).await;
        }
    }

    /// The master crashes, loses what it may, and comes back.
    async fn crash(self: Arc<Self>) {
        let (lost_us, down_us) = {
            let mut random = self.world.random();
            let loss_us = self.setup.loss_ms * 1_000;
            let lost_us = random.between(loss_us / 2, loss_us);
            let longest_us = random.pick(&[100_000, 2_000_000]);
            (lost_us, random.between(10_000, longest_us))
        };
        let now_us = self.world.now_us();
        let index = {
            let mut state = lock(&self.state);
            let index = state.nodes.len() - 1;
            let node = &mut state.nodes[index];
            node.is_down = true;
            node.crashes += 1;
            node.cut_links();
            node.lose_since(now_us - lost_us);
            index
        };
        self.world.sleep(down_us).await;
        lock(&self.state).nodes[index].is_down = false;
    }

    /// A replica takes over that is behind. The old master goes on answering some servers for a while. Both together are the loss.
    async fn fail_over(self: Arc<Self>) {
        let loss_us = self.setup.loss_ms * 1_000;
        let behind_us = self.world.random().between(0, loss_us);
        let answers_us = self.world.random().between(0, loss_us - behind_us);
        let now_us = self.world.now_us();
        let (old, routes) = {
            let mut state = lock(&self.state);
            let old = state.nodes.len() - 1;
            if state.nodes[old].is_down {
                return;
            }
            let mut new = Node { writes: state.nodes[old].writes.clone(), ..Node::default() };
            new.lose_since(now_us - behind_us);
            state.nodes.push(new);
            (old, state.routes.clone())
        };
        for route in routes {
            if self.world.random().percent(50) {
                route.store(old + 1, Ordering::Relaxed);
            }
        }
        self.world.sleep(answers_us).await;
        let mut state = lock(&self.state);
        state.nodes[old].is_down = true;
        state.nodes[old].cut_links();
        for route in &state.routes {
            route.fetch_max(old + 1, Ordering::Relaxed);
        }
    }
}

impl Backend for Redis {
    fn open(self: Arc<Self>, process: &Process) -> Arc<dyn SessionStore> {
        let node = {
            let mut state = lock(&self.state);
            let node = Arc::new(AtomicUsize::new(state.nodes.len() - 1));
            state.routes.push(Arc::clone(&node));
            node
        };
        let handle =
            Handle { redis: self, process: process.clone(), node, subscription: Arc::new(OnceLock::new()) };
        let handle = Arc::new(handle);
        process.life.spawn(Arc::clone(&handle).follow());
        handle
    }

    fn disturb(self: Arc<Self>) {
        let world = Arc::clone(&self.world);
        let kind = world.random().between(0, 3);
        match kind {
            0 => {
                let stalled_until_us = world.now_us() + world.random().between(10_000, 2_500_000);
                if let Some(node) = lock(&self.state).nodes.last_mut() {
                    node.stalled_until_us = stalled_until_us;
                }
            }
            1 if self.setup.loss_ms == 3_000 => world.spawn(self.fail_over()),
            1 | 2 => world.spawn(self.crash()),
            _ => {
                if let Some(node) = lock(&self.state).nodes.last_mut() {
                    node.cut_links();
                }
            }
        }
    }

    fn last(&self) -> Option<Arc<Session>> {
        lock(&self.state).nodes.last()?.session().cloned()
    }
}

impl Handle {
    fn is_sure(&self) -> bool {
        self.redis.setup.says_sure([self.process.clock.offset_us()])
    }

    fn certain_now(&self) -> Option<Timestamp> {
        self.is_sure().then(|| self.process.clock.now())
    }

    async fn command<T: Send + 'static>(
        &self,
        delay_us: i64,
        command: impl FnOnce(&mut Node, i64) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (node, redis) = (self.node.load(Ordering::Relaxed), Arc::clone(&self.redis));
        let execution = redis.execute(node, delay_us, command);
        call(&self.redis.world, &self.redis.setup, execution).await
    }

    fn delay(&self) -> i64 {
        self.redis.setup.delay(&mut self.redis.world.random())
    }

    /// Subscribes, and again whenever the connection is lost.
    async fn follow(self: Arc<Self>) {
        let world = &self.redis.world;
        loop {
            let (node, delay_us) = (self.node.load(Ordering::Relaxed), self.delay());
            let link = Link::new(world, &self.redis.setup, &self.process, &self.subscription);
            let subscribed = Arc::clone(&link);
            let subscribe = move |node: &mut Node, _| {
                node.links.push(Arc::clone(&subscribed));
                subscribed.send(Message::Subscribed);
            };
            if Arc::clone(&self.redis).execute(node, delay_us, subscribe).await.is_none() {
                world.sleep(100_000).await;
                continue;
            }
            while link.is_open() && self.node.load(Ordering::Relaxed) == node {
                self.send_proof(&link, node);
                let pause_us = world.random().between(20_000, 70_000);
                world.sleep(pause_us).await;
            }
            let noticed_us = world.random().between(0, 300_000);
            world.sleep(noticed_us).await;
            link.drop_rest();
        }
    }

    fn send_proof(&self, link: &Arc<Link>, node: usize) {
        let (uptime, certain) = (self.process.clock.uptime(), self.certain_now());
        let proof = Proof { uptime, certain, proven_ms: Arc::default() };
        let delay_us = link.arrives_up_at() - self.redis.world.now_us();
        let (redis, link) = (Arc::clone(&self.redis), Arc::clone(link));
        self.redis.world.spawn(async move {
            let answer = move |_: &mut Node, _| link.send(Message::Proof(proof));
            redis.execute(node, delay_us, answer).await;
        });
    }
}

#[async_trait]
impl SessionStore for Handle {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let now_us = self.redis.world.now_us();
        lock(&self.redis.state).nodes[0].write(Arc::new(session), now_us);
        Ok(Created::Yes)
    }

    async fn find(&self, _id: SessionId) -> Result<Option<Session>, StoreError> {
        let read = |node: &mut Node, _| node.session().map(|session| (**session).clone());
        self.command(self.delay(), read).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        let deadline = self.redis.setup.deadline(&session, deadline);
        let delay_us = self.redis.setup.write_delay(&mut self.redis.world.random());
        self.command(delay_us, move |node, now_us| node.replace(session, deadline, now_us)).await
    }

    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        self.certain_now()
    }

    fn terms(&self, _id: SessionId) -> Terms {
        Terms { loss: self.redis.setup.told_loss(), is_clock_sure: self.is_sure() }
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
