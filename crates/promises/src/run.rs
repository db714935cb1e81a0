//! Runs a world from its beginning to its end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tickseed_engine::{Change, Rules, Schedule, Seed};
use tickseed_session::{
    ANY_SESSION, Moment, NewSession, Notice, SessionId, SessionService, Timestamp, scheduled,
};

use crate::acts::{self, Act, Deed, TICKS};
use crate::history::{Answers, Outcome};
use crate::random::Random;
use crate::server::{Running, Server};
use crate::setup::{Fault, Rule, Setup};
use crate::stores::backend;
use crate::world::{BEGINNING_MS, Tasks, World, lock};

/// How long after the last act anything may still become visible, in microseconds.
const AFTERWARDS_US: i64 = 60_000_000;

/// Who takes part in a world.
struct Scene {
    world: Arc<World>,
    setup: Arc<Setup>,
    servers: Vec<Arc<Server>>,
    answers: Mutex<Answers>,
}

/// Runs the world that follows from a seed.
#[must_use]
pub fn run(rule: Rule, fault: Fault, seed: u64) -> Outcome {
    let mut random = Random::new(seed);
    let setup = Setup::choose(rule, fault, &mut random);
    let seconds = random.between(10, 30);
    let acts = acts::choose(&mut random, setup.servers, seconds);
    run_acts(setup, random.bits(), acts)
}

/// Runs a world in which this happens. The seed decides how long everything takes.
#[must_use]
pub fn run_acts(setup: Setup, seed: u64, acts: Vec<Act>) -> Outcome {
    let (world, setup) = (World::new(seed), Arc::new(setup));
    let backend = backend(&world, &setup);
    let servers = (0..setup.servers).map(|_| Server::start(&world, &setup, &backend)).collect();
    let scene = Scene { world: Arc::clone(&world), setup, servers, answers: Mutex::default() };
    let scene = Arc::new(scene);
    let length_us = 2_000_000 + acts.iter().map(|act| act.after_us).sum::<i64>();
    let (play, store) = (Arc::clone(&scene), Arc::clone(&backend));
    world.spawn(async move {
        let id = play.create().await;
        for act in acts {
            play.world.sleep(act.after_us).await;
            match act.deed {
                Deed::Disturb => Arc::clone(&store).disturb(),
                deed => Arc::clone(&play).act(id, act, deed),
            }
        }
    });
    let mut tasks = Tasks::default();
    world.run_until(&mut tasks, length_us);
    for server in &scene.servers {
        server.kill();
    }
    world.run_until(&mut tasks, length_us + AFTERWARDS_US);
    let last = backend.last().expect("no store loses the creation of its session");
    std::mem::take(&mut *lock(&scene.answers)).compare(&last)
}

impl Scene {
    /// Creates the session, once the store takes it.
    async fn create(&self) -> SessionId {
        loop {
            let service = self.servers[0].running().service;
            let new = self.new_session(&service);
            match service.create(new).await {
                Ok(lookup) => {
                    lock(&self.answers).add(&lookup);
                    return lookup.session.session().id;
                }
                Err(_) => self.world.sleep(10_000).await,
            }
        }
    }

    fn new_session(&self, service: &SessionService) -> NewSession {
        let mut random = self.world.random();
        let start_at = BEGINNING_MS + random.between(-20_000, 3_000);
        let schedule = Schedule::new(start_at, random.pick(&TICKS)).expect("they are in range");
        let plan = plan(&mut random, &schedule);
        NewSession {
            created_at: service.clock().now(),
            seed: Some(Seed::new("promises").expect("it is not too long")),
            schedule: scheduled(&schedule, &plan).expect("a pause may come at any time"),
            notice: Notice::from_millis(self.setup.notice_ms).expect("it is in its range"),
            rules: Rules::default(),
            metadata: None,
            time_to_live: None,
        }
    }

    fn act(self: Arc<Self>, id: SessionId, act: Act, deed: Deed) {
        let server = &self.servers[act.server];
        match deed {
            Deed::Kill(down_us) => return Arc::clone(server).kill_and_restart(down_us),
            Deed::SetClock => return server.running().process.clock.set(),
            _ => {}
        }
        let running = server.running();
        let life = running.process.life.clone();
        life.spawn(async move { self.ask(&running, id, act).await });
    }

    async fn ask(&self, Running { service, .. }: &Running, id: SessionId, act: Act) {
        let earliest = || self.earliest(service);
        match act.deed {
            Deed::Find => {
                if let Some(Ok(lookup)) = self.within(act, service.find(id)).await {
                    lock(&self.answers).add(&lookup);
                }
            }
            Deed::State(ahead_ms) => {
                let at = |ahead_ms| Timestamp::from_millis(service.clock().now().millis() + ahead_ms).ok();
                let moment = ahead_ms.and_then(at).map_or(Moment::Now, Moment::At);
                if let Some(Ok((answer, lookup))) = self.within(act, service.state(id, moment)).await {
                    lock(&self.answers).add_state(&answer, &lookup);
                }
            }
            Deed::Change(change) => {
                let request = change.request(earliest());
                let result = self.within(act, service.change(id, request, ANY_SESSION)).await;
                lock(&self.answers).add_change(result);
            }
            Deed::Stop(when) => {
                let at = acts::at(when, earliest());
                let result = self.within(act, service.stop(id, at, ANY_SESSION)).await;
                lock(&self.answers).add_change(result);
            }
            Deed::Kill(_) | Deed::SetClock | Deed::Disturb => {}
        }
    }

    async fn within<T>(&self, act: Act, answer: impl Future<Output = T>) -> Option<T> {
        self.world.within(act.patience_us, Box::pin(answer)).await
    }

    /// Returns the earliest instant of a change, as a client computes it that knows the rules.
    fn earliest(&self, service: &SessionService) -> Timestamp {
        let notice = Duration::from_millis(self.setup.notice_ms.into());
        let ahead = notice + Duration::from_secs(1) + self.setup.told_loss();
        service.clock().now().after(ahead).unwrap_or(Timestamp::MAX)
    }
}

/// Chooses what is known from the start: sometimes a pause, and when it ends.
fn plan(random: &mut Random, schedule: &Schedule) -> Vec<Change> {
    let pause_at = schedule.start_at() + random.between(1, 40_000);
    let resume_at = pause_at + random.between(1, 10_000);
    let plan = [(pause_at, 0), (resume_at, schedule.tick_ms())];
    let count = if random.percent(30) { random.pick(&[1, 2]) } else { 0 };
    let change = |(at, tick_ms): &(i64, u32)| Change::new(*at, *tick_ms).expect("it is in its range");
    plan.iter().take(count).map(change).collect()
}
