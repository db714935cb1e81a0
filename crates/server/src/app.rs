//! Starts and stops the server: the only module that sees both HTTP and a store.

mod options;
mod start_log;

use std::future::Future;
use std::net::{Ipv4Addr, TcpListener, ToSocketAddrs};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::{App, rt, web};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use tickseed_session::{Clock, SessionService, SystemClock, error_chain};
use tickseed_store::OpenOptions;

use crate::access::Access;
use crate::http::{
    ConnectionOptions, EventStreams, InstanceId, Protection, RequestObserver, Stage, every_request, routes,
    serve as serve_connections,
};
use crate::metrics_port::{MetricsPort, measured};
use crate::platform::{EndSignal, Signals, limit_unread_data, raise_open_files};
use crate::settings::{Reach, ServeSettings};
use crate::supervise::Supervised;
use crate::telemetry::metrics::Metrics;
use crate::terminal::print_line_in_background;
use start_log::{Capacity, log_protection, log_start};

pub use crate::serve_error::ServeError;
pub use options::Options;

/// How many seconds requests in progress may take to finish at a shutdown.
const SHUTDOWN_SECONDS: u64 = 10;

/// How many connections each core accepts at most. This is the default of actix-web.
const CONNECTIONS_PER_CORE: u64 = 25_600;

/// How many open files the server needs besides its connections.
const OTHER_FILES: u64 = 1_000;

/// How often the limits of clients that have gone are removed from memory.
const FORGET_IDLE_CLIENTS_EVERY: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or SIGINT, with the clock of the machine and the store of the settings. Listens before it opens
/// the store, and prints the address when the store is open.
///
/// # Errors
///
/// [`ServeError`] if the settings of access do not fit, the store cannot be opened, the server cannot listen on the address, or it
/// fails later.
pub async fn serve(settings: &ServeSettings) -> Result<(), ServeError> {
    // Catch signals before anything slow happens, and before anyone can know the address.
    let mut signals = Signals::catch()?;
    let listener = listen(settings)?;
    // The address itself decides, because the setting may be a name.
    let reach = Reach::of(listener.local_addr()?.ip(), settings.limits.trusted_proxies.is_some());
    let access = settings.access.access(reach)?;
    let on_hangup = || {
        if !access.read_again() {
            tracing::warn!("SIGHUP has no effect: settings are read only at the start");
        }
    };
    let (sender, first_signal) = oneshot::channel();
    let second_signal = async {
        let signal = signals.next(on_hangup).await;
        tracing::info!(?signal, "shutting down");
        let _ = sender.send(signal);
        signals.next(on_hangup).await
    };
    let shutdown = async {
        match first_signal.await {
            Ok(EndSignal::Terminate) => settings.drain(),
            // A person at the terminal does not want to wait.
            Ok(EndSignal::Interrupt) | Err(_) => Duration::ZERO,
        }
    };
    tokio::select! {
        served = open_and_serve(settings, listener, access.clone(), shutdown) => served,
        _ = second_signal => Err(ServeError::CutShort),
    }
}

/// Opens the store, and serves until `shutdown` completes.
async fn open_and_serve(
    settings: &ServeSettings,
    listener: TcpListener,
    access: Access,
    shutdown: impl Future<Output = Duration>,
) -> Result<(), ServeError> {
    let address = settings.store()?;
    let local_address = listener.local_addr()?;
    let metrics = MetricsPort::open(settings)?;
    log_start(settings, &address, local_address, &access, metrics.as_ref(), take_capacity());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let protection = settings.limits.protection(local_address.ip(), settings.session_ttl)?;
    log_protection(&protection);
    let options = Options {
        access,
        keep_alive: settings.keep_alive(),
        protection,
        metrics: metrics.as_ref().map(|port| port.metrics),
        access_log: settings.telemetry.access_log.is_on(),
        ready_from_memory: settings.telemetry.ready_from_memory.is_on(),
        ..Options::default()
    };
    let metrics_of_store = options.metrics;
    let server = Server::start(listener, Arc::clone(&clock), InstanceId::random(), options, None)?;
    let mut shutdown = pin!(shutdown);
    let open_options = OpenOptions {
        data_dir: settings.folder.data_dir.clone(),
        wait: settings.reach.wait(),
        timeout: settings.store_timeout_ms,
        loss: settings.store_loss_ms,
        max_sessions: settings.limits.max_sessions(),
        clock: Arc::clone(&clock),
        clock_confirmed_until: settings.telemetry.clock_confirmed_until,
    };
    let store = tokio::select! {
        store = address.open(open_options) => measured(store?, metrics_of_store),
        _ = &mut shutdown => return server.stop().await,
    };
    let service = SessionService::new(store, clock, settings.time_to_live(), settings.cache_size());
    server.stage.serve(service.clone());
    tracing::info!("the store is open");
    let metrics_line =
        metrics.map(|port| format!("\ntickseed serves metrics on http://{}/metrics", port.address));
    let metrics_line = metrics_line.unwrap_or_default();
    print_line_in_background(format!("tickseed listens on http://{local_address}{metrics_line}"));
    server.serve(service, shutdown).await
}

/// Raises the limit on open files to the number that the connections of all cores take.
fn take_capacity() -> Capacity {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let wanted_files = cores * CONNECTIONS_PER_CORE + OTHER_FILES;
    Capacity { cores, open_files: raise_open_files(wanted_files).unwrap_or_default(), wanted_files }
}

/// Checks the settings that `serve` can check only for an address. Opens neither the port nor the store. A name that cannot be
/// resolved here counts as an address that other machines reach.
///
/// # Errors
///
/// [`ServeError`] if the settings of access do not fit, the file of API keys cannot be used, or the limits do not fit.
pub fn check(settings: &ServeSettings) -> Result<(), ServeError> {
    let resolved = (settings.host.as_str(), settings.port).to_socket_addrs();
    let address = resolved.ok().and_then(|mut addresses| addresses.next());
    let address = address.map_or(Ipv4Addr::UNSPECIFIED.into(), |address| address.ip());
    let reach = Reach::of(address, settings.limits.trusted_proxies.is_some());
    settings.access.access(reach)?;
    settings.limits.protection(address, settings.session_ttl)?;
    Ok(())
}

fn listen(settings: &ServeSettings) -> Result<TcpListener, ServeError> {
    let address = format!("{}:{}", settings.host, settings.port);
    TcpListener::bind((settings.host.as_str(), settings.port))
        .map_err(|source| ServeError::Listen { address, source })
}

/// Serves `service` on `listener` until `shutdown` completes. Then `/readyz` responds with 503 for as long as `shutdown`
/// says, and after that requests in progress may finish.
///
/// # Errors
///
/// If the server cannot use the listener, or fails later.
pub async fn run(
    listener: TcpListener,
    service: SessionService,
    instance_id: InstanceId,
    options: Options,
    shutdown: impl Future<Output = Duration>,
) -> Result<(), ServeError> {
    let clock = Arc::clone(service.clock());
    let server = Server::start(listener, clock, instance_id, options, Some(service.clone()))?;
    server.serve(service, shutdown).await
}

/// A server that listens.
struct Server {
    stage: web::Data<Stage>,
    streams: web::Data<EventStreams>,
    protection: web::Data<Protection>,
    options: Options,
    handle: ServerHandle,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    /// Begins to answer requests. Without a service, those that need one get 503.
    fn start(
        listener: TcpListener,
        clock: Arc<dyn Clock>,
        instance_id: InstanceId,
        options: Options,
        service: Option<SessionService>,
    ) -> Result<Self, ServeError> {
        let stage = web::Data::new(Stage::new(options.ready_from_memory));
        if let Some(service) = service {
            stage.serve(service);
        }
        let Options { heartbeat_every, settled_every, limits, unread_for, .. } = options;
        let protection = web::Data::new(Protection::new(options.protection.clone(), &clock));
        let streams = EventStreams { heartbeat_every, settled_every, ..EventStreams::default() };
        let streams = web::Data::new(streams);
        if let Some(metrics) = options.metrics {
            metrics.observe_streams(&streams.open);
        }
        let (clock, instance_id) = (web::Data::from(clock), web::Data::new(instance_id));
        let (app_stage, app_streams, access) = (stage.clone(), streams.clone(), options.access.clone());
        let (app_protection, connections) = (protection.clone(), protection.clone());
        let on_opened = move |stream: &TcpStream| {
            cut_unread_data(stream, unread_for);
            connections.connected(stream)
        };
        let connection_options = ConnectionOptions {
            keep_alive: options.keep_alive,
            shutdown_seconds: SHUTDOWN_SECONDS,
            shutdown: streams.shutdown.clone(),
            on_opened,
        };
        let server = serve_connections(listener, connection_options, move || {
            // Made for each worker, on its thread.
            let tally = options.metrics.map(Metrics::tally);
            let observer = RequestObserver::new(clock.clone().into_inner(), tally, options.access_log);
            App::new()
                .app_data(web::Data::new(observer))
                .app_data(app_stage.clone())
                .app_data(clock.clone())
                .app_data(instance_id.clone())
                .app_data(app_streams.clone())
                .app_data(app_protection.clone())
                .app_data(limits)
                .app_data(access.clone())
                .configure(routes)
                .wrap(from_fn(every_request))
        })?;
        let (handle, task) = (server.handle(), rt::spawn(server));
        Ok(Self { stage, streams, protection, options, handle, task })
    }

    /// Serves until `shutdown` completes or a task in the background fails.
    async fn serve(
        mut self,
        service: SessionService,
        shutdown: impl Future<Output = Duration>,
    ) -> Result<(), ServeError> {
        if let Some(metrics) = self.options.metrics {
            metrics.observe(&service);
        }
        let mut background = Supervised::default();
        let remover = remove_expired(service.clone(), self.options.remove_expired_every);
        background.spawn("the removal of expired sessions", remover);
        let listener_updates = service.clone();
        background.spawn("the task that keeps listeners current", async move {
            listener_updates.keep_listeners_current().await;
        });
        let protection = self.protection.clone();
        background.spawn("the removal of the limits of idle clients", async move {
            loop {
                sleep(FORGET_IDLE_CLIENTS_EVERY).await;
                protection.forget_idle_clients();
            }
        });
        let stage = self.stage.clone();
        let drained = async move {
            let drain = shutdown.await;
            stage.drain();
            sleep(drain).await;
        };
        let failure = tokio::select! {
            () = drained => None,
            end = background.first_end() => Some(end),
            error = service.broken() => Some(error_chain(&error)),
            ended = &mut self.task => {
                ended.map_err(std::io::Error::other)??;
                return Err(ServeError::Background("the HTTP server has ended".to_owned()));
            }
        };
        if let Some(failure) = &failure {
            tracing::error!(failure, "the server ends because of a bug");
        }
        self.stop().await?;
        failure.map_or(Ok(()), |failure| Err(ServeError::Background(failure)))
    }

    /// Closes the port and lets requests in progress finish.
    async fn stop(self) -> Result<(), ServeError> {
        // Open streams would delay the end until its time limit.
        self.streams.shutdown.cancel();
        self.handle.stop(true).await;
        Ok(self.task.await.map_err(std::io::Error::other)??)
    }
}

/// Cuts a connection whose other end has not read anything for `unread_for`.
fn cut_unread_data(stream: &TcpStream, unread_for: Duration) {
    if let Err(error) = limit_unread_data(stream, unread_for) {
        tracing::warn!(
            error = error_chain(&error),
            "cannot set the time limit for unread data on a connection"
        );
    }
}

/// Removes expired sessions at regular intervals, forever.
async fn remove_expired(service: SessionService, every: Duration) {
    loop {
        match service.remove_expired().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed expired sessions"),
            // The store logs by itself that it does not answer, or refuses writes.
            Err(error) if error.is_temporary() => {}
            Err(error) => {
                tracing::error!(error = error_chain(&error), "expired sessions could not be removed");
            }
        }
        sleep(every).await;
    }
}
