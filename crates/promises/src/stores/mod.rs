//! Stores that follow the rules of real ones: in which order writes become visible, what a read sees, what can get lost.

mod calls;
mod cassandra;
mod embedded;
mod postgres;
mod redis;

use std::sync::Arc;

use tickseed_session::{Session, SessionStore};

use crate::setup::{Process, Rule, Setup};
use crate::world::World;

/// What all processes share of a store.
pub(crate) trait Backend: Send + Sync {
    /// Returns the store as a process uses it.
    fn open(self: Arc<Self>, process: &Process) -> Arc<dyn SessionStore>;

    /// Lets something happen to the store: a crash, a pause, a failover.
    fn disturb(self: Arc<Self>);

    /// A process has been killed.
    fn killed(&self) {}

    /// Returns the session at the end, when no write is under way any more.
    fn last(&self) -> Option<Arc<Session>>;
}

/// Makes a store.
pub(crate) fn backend(world: &Arc<World>, setup: &Arc<Setup>) -> Arc<dyn Backend> {
    match setup.rule {
        Rule::Embedded => embedded::Embedded::new(world, setup),
        Rule::Redis => redis::Redis::new(world, setup),
        Rule::Postgres => postgres::Postgres::new(world, setup),
        Rule::Cassandra => cassandra::Cassandra::new(world, setup),
    }
}
