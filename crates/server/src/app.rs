//! Puts the server together: the only place that sees both http and a store.

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

use crate::error_chain::error_chain;
use crate::http::{
    EventStreams, Limits, ServerName, answer_preflights, headers_of_every_answer, log_failures, routes,
    stamp_received,
};
use crate::session::{Clock, SessionService, SessionStore, SystemClock};
use crate::settings::{InvalidStore, ServeSettings, StoreAddress};
use crate::store::{ConnectError, EmbeddedStore, OpenError, RedisStore};
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
    /// How often something is sent on a stream of events that has nothing to tell.
    pub heartbeat_every: Duration,
    /// How long a client may leave unread what was sent to it before its connection is cut.
    pub unread_for: Duration,
}

impl Default for Options {
    /// The default limits; expired sessions are removed every 30 seconds, a heartbeat is sent every 15, and who has not read
    /// for 30 is cut off.
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            remove_expired_every: Duration::from_secs(30),
            heartbeat_every: Duration::from_secs(15),
            unread_for: Duration::from_secs(30),
        }
    }
}

/// Why the server could not start, or had to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The embedded store cannot be opened.
    #[error(transparent)]
    Embedded(#[from] OpenError),
    /// Redis cannot be reached, or not be used.
    #[error(transparent)]
    Redis(#[from] ConnectError),
    /// The settings do not say which store.
    #[error(transparent)]
    Settings(#[from] InvalidStore),
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
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // Before anything that takes time, and before the address is told: whoever waits or knows it may send a signal.
    let mut shutdown = Box::pin(told_to_end()?);
    let store = tokio::select! {
        store = open_store(settings, Arc::clone(&clock)) => store?,
        () = &mut shutdown => return Ok(()),
    };
    let service = SessionService::new(store, clock, settings.time_to_live(), settings.cache_size());
    let address = format!("{}:{}", settings.host, settings.port);
    let listener = TcpListener::bind((settings.host.as_str(), settings.port))
        .map_err(|source| ServeError::Listen { address, source })?;
    print_line(&format!("tickseed listens on http://{}", listener.local_addr()?))?;
    run(listener, service, ServerName::random(), Options::default(), shutdown).await?;
    Ok(())
}

async fn open_store(
    settings: &ServeSettings,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn SessionStore>, ServeError> {
    Ok(match settings.store()? {
        StoreAddress::Embedded => Arc::new(EmbeddedStore::open(&settings.data_dir, clock)?),
        StoreAddress::Redis(address) => {
            Arc::new(RedisStore::connect(address, settings.store_wait(), clock).await?)
        }
    })
}

/// Serves `service` on `listener` by the name `name` until `shutdown` is done, and then lets the requests under way finish.
///
/// # Errors
///
/// If the listener cannot be served.
pub async fn run(
    listener: TcpListener,
    service: SessionService,
    name: ServerName,
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let remover = rt::spawn(remove_expired(service.clone(), options.remove_expired_every));
    let catcher_up = rt::spawn({
        let service = service.clone();
        async move { service.catch_up().await }
    });
    let streams = EventStreams { heartbeat_every: options.heartbeat_every, ..EventStreams::default() };
    let end_of_streams = streams.end.clone();
    let shutdown = async move {
        shutdown.await;
        // They would hold up the end until its time is over.
        end_of_streams.cancel();
    };
    let (service, streams) = (web::Data::new(service), web::Data::new(streams));
    let name = web::Data::new(name);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(service.clone())
            .app_data(name.clone())
            .app_data(streams.clone())
            .app_data(options.limits)
            .configure(routes)
            .wrap(from_fn(answer_preflights))
            .wrap(headers_of_every_answer())
            .wrap(from_fn(log_failures))
            .wrap(from_fn(stamp_received))
    });
    let ended = server
        .on_connect(move |connection, _| cut_off_who_does_not_read(connection, options.unread_for))
        .listen(listener)?
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .shutdown_signal(shutdown)
        .run()
        .await;
    remover.abort();
    catcher_up.abort();
    ended
}

/// Has the kernel close a connection whose other end has not taken what was sent to it for that long, be it gone or just not
/// reading. What is waiting for it until then is bounded by the buffers of the kernel and of the connection.
fn cut_off_who_does_not_read(connection: &dyn Any, unread_for: Duration) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(unread_for))
    {
        tracing::warn!(error = error_chain(&error), "a connection has no limit for what is not read");
    }
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
