//! Sessions in Cassandra or ScyllaDB, for several servers.
//!
//! A session is one row. Every change is a lightweight transaction that replaces exactly the row that it has read; `row`
//! explains how a change that Cassandra completes too late is recognised. `index` lists all sessions. Cassandra does not push changes,
//! so there is no change feed: servers trust their memory for a tenth of a second, and then ask again.

mod address;
mod changes;
mod connection;
mod driver;
mod durability;
mod expiry;
mod index;
mod keep_alive;
mod node_clock;
mod promises;
mod requests;
mod routing;
mod row;
mod rows;
mod schema;
mod start;
mod statements;
mod turns;
mod watch;
mod write_fault;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt};
use tickseed_session::{
    Clock, Created, Deadline, Deleted, Replaced, RequestStore, Session, SessionId, SessionPage, SessionStore,
    StoreError, Terms, Timestamp, Vitals,
};
use uuid::Uuid;

use self::changes::{Change, Changed};
use self::connection::Connection;
use self::expiry::seconds_to_live;
use self::index::Index;
use self::promises::Promises;
use self::routing::SilentNodes;
use self::row::Row;
use self::rows::{Proposed, Rows};
use self::turns::Turns;
use crate::record;
use crate::remote::background::Background;
use crate::remote::connect::{ConnectError, RemoteOptions};

pub use self::address::{CassandraAddress, InvalidCassandraAddress};

/// How many sessions of a list are read at once.
const READ_AT_ONCE: usize = 32;

/// Sessions in Cassandra.
pub struct CassandraStore {
    clock: Arc<dyn Clock>,
    connection: Arc<Connection>,
    promises: Arc<Promises>,
    rows: Arc<Rows>,
    index: Arc<Index>,
    turns: Turns,
    background: Background,
}

impl CassandraStore {
    /// Connects, retrying if Cassandra cannot be reached, and logs what a crash of a node can lose. Needs Cassandra 4.1 or newer, or
    /// ScyllaDB, and the tables that [`migrate`](Self::migrate) makes.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if Cassandra cannot be reached in that time, refuses this server, or lacks the tables.
    pub async fn connect(address: CassandraAddress, options: RemoteOptions) -> Result<Self, ConnectError> {
        let (background, silent) = (Background::start("cassandra")?, Arc::new(SilentNodes::default()));
        let clock = Arc::clone(&options.clock);
        let promises = Promises::new(Arc::clone(&clock), address.reach(), options.loss, Arc::clone(&silent));
        let promises = Arc::new(promises);
        let connected = start::connect(&background, &address, &options, &promises, &silent).await?;
        let (name, keyspace) = (address.to_string(), address.keyspace().to_owned());
        let connection = Arc::new(Connection::new(address, silent, options.timeout, connected));
        let rows = Arc::new(Rows::new(Arc::clone(&connection), name));
        background.spawn(Arc::clone(&connection).keep_alive());
        background.spawn(watch::watch(Arc::clone(&connection), Arc::clone(&promises), keyspace));
        background.spawn(Arc::clone(&rows).keep_probing());
        let index = Arc::new(Index::new(Arc::clone(&connection)));
        Ok(Self { clock, connection, promises, rows, index, turns: Turns::new(), background })
    }

    /// Makes the keyspace and the tables that are missing, and returns what it has made, in words. Retries for up to `wait` if
    /// Cassandra cannot be reached.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if Cassandra cannot be reached in that time, does not let its user make them, or has the tables of a later
    /// version.
    pub async fn migrate(address: &CassandraAddress, wait: Duration) -> Result<Vec<String>, ConnectError> {
        start::migrate(address, wait).await
    }

    /// Reads a session as all acknowledged changes have left it. A promise rests on a read that also sees, or ends, what is half done.
    async fn read(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let until = self.connection.limit();
        if !self.promises.dates_anew() {
            return session_of(self.rows.read_serially(id, until).await?, id);
        }
        let found = session_of(self.rows.read(id, until).await?, id)?;
        if found.as_ref().is_none_or(|session| session.notice.is_none()) {
            return Ok(found);
        }
        session_of(self.rows.read_serially(id, until).await?, id)
    }

    /// Reads a session for the list, and removes what an interrupted deletion has left.
    async fn read_listed(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let row = self.rows.read(id, self.connection.limit()).await?;
        if row.as_ref().is_some_and(Row::is_deleted) {
            self.clean_up_soon(id);
        }
        session_of(row, id)
    }
}

fn session_of(row: Option<Row>, id: SessionId) -> Result<Option<Session>, StoreError> {
    row.map_or(Ok(None), |row| row.session(id))
}

#[async_trait]
impl SessionStore for CassandraStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let (record, until) = (Some(record::encode(&session)?), self.connection.limit());
        let (id, now) = (session.id, self.clock.now());
        let mut turn = self.turns.wait(id.as_bytes(), until).await?;
        if turn.has_waited {
            drop(turn);
            if self.rows.read(id, until).await?.is_some() {
                return Ok(Created::IdTaken);
            }
            turn = self.turns.wait(id.as_bytes(), until).await?;
        }
        self.index.add(id, session.expires_at, now, until).await?;
        let row = Row { number: Uuid::new_v4(), record, replaced: None, deadline_us: None, written_us: 0 };
        let seconds = seconds_to_live(session.expires_at, now);
        Ok(match self.rows.propose(id, None, &row, seconds, (&turn, until)).await? {
            Proposed::Applied | Proposed::Found(_) => Created::Yes,
            Proposed::Refused => Created::IdTaken,
        })
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.read(id).await
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        Ok(match self.change(&Change::Replace(&session), deadline).await? {
            Changed::Yes => Replaced::Yes,
            Changed::No => Replaced::No,
            Changed::TooLate => Replaced::TooLate,
        })
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        Ok(match self.change(&Change::Delete(&session), deadline).await? {
            Changed::Yes => {
                self.clean_up_soon(session.id);
                Deleted::Yes
            }
            Changed::No => Deleted::No,
            Changed::TooLate => Deleted::TooLate,
        })
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        let (ids, next) = self.index.page(after, limit.max(1)).await?;
        let mut page = SessionPage { sessions: Vec::with_capacity(ids.len()), left_out: Vec::new(), next };
        let mut reads = stream::iter(ids.into_iter().map(|id| self.read_listed(id))).buffered(READ_AT_ONCE);
        while let Some(found) = reads.next().await {
            match found {
                Ok(session) => page.sessions.extend(session),
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => page.left_out.push(error),
            }
        }
        Ok(page)
    }

    /// The time at which the read begins.
    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        self.promises.certain()
    }

    fn terms(&self, _id: SessionId) -> Terms {
        self.promises.terms()
    }

    /// Cassandra expires sessions by itself.
    async fn remove_expired(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), StoreError> {
        if self.connection.breaker.is_open() {
            return Err(StoreError::NotAsked);
        }
        self.connection.probe().await
    }

    fn write_failure(&self) -> Option<StoreError> {
        self.rows.failure()
    }

    fn clock_distance(&self) -> Option<Duration> {
        self.promises.clock_distance()
    }

    fn vitals(&self) -> Vitals {
        let mut vitals = Vitals::default();
        vitals.nodes = self.promises.vitals();
        vitals
    }

    async fn broken(&self) -> StoreError {
        self.background.panics().first().await
    }

    fn requests(&self) -> Option<&dyn RequestStore> {
        Some(self)
    }
}
