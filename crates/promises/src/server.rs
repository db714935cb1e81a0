//! A server: the real service over a simulated store, with a clock of its own. It can be killed and started again.

use std::sync::{Arc, Mutex};

use tickseed_session::{CacheSize, Clock, SessionService, TimeToLive};

use crate::clock::{EarlierClock, WrongClock};
use crate::setup::{Process, Setup};
use crate::stores::Backend;
use crate::world::{Life, World, lock};

/// A server, and the process that it runs in at the moment.
pub(crate) struct Server {
    world: Arc<World>,
    setup: Arc<Setup>,
    backend: Arc<dyn Backend>,
    running: Mutex<Running>,
}

/// A process of a server.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) service: SessionService,
    pub(crate) process: Process,
}

impl Server {
    pub(crate) fn start(world: &Arc<World>, setup: &Arc<Setup>, backend: &Arc<dyn Backend>) -> Arc<Self> {
        let running = Mutex::new(Running::start(world, setup, backend));
        let (world, setup, backend) = (Arc::clone(world), Arc::clone(setup), Arc::clone(backend));
        Arc::new(Self { world, setup, backend, running })
    }

    /// Returns the process, which may have been killed.
    pub(crate) fn running(&self) -> Running {
        lock(&self.running).clone()
    }

    pub(crate) fn kill(&self) {
        let process = self.running().process;
        if !process.life.is_over() {
            process.life.end();
            self.backend.killed();
        }
    }

    pub(crate) fn kill_and_restart(self: Arc<Self>, after_us: i64) {
        if self.running().process.life.is_over() {
            return;
        }
        self.kill();
        let (server, world) = (Arc::clone(&self), Arc::clone(&self.world));
        self.world.spawn(async move {
            world.sleep(after_us).await;
            *lock(&server.running) = Running::start(&server.world, &server.setup, &server.backend);
        });
    }
}

impl Running {
    fn start(world: &Arc<World>, setup: &Arc<Setup>, backend: &Arc<dyn Backend>) -> Self {
        let clock = WrongClock::new(world, setup.clocks_off_us);
        let process = Process { clock: Arc::clone(&clock), life: Life::new(world) };
        let store = Arc::clone(backend).open(&process);
        let clock: Arc<dyn Clock> = Arc::new(EarlierClock { clock, by: setup.service_is_late_by() });
        let (time_to_live, size) = (TimeToLive::from_seconds(0), CacheSize::from_megabytes(setup.megabytes));
        Self { service: SessionService::new(store, clock, time_to_live, size), process }
    }
}
