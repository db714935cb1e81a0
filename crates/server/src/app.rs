//! Starts and stops the server: the only module that sees both HTTP and a store.

use std::any::Any;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, rt, web};
use socket2::SockRef;
use tokio::signal::unix::{SignalKind, signal};

use tickseed_session::{Clock, SessionService, SystemClock, error_chain};
use tickseed_store::{InvalidAddress, OpenError, OpenOptions};

use crate::http::{
    EventStreams, InstanceId, Limits, default_headers, handle_preflight, log_failures, record_received_at,
    routes,
};
use crate::settings::ServeSettings;
use crate::terminal::print_line;

/// How many seconds requests in progress may take to finish at a shutdown.
const SHUTDOWN_SECONDS: u64 = 10;

/// Limits and intervals that no setting changes. Tests use others.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The limits of a request.
    pub limits: Limits,
    /// How often expired sessions are removed from the store. The service hides them from the moment they expire.
    pub remove_expired_every: Duration,
    /// How often a silent event stream sends a heartbeat.
    pub heartbeat_every: Duration,
    /// How long a client may leave data unread before its connection is cut.
    pub unread_for: Duration,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
}

impl Default for Options {
    /// The default limits. Expired sessions are removed every 30 seconds, heartbeats are sent every 15 seconds, and a
    /// client that reads nothing for 30 seconds is cut off.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            remove_expired_every: Duration::from_secs(30),
            heartbeat_every: Duration::from_secs(15),
            unread_for: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
        }
    }
}

/// Why the server failed to start or stopped running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The settings name no store.
    #[error(transparent)]
    Settings(#[from] InvalidAddress),
    /// The server cannot listen on the address.
    #[error("cannot listen on {address}, the address from --host (or HOST) and --port (or PORT)")]
    Listen {
        /// Host and port.
        address: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The server itself failed.
    #[error("the server failed")]
    Server(#[from] std::io::Error),
}

/// Prints the address and serves until SIGTERM or SIGINT, with the clock of the machine and the store of the settings.
///
/// # Errors
///
/// [`ServeError`] if the store cannot be opened, the server cannot listen on the address, or it fails later.
pub async fn serve(settings: &ServeSettings) -> Result<(), ServeError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // Catch signals before anything slow happens, and before anyone can know the address.
    let mut shutdown = Box::pin(shutdown_signal()?);
    let open_options = OpenOptions {
        data_dir: settings.data_dir.clone(),
        wait: settings.store_wait(),
        clock: Arc::clone(&clock),
    };
    let store = tokio::select! {
        store = settings.store()?.open(open_options) => store?,
        () = &mut shutdown => return Ok(()),
    };
    let service = SessionService::new(store, clock, settings.time_to_live(), settings.cache_size());
    let address = format!("{}:{}", settings.host, settings.port);
    let listener = TcpListener::bind((settings.host.as_str(), settings.port))
        .map_err(|source| ServeError::Listen { address, source })?;
    print_line(&format!("tickseed listens on http://{}", listener.local_addr()?))?;
    let options = Options { keep_alive: settings.keep_alive(), ..Options::default() };
    run(listener, service, InstanceId::random(), options, shutdown).await?;
    Ok(())
}

/// Serves `service` on `listener` until `shutdown` completes, then lets requests in progress finish.
///
/// # Errors
///
/// If the server cannot use the listener, or fails later.
pub async fn run(
    listener: TcpListener,
    service: SessionService,
    instance_id: InstanceId,
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let remover = rt::spawn(remove_expired(service.clone(), options.remove_expired_every));
    let listener_updates = rt::spawn({
        let service = service.clone();
        async move { service.keep_listeners_current().await }
    });
    let streams = EventStreams { heartbeat_every: options.heartbeat_every, ..EventStreams::default() };
    let streams_shutdown = streams.shutdown.clone();
    let shutdown = async move {
        shutdown.await;
        // Open streams would delay the shutdown until its time limit.
        streams_shutdown.cancel();
    };
    let (service, streams) = (web::Data::new(service), web::Data::new(streams));
    let instance_id = web::Data::new(instance_id);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(service.clone())
            .app_data(instance_id.clone())
            .app_data(streams.clone())
            .app_data(options.limits)
            .configure(routes)
            .wrap(from_fn(handle_preflight))
            .wrap(default_headers())
            .wrap(from_fn(log_failures))
            .wrap(from_fn(record_received_at))
    });
    let ended = server
        .on_connect(move |connection, _| limit_unread_data(connection, options.unread_for))
        .listen(listener)?
        .keep_alive(options.keep_alive)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .shutdown_signal(shutdown)
        .run()
        .await;
    remover.abort();
    listener_updates.abort();
    ended
}

/// Makes the kernel close a connection whose other end has not read anything for `unread_for`, whether it is gone or
/// just slow. Until then, the buffers of the kernel and of the connection limit the amount of unread data.
fn limit_unread_data(connection: &dyn Any, unread_for: Duration) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(unread_for))
    {
        tracing::warn!(
            error = error_chain(&error),
            "cannot set the time limit for unread data on a connection"
        );
    }
}

/// Returns a future that completes on SIGTERM or SIGINT. Signals are caught from the moment of the call.
fn shutdown_signal() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "shutting down: requests in progress may finish");
    })
}

/// Removes expired sessions at regular intervals, forever.
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
