//! A network between a server and a store that a test can cut silently: connections stay open, and nothing arrives.

use std::net::TcpListener as StdTcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::watch;

/// Which data passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    /// All data, except on dead connections.
    Connected,
    /// No data.
    Cut,
    /// All data, except on connections that have subscribed to the change feed.
    WithoutChangeFeed,
}

#[derive(Debug, Clone, Copy)]
struct State {
    network: Network,
    /// Connections with a lower number stay silent forever.
    dead_below: usize,
}

/// A proxy that runs until the test process ends.
pub(crate) struct Proxy {
    address: String,
    state: watch::Sender<State>,
    connections: watch::Receiver<usize>,
}

struct Connection {
    number: usize,
    has_subscribed: AtomicBool,
}

impl Proxy {
    /// Starts a proxy for the store at this address, on this local port.
    pub(crate) fn start(address: &str, store: u16) -> Self {
        let listener = StdTcpListener::bind("127.0.0.1:0").expect("some port is free");
        listener.set_nonblocking(true).expect("the option can be set");
        let port = listener.local_addr().expect("the proxy listens").port();
        let (state, states) = watch::channel(State { network: Network::Connected, dead_below: 0 });
        let (count, connections) = watch::channel(0);
        // A thread of its own keeps the proxy as fast as a network while the test is busy.
        thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
            runtime.block_on(accept(listener, store, states, count));
        });
        let address = address.replace(&format!(":{store}"), &format!(":{port}"));
        Self { address, state, connections }
    }

    /// Returns the address of the store through the proxy.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Holds all data back. New connections are accepted, and stay silent as well.
    pub(crate) fn cut(&self) {
        self.state.send_modify(|state| state.network = Network::Cut);
    }

    /// Holds all data back on connections that have subscribed to the change feed.
    pub(crate) fn cut_the_change_feed(&self) {
        self.state.send_modify(|state| state.network = Network::WithoutChangeFeed);
    }

    /// Lets all data pass again, including the data held back.
    pub(crate) fn restore(&self) {
        self.state.send_modify(|state| state.network = Network::Connected);
    }

    /// Lets data pass again on new connections. Existing ones stay silent forever, as if a router had forgotten them.
    pub(crate) fn restore_for_new_connections(&self) {
        let count = *self.connections.borrow();
        self.state.send_modify(|state| *state = State { network: Network::Connected, dead_below: count });
    }
}

impl State {
    fn lets_pass(self, connection: &Connection) -> bool {
        connection.number >= self.dead_below
            && match self.network {
                Network::Connected => true,
                Network::Cut => false,
                Network::WithoutChangeFeed => !connection.has_subscribed.load(Ordering::SeqCst),
            }
    }
}

async fn accept(
    listener: StdTcpListener,
    store: u16,
    states: watch::Receiver<State>,
    count: watch::Sender<usize>,
) {
    let listener = TcpListener::from_std(listener).expect("tokio can use the socket");
    while let Ok((server, _)) = listener.accept().await {
        let connection = Connection { number: *count.borrow(), has_subscribed: AtomicBool::new(false) };
        count.send_modify(|count| *count += 1);
        tokio::spawn(connect(server, store, Arc::new(connection), states.clone()));
    }
}

async fn connect(server: TcpStream, store: u16, connection: Arc<Connection>, states: watch::Receiver<State>) {
    let Ok(store) = TcpStream::connect(("127.0.0.1", store)).await else { return };
    for stream in [&server, &store] {
        stream.set_nodelay(true).expect("the option can be set");
    }
    let (from_server, to_server) = server.into_split();
    let (from_store, to_store) = store.into_split();
    tokio::spawn(forward(from_store, to_server, Arc::clone(&connection), states.clone()));
    forward(from_server, to_store, connection, states).await;
}

/// Forwards data in one direction, or holds it back.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    connection: Arc<Connection>,
    mut states: watch::Receiver<State>,
) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        let says = |word: &[u8]| bytes[..length].windows(word.len()).any(|part| part == word);
        // As Redis and PostgreSQL call it.
        if says(b"SUBSCRIBE") || says(b"LISTEN") {
            connection.has_subscribed.store(true, Ordering::SeqCst);
        }
        if states.wait_for(|state| state.lets_pass(&connection)).await.is_err()
            || to.write_all(&bytes[..length]).await.is_err()
        {
            return;
        }
    }
}
