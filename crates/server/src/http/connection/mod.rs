//! Connections. actix-web answers their requests. While nothing but an event stream happens on a connection, it is held here: actix-web
//! keeps two buffers of 8 KiB for each connection, and a listener would cost three times as much with them.

mod handover;
mod socket;
mod stream;

use std::fmt::Debug;
use std::future::poll_fn;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::{HttpService, Protocol, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::Error;
use actix_web::dev::{AppConfig, Server, fn_factory, fn_service};
use actix_web::rt::net::TcpStream;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::handover::{Handover, HeldStream};
use self::socket::Socket;
use super::protection::OpenConnection;

pub(super) use self::stream::EventBody;

/// How long a client may take to send the head of its first request. This is the default of actix-web.
const REQUEST_HEAD_WITHIN: Duration = Duration::from_secs(5);

/// How long a client may take to close a connection after its last response. This is the default of actix-web.
const CLOSED_WITHIN: Duration = Duration::from_secs(1);

/// What all connections share.
pub struct ConnectionOptions<OnOpened> {
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// How many seconds requests in progress may take to finish at a shutdown.
    pub shutdown_seconds: u64,
    /// Ends connections between an event stream and the next request when it is cancelled.
    pub shutdown: CancellationToken,
    /// Called for each connection. What it returns is kept as long as the connection.
    pub on_opened: OnOpened,
}

/// Marks a connection that was refused, among the data of the connection. What the client has already sent on it has no effect.
pub(super) struct Refused;

/// Serves an application on a listener, as [`actix_web::HttpServer`] does, until the server is stopped.
///
/// # Errors
///
/// If the listener cannot be used.
pub fn serve<App, Factory, Body, OnOpened>(
    listener: TcpListener,
    options: ConnectionOptions<OnOpened>,
    app: impl Fn() -> App + Clone + Send + 'static,
) -> io::Result<Server>
where
    App: IntoServiceFactory<Factory, Request>,
    Factory: ServiceFactory<Request, Config = AppConfig> + 'static,
    Factory::Future: 'static,
    Factory::Error: Into<Error> + 'static,
    Factory::InitError: Debug,
    Factory::Response: Into<Response<Body>> + 'static,
    Factory::Service: 'static,
    <Factory::Service as Service<Request>>::Future: 'static,
    Body: MessageBody + 'static,
    OnOpened: Fn(&TcpStream) -> OpenConnection + Clone + Send + 'static,
{
    let ConnectionOptions { keep_alive, shutdown_seconds, shutdown, on_opened } = options;
    let address = listener.local_addr()?;
    let builder = Server::build().shutdown_timeout(shutdown_seconds).disable_signals();
    let begun_shutdown = builder.graceful_shutdown_signal();
    let connections = move || {
        let (begun_shutdown, shutdown) = (begun_shutdown.clone(), shutdown.clone());
        let on_opened = on_opened.clone();
        let app = app().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let begun_shutdown = begun_shutdown.clone();
                async move { begun_shutdown.notified().await }
            })
            .keep_alive(keep_alive)
            .client_request_timeout(REQUEST_HEAD_WITHIN)
            .client_disconnect_timeout(CLOSED_WITHIN)
            .local_addr(address)
            .on_connect_ext(|socket: &Socket, extensions| {
                extensions.insert(socket.handover().clone());
                if socket.is_refused() {
                    extensions.insert(Refused);
                }
            })
            .finish(map_config(app, |()| AppConfig::default()));
        let http = Rc::new(http);
        fn_factory(move || {
            let (http, shutdown, on_opened) = (Rc::clone(&http), shutdown.clone(), on_opened.clone());
            async move {
                let http = Rc::new(http.new_service(()).await?);
                Ok::<_, ()>(fn_service(move |stream: TcpStream| {
                    let (http, shutdown) = (Rc::clone(&http), shutdown.clone());
                    let opened = on_opened(&stream);
                    async move {
                        let (connection, peer) = (&*http, stream.peer_addr().ok());
                        let answer = |socket| connection.call((socket, Protocol::Http1, peer));
                        hold(stream, answer, opened.is_refused(), keep_alive, shutdown).await;
                        drop(opened);
                        Ok::<_, ()>(())
                    }
                }))
            }
        })
    };
    Ok(builder.listen(format!("actix-web-service-{address}"), listener, connections)?.run())
}

/// Holds a connection until it ends: `answer` answers the requests on it, and in between there may be event streams.
async fn hold<Answering: Future>(
    mut stream: TcpStream,
    answer: impl Fn(Socket) -> Answering,
    is_refused: bool,
    keep_alive: Duration,
    shutdown: CancellationToken,
) {
    loop {
        let handover = Handover::default();
        let socket = Socket::new(stream, handover.clone(), is_refused);
        // In a box, because it is much larger than an event stream.
        let Some(held) = until_handover(Box::pin(answer(socket)), &handover).await else { return };
        stream = held.stream;
        let sent = stream::send(held.events, &mut stream).await;
        let is_last = sent.is_err() || held.is_last || keep_alive.is_zero();
        if is_last || !has_next_request(&stream, keep_alive, &shutdown).await {
            return;
        }
    }
}

/// Lets actix-web answer requests until it hands the connection over, or until the connection has ended.
async fn until_handover(mut answering: Pin<Box<impl Future>>, handover: &Handover) -> Option<HeldStream> {
    poll_fn(|context| {
        let answered = answering.as_mut().poll(context);
        match handover.take() {
            Some(held) => Poll::Ready(Some(held)),
            None => answered.map(|_| None),
        }
    })
    .await
}

/// Waits for the next request after an event stream, as long as an idle connection stays open.
async fn has_next_request(stream: &TcpStream, keep_alive: Duration, shutdown: &CancellationToken) -> bool {
    let mut first = [0];
    tokio::select! {
        biased;
        () = shutdown.cancelled() => false,
        read = timeout(keep_alive, stream.peek(&mut first)) => matches!(read, Ok(Ok(1))),
    }
}
