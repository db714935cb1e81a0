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
use tickseed_store::{OpenError, OpenOptions};

use crate::http::{
    EventStreams, InstanceId, Limits, answer_preflights, headers_of_every_answer, log_failures, routes,
    stamp_received,
};
use crate::settings::{InvalidStore, ServeSettings};
use crate::terminal::print_line;

/// How many seconds the requests in progress may take to finish at a shutdown.
const SHUTDOWN_SECONDS: u64 = 10;

/// How a server behaves, apart from its settings.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The limits of a request.
    pub limits: Limits,
    /// How often expired sessions are removed from the store. Nobody sees them from the moment they expire.
    pub remove_expired_every: Duration,
    /// How often a silent event stream sends a heartbeat.
    pub heartbeat_every: Duration,
    /// How long a client may leave data unread before its connection is cut.
    pub unread_for: Duration,
}

impl Default for Options {
    /// The default limits. Expired sessions are removed every 30 seconds, a heartbeat is sent every 15, and a client that does
    /// not read for 30 is cut off.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            remove_expired_every: Duration::from_secs(30),
            heartbeat_every: Duration::from_secs(15),
            unread_for: Duration::from_secs(30),
        }
    }
}

/// Why the server cannot start, or has ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The settings name no store.
    #[error(transparent)]
    Settings(#[from] InvalidStore),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}, the address from --host (or HOST) and --port (or PORT)")]
    Listen {
        /// Host and port.
        address: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The server itself failed.
    #[error("the server failed")]
    Server(#[from] std::io::Error),
}

/// Serves until SIGTERM or SIGINT, with the clock of the machine and the store in the settings. Prints the address first.
///
/// # Errors
///
/// [`ServeError`] if the store cannot be opened, the address cannot be listened on, or the server fails.
pub async fn serve(settings: &ServeSettings) -> Result<(), ServeError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // Take signals before anything that takes time, and before anybody can know the address.
    let mut shutdown = Box::pin(shutdown_signal()?);
    let options = OpenOptions {
        data_dir: settings.data_dir.clone(),
        wait: settings.store_wait(),
        clock: Arc::clone(&clock),
    };
    let store = tokio::select! {
        store = settings.store()?.open(options) => store?,
        () = &mut shutdown => return Ok(()),
    };
    let service = SessionService::new(store, clock, settings.time_to_live(), settings.cache_size());
    let address = format!("{}:{}", settings.host, settings.port);
    let listener = TcpListener::bind((settings.host.as_str(), settings.port))
        .map_err(|source| ServeError::Listen { address, source })?;
    print_line(&format!("tickseed listens on http://{}", listener.local_addr()?))?;
    run(listener, service, InstanceId::random(), Options::default(), shutdown).await?;
    Ok(())
}

/// Serves `service` on `listener` until `shutdown` is done, and then lets the requests in progress finish.
///
/// # Errors
///
/// If the listener cannot be served.
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
    let end_of_streams = streams.end.clone();
    let shutdown = async move {
        shutdown.await;
        // Open streams would hold up the shutdown until its time limit.
        end_of_streams.cancel();
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
            .wrap(from_fn(answer_preflights))
            .wrap(headers_of_every_answer())
            .wrap(from_fn(log_failures))
            .wrap(from_fn(stamp_received))
    });
    let ended = server
        .on_connect(move |connection, _| limit_unread_data(connection, options.unread_for))
        .listen(listener)?
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .shutdown_signal(shutdown)
        .run()
        .await;
    remover.abort();
    listener_updates.abort();
    ended
}

/// Makes the kernel close a connection whose other end has not read for so long, whether it is gone or just slow. Until then, the
/// buffers of the kernel and of the connection bound the unread data.
fn limit_unread_data(connection: &dyn Any, unread_for: Duration) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(unread_for))
    {
        tracing::warn!(error = error_chain(&error), "a connection has no time limit for unread data");
    }
}

/// Returns a future that is done at SIGTERM or SIGINT. Signals count from the moment of the call.
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

/// Removes expired sessions at intervals.
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
