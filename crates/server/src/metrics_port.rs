//! Opens the port for Prometheus when the server starts.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::rt;
use tickseed_session::SessionStore;

use crate::serve_error::ServeError;
use crate::settings::ServeSettings;
use crate::telemetry::metrics::{self, MeasuredStore, Metrics};

/// The port for Prometheus.
pub(crate) struct MetricsPort {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: &'static Metrics,
}

impl MetricsPort {
    /// Serves metrics from now on, if the settings say where. The server for them ends with the process.
    pub(crate) fn open(settings: &ServeSettings) -> Result<Option<Self>, ServeError> {
        let Some(wanted) = &settings.telemetry.metrics_addr else { return Ok(None) };
        let address = format!("{}:{}", wanted.host(), wanted.port());
        let failed = |source| ServeError::ListenMetrics { address, source };
        let listener = TcpListener::bind((wanted.host(), wanted.port())).map_err(failed)?;
        let (address, metrics) = (listener.local_addr()?, Metrics::leak());
        rt::spawn(metrics::serve(listener, metrics)?);
        Ok(Some(Self { address, metrics }))
    }
}

/// Times the operations of the store if there are metrics.
pub(crate) fn measured(
    store: Arc<dyn SessionStore>,
    metrics: Option<&'static Metrics>,
) -> Arc<dyn SessionStore> {
    match metrics {
        Some(metrics) => Arc::new(MeasuredStore::new(store, metrics)),
        None => store,
    }
}
