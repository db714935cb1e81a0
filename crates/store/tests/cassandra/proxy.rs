//! A proxy in front of a node. It can hold back the changes of one session, break the connection that one came on, and pass it on later.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tickseed_session::SessionId;
use tickseed_store::test_servers::CassandraNode;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};

/// A frame begins with so many bytes, and the last four of them are the length of the rest.
const HEADER: usize = 9;

/// Where the header says what the frame is, and what it says if that is the execution of a prepared statement.
const OPCODE: usize = 4;
const EXECUTE: u8 = 0x0a;

/// A statement with a record is longer than this, and one that only names a session is shorter.
const SHORTEST_CHANGE: usize = 150;

/// The proxy. It ends with the runtime of its test.
pub(super) struct Proxy {
    address: SocketAddr,
    holds: Arc<Mutex<Option<SessionId>>>,
    held: mpsc::UnboundedReceiver<Held>,
}

/// A change that the node has not received yet.
pub(super) struct Held {
    frame: Vec<u8>,
    to_node: Arc<tokio::sync::Mutex<OwnedWriteHalf>>,
    is_cut: Arc<Notify>,
}

impl Proxy {
    pub(super) async fn before(node: &CassandraNode) -> Self {
        let name = node.name();
        let (host, _) = name.rsplit_once(':').expect("it has a port");
        // Drivers connect to the address that the node gives, and to the port that they were given.
        let listener = TcpListener::bind((host, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let (holds, (sender, held)) = (Arc::new(Mutex::default()), mpsc::unbounded_channel());
        let rule = Arc::clone(&holds);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass_on(client, name.clone(), Arc::clone(&rule), sender.clone()));
            }
        });
        Self { address, holds, held }
    }

    /// Returns the address of a keyspace.
    pub(super) fn address(&self, keyspace: &str) -> String {
        format!("cassandra://{}/{keyspace}", self.address)
    }

    /// Holds all changes of a session back from now on.
    pub(super) fn hold(&self, id: SessionId) {
        *self.holds.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }

    /// Waits for the next change that is held back.
    pub(super) async fn held(&mut self) -> Held {
        self.held.recv().await.expect("the proxy runs")
    }
}

impl Held {
    /// Breaks the connection of the client. The one to the node stays.
    pub(super) fn cut_off(&self) {
        self.is_cut.notify_one();
    }

    /// Passes the change on to the node.
    pub(super) async fn release(self) {
        self.to_node.lock().await.write_all(&self.frame).await.expect("the node receives it");
    }
}

async fn pass_on(
    client: TcpStream,
    node: String,
    holds: Arc<Mutex<Option<SessionId>>>,
    held: mpsc::UnboundedSender<Held>,
) -> io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_node, to_node) = TcpStream::connect(node).await?.into_split();
    let (to_node, is_cut) = (Arc::new(tokio::sync::Mutex::new(to_node)), Arc::new(Notify::new()));
    let requests = async {
        loop {
            let frame = next_frame(&mut from_client).await?;
            let id = *holds.lock().unwrap_or_else(PoisonError::into_inner);
            if id.is_some_and(|id| is_change_of(id, &frame)) {
                let (to_node, is_cut) = (Arc::clone(&to_node), Arc::clone(&is_cut));
                drop(held.send(Held { frame, to_node, is_cut }));
            } else {
                to_node.lock().await.write_all(&frame).await?;
            }
        }
    };
    tokio::select! {
        ended = requests => ended,
        ended = copy(&mut from_node, &mut to_client) => ended.map(drop),
        () = is_cut.notified() => Ok(()),
    }
}

async fn next_frame(from: &mut OwnedReadHalf) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; HEADER];
    from.read_exact(&mut frame).await?;
    let length = frame[HEADER - 4..].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    frame.resize(HEADER + length, 0);
    from.read_exact(&mut frame[HEADER..]).await?;
    Ok(frame)
}

fn is_change_of(id: SessionId, frame: &[u8]) -> bool {
    let id = id.as_bytes();
    frame[OPCODE] == EXECUTE
        && frame.len() >= SHORTEST_CHANGE
        && frame.windows(id.len()).any(|bytes| bytes == &id[..])
}
