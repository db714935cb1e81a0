//! Metrics for Prometheus. Without `--metrics-addr` nothing is counted.
//!
//! Requests are counted in a [`Tally`] for each worker, so that workers never write to the same memory. Everything else is asked for
//! when Prometheus asks: the cache, the store and the process keep what they know anyway.

mod families;
mod histogram;
mod listener;
mod measured_store;
mod open_streams;
mod refusal;
mod render;
mod tally;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tickseed_session::SessionService;

pub use self::families::{FAMILIES, Family, Kind};
pub(crate) use self::listener::serve;
pub use self::measured_store::MeasuredStore;
pub(crate) use self::open_streams::OpenStream;
pub use self::open_streams::OpenStreams;
pub use self::refusal::{Refusal, count_refusal};
pub(crate) use self::tally::MethodLabel;
pub use self::tally::Tally;
use measured_store::StoreTimes;

/// Everything that is counted. There is one for each server, which lives as long as the process.
#[derive(Default)]
pub struct Metrics {
    tallies: Mutex<Vec<Arc<Tally>>>,
    store: StoreTimes,
    service: OnceLock<SessionService>,
    streams: OnceLock<OpenStreams>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    /// Makes metrics that live as long as the process.
    #[must_use]
    pub fn leak() -> &'static Self {
        Box::leak(Box::default())
    }

    /// Makes the tally of a worker.
    #[must_use]
    pub fn tally(&self) -> Arc<Tally> {
        let tally = Arc::new(Tally::default());
        self.tallies().push(Arc::clone(&tally));
        tally
    }

    /// Reports on this service from now on, and lets it count its lookups.
    pub(crate) fn observe(&self, service: &SessionService) {
        service.count_lookups();
        self.service.get_or_init(|| service.clone());
    }

    /// Reports on these event streams from now on.
    pub(crate) fn observe_streams(&self, streams: &OpenStreams) {
        self.streams.get_or_init(|| streams.clone());
    }

    /// Returns all metrics in the text format of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        render::text(self)
    }

    fn tallies(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Tally>>> {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
