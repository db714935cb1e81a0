//! A real store of any kind for one test.

use std::sync::atomic::{AtomicU32, Ordering};

use tickseed_session::acceptance::DEADLINE;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::{CassandraNode, PostgresServer, RedisServer};
use crate::{CassandraAddress, CassandraStore};

/// A kind of store that is another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// Redis.
    Redis,
    /// PostgreSQL.
    Postgres,
    /// A keyspace of a node that all tests of a process share.
    Cassandra,
}

/// A store of any kind. It ends when this is dropped, but a keyspace stays.
pub enum StoreServer {
    /// Redis.
    Redis(RedisServer),
    /// PostgreSQL.
    Postgres(PostgresServer),
    /// The address of a keyspace.
    Cassandra(String),
}

/// Numbers the keyspaces of a process.
static KEYSPACES: AtomicU32 = AtomicU32::new(0);

impl StoreServer {
    /// Starts a store that loses no acknowledged write.
    #[must_use]
    pub fn start(kind: StoreKind) -> Self {
        match kind {
            StoreKind::Redis => {
                Self::Redis(RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]))
            }
            StoreKind::Postgres => Self::Postgres(PostgresServer::start(&[])),
            StoreKind::Cassandra => Self::Cassandra(keyspace()),
        }
    }

    /// Returns its address.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Redis(server) => server.address(),
            Self::Postgres(server) => server.address(),
            Self::Cassandra(address) => address.clone(),
        }
    }

    /// Returns its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Self::Redis(server) => server.port(),
            Self::Postgres(server) => server.port(),
            Self::Cassandra(_) => is_shared(),
        }
    }

    /// Kills it with SIGKILL. Its port stays reserved and its files remain.
    pub fn kill(&mut self) {
        match self {
            Self::Redis(server) => server.kill(),
            Self::Postgres(server) => server.kill(),
            Self::Cassandra(_) => is_shared(),
        }
    }

    /// Restarts it after [`kill`](Self::kill), and waits until it answers.
    pub fn start_again(&mut self) {
        match self {
            Self::Redis(server) => server.start_again(),
            Self::Postgres(server) => server.start_again(),
            Self::Cassandra(_) => is_shared(),
        }
    }

    /// Pauses it with SIGSTOP: its connections stay, and nothing answers.
    pub fn pause(&self) {
        match self {
            Self::Redis(server) => server.pause(),
            Self::Postgres(server) => server.pause(),
            Self::Cassandra(_) => is_shared(),
        }
    }

    /// Continues it with SIGCONT, as if no time had passed.
    pub fn go_on(&self) {
        match self {
            Self::Redis(server) => server.go_on(),
            Self::Postgres(server) => server.go_on(),
            Self::Cassandra(_) => is_shared(),
        }
    }

    /// Checks that it answers.
    pub fn assert_answers(&self) {
        match self {
            Self::Redis(server) => assert_eq!(server.ask::<String>(&["PING"]), "PONG"),
            Self::Postgres(server) => assert_eq!(server.ask("SELECT 1"), "1"),
            Self::Cassandra(_) => is_shared(),
        }
    }

    /// Cuts every connection that listens to the change feed.
    pub fn cut_the_change_feed(&self) {
        match self {
            Self::Redis(server) => drop(server.ask::<u32>(&["CLIENT", "KILL", "TYPE", "pubsub"])),
            Self::Postgres(server) => drop(server.ask(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tickseed' \
                 AND (query LIKE '%tickseed_now_us%' OR query LIKE '%pg_advisory_xact_lock(%')",
            )),
            Self::Cassandra(_) => is_shared(),
        }
    }
}

/// Makes a keyspace with its tables, and returns its address.
fn keyspace() -> String {
    let name = format!("servers_{}", KEYSPACES.fetch_add(1, Ordering::Relaxed));
    let address = CassandraNode::shared().address(&name, "");
    let parsed = CassandraAddress::parse(&address, None).expect("it is an address");
    let migrated = CassandraStore::migrate(&parsed, DEADLINE);
    block_in_place(|| Handle::current().block_on(migrated)).expect("the tables can be made");
    address
}

fn is_shared() -> ! {
    panic!("a node that tests share must not be disturbed, and has no connection that listens")
}
