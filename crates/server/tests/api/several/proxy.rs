//! A network between a server and Redis that a test can cut without a word: connections stay open, and nothing arrives.

use std::net::TcpListener as StdTcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::watch;

/// What passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    /// Everything, except on connections that are dead.
    Whole,
    /// Nothing.
    Cut,
    /// Everything but the news: nothing on a connection that has subscribed.
    WithoutNews,
}

#[derive(Debug, Clone, Copy)]
struct State {
    network: Network,
    /// Connections of a lower number stay silent for ever.
    dead_below: usize,
}

/// Passes on what comes. It runs until the test process ends.
pub(crate) struct Proxy {
    port: u16,
    state: watch::Sender<State>,
    connections: watch::Receiver<usize>,
}

/// What is known of a connection.
struct Connection {
    number: usize,
    has_subscribed: AtomicBool,
}

impl Proxy {
    /// A proxy in front of the Redis on that port of this machine.
    pub(crate) fn start(redis: u16) -> Self {
        let listener = StdTcpListener::bind("127.0.0.1:0").expect("some port is free");
        listener.set_nonblocking(true).expect("it can be set");
        let port = listener.local_addr().expect("it listens").port();
        let (state, states) = watch::channel(State { network: Network::Whole, dead_below: 0 });
        let (count, connections) = watch::channel(0);
        // On a thread of its own, so that it is as quick as a network also when the test is busy.
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
            runtime.block_on(accept(listener, redis, states, count));
        });
        Self { port, state, connections }
    }

    /// Where a server finds Redis through it.
    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Nothing arrives any more; new connections are taken, and nothing arrives on them either.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| state.network = Network::Cut);
    }

    /// As [`cut`](Self::cut), but only for connections that have subscribed.
    pub(crate) fn cut_the_news(&self) {
        self.state.send_modify(|state| state.network = Network::WithoutNews);
    }

    /// Everything arrives again, also what was held up.
    pub(crate) fn mend(&self) {
        self.state.send_modify(|state| state.network = Network::Whole);
    }

    /// As [`mend`](Self::mend), but the connections that there are stay silent for ever: whatever they led through has
    /// forgotten them.
    pub(crate) fn mend_for_new_connections(&self) {
        let count = *self.connections.borrow();
        self.state.send_modify(|state| *state = State { network: Network::Whole, dead_below: count });
    }
}

impl State {
    fn lets_pass(self, connection: &Connection) -> bool {
        connection.number >= self.dead_below
            && match self.network {
                Network::Whole => true,
                Network::Cut => false,
                Network::WithoutNews => !connection.has_subscribed.load(Ordering::SeqCst),
            }
    }
}

async fn accept(
    listener: StdTcpListener,
    redis: u16,
    states: watch::Receiver<State>,
    count: watch::Sender<usize>,
) {
    let listener = TcpListener::from_std(listener).expect("it can be used here");
    while let Ok((server, _)) = listener.accept().await {
        let connection = Connection { number: *count.borrow(), has_subscribed: AtomicBool::new(false) };
        count.send_modify(|count| *count += 1);
        tokio::spawn(join(server, redis, Arc::new(connection), states.clone()));
    }
}

async fn join(server: TcpStream, redis: u16, connection: Arc<Connection>, states: watch::Receiver<State>) {
    let Ok(redis) = TcpStream::connect(("127.0.0.1", redis)).await else { return };
    for stream in [&server, &redis] {
        stream.set_nodelay(true).expect("it can be set");
    }
    let (from_server, to_server) = server.into_split();
    let (from_redis, to_redis) = redis.into_split();
    tokio::spawn(pass_on(from_redis, to_server, Arc::clone(&connection), states.clone()));
    pass_on(from_server, to_redis, connection, states).await;
}

/// Passes on what comes one way, or holds it.
async fn pass_on(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    connection: Arc<Connection>,
    mut states: watch::Receiver<State>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if bytes[..length].windows(9).any(|word| word == b"SUBSCRIBE") {
            connection.has_subscribed.store(true, Ordering::SeqCst);
        }
        if states.wait_for(|state| state.lets_pass(&connection)).await.is_err()
            || to.write_all(&bytes[..length]).await.is_err()
        {
            return;
        }
    }
}
