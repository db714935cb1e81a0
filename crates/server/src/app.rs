//! Puts the server together: the only place that sees both http and a store.

use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::{DefaultHeaders, from_fn};
use actix_web::{App, HttpServer, rt, web};
use tokio::signal::unix::{SignalKind, signal};
use tracing_actix_web::TracingLogger;

use crate::error_chain::error_chain;
use crate::http::{Limits, cross_origin, routes, stamp_received};
use crate::session::{Clock, SessionService, SystemClock};
use crate::settings::ServeSettings;
use crate::store::{EmbeddedStore, OpenError};
use crate::terminal::print_line;

/// How long requests that are under way may take to finish when the server is told to end, in seconds.
const SHUTDOWN_SECONDS: u64 = 10;

/// How a server behaves, apart from what can be set.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// What a request may ask of it at most.
    pub limits: Limits,
    /// How often expired sessions are removed from the store. Readers do not see them from the moment they expire.
    pub remove_expired_every: Duration,
}

impl Default for Options {
    /// The default limits; expired sessions are removed every 30 seconds.
    fn default() -> Self {
        Self { limits: Limits::default(), remove_expired_every: Duration::from_secs(30) }
    }
}

/// Why the server could not start, or had to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}, which --host (or HOST) and --port (or PORT) say")]
    Listen {
        /// Host and port.
        address: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The server itself failed.
    #[error("the server failed")]
    Server(#[from] std::io::Error),
}

/// Serves with the store and the clock of the machine until SIGTERM or SIGINT. Prints the address first.
///
/// # Errors
///
/// [`ServeError`] if the store cannot be opened, the address cannot be listened on, or the server fails.
pub async fn serve(settings: &ServeSettings) -> Result<(), ServeError> {
    let clock = Arc::new(SystemClock);
    let store = EmbeddedStore::open(&settings.data_dir, Arc::clone(&clock) as Arc<dyn Clock>)?;
    let service = SessionService::new(Arc::new(store), clock, settings.time_to_live());
    let address = format!("{}:{}", settings.host, settings.port);
    let listener = TcpListener::bind((settings.host.as_str(), settings.port))
        .map_err(|source| ServeError::Listen { address, source })?;
    // Before the address is told: whoever knows it may send a signal.
    let shutdown = told_to_end()?;
    print_line(&format!("tickseed listens on http://{}", listener.local_addr()?))?;
    run(listener, service, Options::default(), shutdown).await?;
    Ok(())
}

/// Serves `service` on `listener` until `shutdown` is done, and then lets the requests under way finish.
///
/// # Errors
///
/// If the listener cannot be served.
pub async fn run(
    listener: TcpListener,
    service: SessionService,
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let remover = rt::spawn(remove_expired(service.clone(), options.remove_expired_every));
    let data = web::Data::new(service);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .app_data(options.limits)
            .configure(routes)
            .wrap(DefaultHeaders::new().add(("X-Content-Type-Options", "nosniff")))
            .wrap(cross_origin())
            .wrap(TracingLogger::default())
            .wrap(from_fn(stamp_received))
    });
    let ended =
        server.listen(listener)?.shutdown_timeout(SHUTDOWN_SECONDS).shutdown_signal(shutdown).run().await;
    remover.abort();
    ended
}

/// Done when the process is told to end. The signals are taken from the moment this is called.
fn told_to_end() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "ending: requests under way may finish");
    })
}

/// Removes expired sessions again and again.
async fn remove_expired(service: SessionService, every: Duration) {
    loop {
        match service.remove_expired().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed expired sessions"),
            Err(error) => {
                tracing::error!(error = error_chain(&error), "expired sessions could not be removed");
            }
        }
        tokio::time::sleep(every).await;
    }
}
