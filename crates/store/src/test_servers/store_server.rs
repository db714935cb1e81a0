//! A real store of either kind for one test.

use super::{PostgresServer, RedisServer};

/// A kind of store that is another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// Redis.
    Redis,
    /// PostgreSQL.
    Postgres,
}

/// A store of either kind. It ends when this is dropped.
pub enum StoreServer {
    /// Redis.
    Redis(RedisServer),
    /// PostgreSQL.
    Postgres(PostgresServer),
}

impl StoreServer {
    /// Starts a store that loses no acknowledged write.
    #[must_use]
    pub fn start(kind: StoreKind) -> Self {
        match kind {
            StoreKind::Redis => {
                Self::Redis(RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]))
            }
            StoreKind::Postgres => Self::Postgres(PostgresServer::start(&[])),
        }
    }

    /// Returns its address.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Redis(server) => server.address(),
            Self::Postgres(server) => server.address(),
        }
    }

    /// Returns its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        match self {
            Self::Redis(server) => server.port(),
            Self::Postgres(server) => server.port(),
        }
    }

    /// Kills it with SIGKILL. Its port stays reserved and its files remain.
    pub fn kill(&mut self) {
        match self {
            Self::Redis(server) => server.kill(),
            Self::Postgres(server) => server.kill(),
        }
    }

    /// Restarts it after [`kill`](Self::kill), and waits until it answers.
    pub fn start_again(&mut self) {
        match self {
            Self::Redis(server) => server.start_again(),
            Self::Postgres(server) => server.start_again(),
        }
    }

    /// Pauses it with SIGSTOP: its connections stay, and nothing answers.
    pub fn pause(&self) {
        match self {
            Self::Redis(server) => server.pause(),
            Self::Postgres(server) => server.pause(),
        }
    }

    /// Continues it with SIGCONT, as if no time had passed.
    pub fn go_on(&self) {
        match self {
            Self::Redis(server) => server.go_on(),
            Self::Postgres(server) => server.go_on(),
        }
    }

    /// Checks that it answers.
    pub fn assert_answers(&self) {
        match self {
            Self::Redis(server) => assert_eq!(server.ask::<String>(&["PING"]), "PONG"),
            Self::Postgres(server) => assert_eq!(server.ask("SELECT 1"), "1"),
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
        }
    }
}
