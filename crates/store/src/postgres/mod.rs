//! Sessions in PostgreSQL 13 or newer, for several servers.
//!
//! A session is one row that holds the record. A compare-and-set is a function in the database, which looks at the clock when it is its
//! turn, and announces the change on a channel that every server listens to. `schema_1.sql` has the tables and functions.

mod address;
mod feed;
mod hosts;
mod inspection;
mod keep_alive;
mod lease;
mod monitor;
mod pool;
mod promises;
mod replacement;
mod requests;
mod schema;
mod start;
mod sweep;
mod tls;
mod write_fault;
mod write_probe;

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::tokio_postgres::Row;
use tickseed_session::{
    ChangeFeed, Clock, Created, Deadline, Deleted, FeedPart, Replaced, RequestStore, Revision, Session,
    SessionId, SessionPage, SessionStore, StoreError, Subscriber, Terms, Timestamp, Vitals,
};

use self::feed::Feed;
use self::pool::{Pool, Values};
use self::promises::{PART, Promises};
use self::replacement::{DONE, Replacement, TOO_LATE, system_time};
use self::write_probe::WriteProbe;
use crate::record;
use crate::remote::background::Background;
use crate::remote::connect::{ConnectError, Failure, RemoteOptions};

pub use self::address::{InvalidPostgresAddress, PostgresAddress};

const CREATE: &str = "
    INSERT INTO tickseed_sessions (id, record, revision, write_id, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING
";
const FIND: &str = "SELECT record FROM tickseed_sessions WHERE id = $1";
const LIST: &str = "SELECT id, record FROM tickseed_sessions WHERE id < $1 ORDER BY id DESC LIMIT $2";
const LIST_FIRST: &str = "SELECT id, record FROM tickseed_sessions ORDER BY id DESC LIMIT $1";
const CHECK: &str = "SELECT FROM tickseed_sessions LIMIT 1";

/// Sessions in PostgreSQL.
pub struct PostgresStore {
    address: PostgresAddress,
    clock: Arc<dyn Clock>,
    pool: Arc<Pool>,
    promises: Arc<Promises>,
    writes: Arc<WriteProbe>,
    background: Background,
}

impl PostgresStore {
    /// Connects, retrying if PostgreSQL cannot be reached, makes the tables if they are missing, and logs what a crash can lose.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if PostgreSQL cannot be reached in that time, or refuses this server.
    pub async fn connect(address: PostgresAddress, options: RemoteOptions) -> Result<Self, ConnectError> {
        let background = Background::start("postgres")?;
        let (name, clock) = (address.names(), Arc::clone(&options.clock));
        let promises = Arc::new(Promises::new(Arc::clone(&clock), options.loss, name.clone()));
        let refused = |source: Failure| ConnectError::Refused {
            address: address.to_string(),
            mistake: "TLS cannot be set up; check the file in SSL_CERT_FILE".to_owned(),
            source,
        };
        let pool =
            Pool::new(&address, options.timeout.duration(), background.handle(), Arc::clone(&promises))
                .map_err(refused)?;
        let for_probes = start::connect(&background, &address, options.wait, (&pool, &promises)).await?;
        let writes = Arc::new(WriteProbe::new(Arc::clone(&pool), name));
        background.spawn(keep_alive::keep_alive(Arc::clone(&pool), Arc::clone(&promises), for_probes));
        background.spawn(monitor::keep_asking(Arc::clone(&pool), Arc::clone(&promises)));
        background.spawn(Arc::clone(&writes).keep_probing());
        Ok(Self { address, clock, pool, promises, writes, background })
    }

    /// Carries out a statement that writes. Returns how many rows it has changed.
    async fn changes(&self, statement: &str, values: Values<'_>) -> Result<usize, StoreError> {
        let answer = self.pool.ask_to_write(async |client| {
            let statement = client.prepare_cached(statement).await?;
            client.execute(&statement, values).await
        });
        let rows = answer.await.map_err(|error| self.writes.note(error))?;
        Ok(usize::try_from(rows).unwrap_or(usize::MAX))
    }

    /// Carries out a statement that writes. Returns whether it has changed a row.
    async fn changes_one(&self, statement: &str, values: Values<'_>) -> Result<bool, StoreError> {
        Ok(self.changes(statement, values).await? > 0)
    }

    async fn rows(&self, statement: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        self.pool
            .ask(async |client| {
                let statement = client.prepare_cached(statement).await?;
                client.query(&statement, values).await
            })
            .await
    }
}

#[async_trait]
impl SessionStore for PostgresStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let (record, id) = (record::encode(&session)?, uuid(session.id));
        let [revision, write] = [session.revision.get(), session.write.get()].map(u64::cast_signed);
        let (created_at, expires_at) = (system_time(session.created_at), session.expires_at.map(system_time));
        let values: Values<'_> = &[&id, &record, &revision, &write, &created_at, &expires_at];
        Ok(if self.changes_one(CREATE, values).await? { Created::Yes } else { Created::IdTaken })
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let rows = self.rows(FIND, &[&uuid(id)]).await?;
        rows.first().map(|row| record::decode(id, row.get(0))).transpose()
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        let Some(before) = session.revision.previous().map(Revision::get) else { return Ok(Replaced::No) };
        let replacement = Replacement {
            id: session.id,
            before: [before, session.replaces.get()],
            after: [session.revision.get(), session.write.get()],
            record: Some(record::encode(&session)?),
            expires_at: session.expires_at,
            is_promised: !session.notice.is_none(),
        };
        Ok(match self.replace_before(&replacement, deadline).await? {
            DONE => Replaced::Yes,
            TOO_LATE => Replaced::TooLate,
            _ => Replaced::No,
        })
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        Ok(match self.replace_before(&Replacement::deletion(&session), deadline).await? {
            DONE => Deleted::Yes,
            TOO_LATE => Deleted::TooLate,
            _ => Deleted::No,
        })
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        let most = i64::try_from(limit.max(1)).unwrap_or(i64::MAX);
        let rows = match after {
            Some(after) => self.rows(LIST, &[&uuid(after), &most]).await?,
            None => self.rows(LIST_FIRST, &[&most]).await?,
        };
        let mut page = SessionPage::default();
        for row in &rows {
            let id = SessionId::from_bytes(row.get::<_, uuid::Uuid>(0).into_bytes());
            match record::decode(id, row.get(1)) {
                Ok(session) => page.sessions.push(session),
                Err(error) => page.left_out.push(error),
            }
            page.next = Some(id);
        }
        page.next = page.next.filter(|_| rows.len() == limit.max(1));
        Ok(page)
    }

    /// When the last proof of the change feed was sent that has come back. A read sees all that was committed before, and no write that
    /// has looked at the clock before can still be on its way.
    fn certain(&self, _id: SessionId) -> Option<Timestamp> {
        self.promises.certain()
    }

    fn terms(&self, _id: SessionId) -> Terms {
        self.promises.terms()
    }

    async fn remove_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.sweep(now).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.rows(CHECK, &[]).await.map(drop)
    }

    fn write_failure(&self) -> Option<StoreError> {
        self.writes.failure()
    }

    fn clock_distance(&self) -> Option<Duration> {
        self.promises.clock_distance()
    }

    fn vitals(&self) -> Vitals {
        let mut vitals = Vitals::default();
        vitals.nodes = vec![self.promises.vitals(!self.pool.breaker.is_open())];
        vitals
    }

    async fn broken(&self) -> StoreError {
        self.background.panics().first().await
    }

    fn requests(&self) -> Option<&dyn RequestStore> {
        Some(self)
    }

    fn change_feed(&self) -> Option<&dyn ChangeFeed> {
        Some(self)
    }
}

impl ChangeFeed for PostgresStore {
    fn part_of(&self, _id: SessionId) -> FeedPart {
        PART
    }

    fn subscribe(&self, subscriber: Weak<dyn Subscriber>) {
        let (promises, pool) = (Arc::clone(&self.promises), Arc::clone(&self.pool));
        let feed = Feed { hosts: self.address.feed_hosts().to_vec(), promises, pool, subscriber };
        self.background.spawn(feed.run());
    }
}

fn uuid(id: SessionId) -> uuid::Uuid {
    uuid::Uuid::from_bytes(*id.as_bytes())
}
