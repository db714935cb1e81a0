//! Sessions in Redis, for several servers: one Redis, or a Redis Cluster, with TLS if wanted.
//!
//! A session is one string that holds the record; `keys` names it. Redis removes it by itself when the session has expired. A
//! compare-and-set is a script that sets the record and publishes it, in one step, on a channel that every server listens to.
//! `index` names the sorted sets in which sessions are listed.

mod address;
mod connection;
mod driver;
mod durability;
mod facts;
mod feed;
mod index;
mod inspection;
mod keep_alive;
mod keys;
mod losses;
mod mistake;
mod monitor;
mod nodes;
mod parts;
mod promises;
mod replacement;
mod replicas;
mod request_log;
mod requests;
mod scripts;
mod slot;
mod start;
mod step;
mod topology;
mod upkeep;
mod views;
mod write_fault;
mod write_probe;

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::{Script, cmd, pipe};
use futures_util::future::join_all;
use tickseed_session::{
    ChangeFeed, Clock, Created, Deadline, Deleted, FeedPart, Replaced, RequestStore, Revision, Session,
    SessionId, SessionPage, SessionStore, StoreError, Subscriber, Terms, Timestamp, Vitals,
};

use self::connection::SharedConnection;
use self::feed::Feed;
use self::index::Index;
use self::parts::Parts;
use self::promises::Promises;
use self::replacement::Replacement;
use self::scripts::{DONE, TOO_LATE};
use self::upkeep::Upkeep;
use self::write_probe::{WriteProbe, unreadable_if_wrong_type};
use crate::record;
use crate::remote::background::Background;
use crate::remote::connect::{ConnectError, RemoteOptions};
use crate::remote::node_clock::NodeClocks;

pub use self::address::{InvalidRedisAddress, RedisAddress};

/// How much longer than its session a record stays in Redis. The clocks of the servers and of Redis may differ, and no server must
/// miss a session that has not expired by its own clock.
const TTL_MARGIN: Duration = Duration::from_mins(1);

/// Sessions in Redis.
pub struct RedisStore {
    address: RedisAddress,
    clock: Arc<dyn Clock>,
    connection: SharedConnection,
    parts: Arc<Parts>,
    promises: Arc<Promises>,
    clocks: NodeClocks,
    index: Arc<Index>,
    compare_and_set: Script,
    compare_and_delete: Script,
    replace_request: Script,
    writes: Arc<WriteProbe>,
    background: Background,
}

impl RedisStore {
    /// Connects, retrying if Redis cannot be reached, and logs what a crash of Redis can lose. Needs Redis 6 or newer.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if Redis cannot be reached in that time, or refuses this server.
    pub async fn connect(address: RedisAddress, options: RemoteOptions) -> Result<Self, ConnectError> {
        let RemoteOptions { wait, timeout, loss, clock } = options;
        let background = Background::start("redis")?;
        let parts = Arc::new(Parts::new(address.is_cluster()));
        let promises = Arc::new(Promises::new(Arc::clone(&clock), Arc::clone(&parts), loss));
        let connection = start::connect(&background, &address, wait, timeout, &promises).await?;
        let (clocks, index) = (NodeClocks::default(), Arc::new(Index::new(address.is_cluster())));
        let writes = Arc::new(WriteProbe::new(connection.clone(), address.clone(), Arc::clone(&parts)));
        background.spawn(Arc::clone(&writes).keep_probing());
        let upkeep = Upkeep::new(connection.clone(), Arc::clone(&index), Arc::clone(&clock));
        background.spawn(upkeep.clone().keep_complete());
        background.spawn(upkeep.keep_small());
        let compare_and_set = Script::new(&scripts::compare_and_set());
        let compare_and_delete = Script::new(&scripts::compare_and_delete());
        let replace_request = Script::new(&scripts::replace_request());
        Ok(Self {
            address,
            clock,
            connection,
            parts,
            promises,
            clocks,
            index,
            compare_and_set,
            compare_and_delete,
            replace_request,
            writes,
            background,
        })
    }

    /// Returns for how many milliseconds Redis has to keep a session; `None` means forever. The time left does not depend on what
    /// the clock of Redis shows.
    fn time_to_live_ms(&self, session: &Session) -> Option<i64> {
        let left = session.expires_at?.millis() - self.clock.now().millis();
        let margin = i64::try_from(TTL_MARGIN.as_millis()).unwrap_or(i64::MAX);
        Some(left.saturating_add(margin).max(1))
    }

    /// Adds a new session to the index and stores it, in this order, so that no stored session is missing in the index. Returns false
    /// if its id is taken.
    ///
    /// One Redis gets both at once, which costs it less than a script. If it refuses only the first, because it is full at
    /// that moment, the session is stored although its creation has failed; it is added later, as those of earlier versions are.
    async fn store_new(&self, session: &Session, key: &str, record: Vec<u8>) -> Result<bool, StoreError> {
        let mut set = cmd("SET");
        set.arg(key).arg(record).arg("NX");
        if let Some(millis) = self.time_to_live_ms(session) {
            set.arg("PX").arg(millis);
        }
        let set: Option<String> = if self.address.is_cluster() {
            // The two keys may be on different masters.
            self.index.add(&self.connection, &[session.id]).await?;
            self.connection.send(key, set).await?
        } else {
            let mut commands = pipe();
            commands.add_command(self.index.addition_of(session.id)).add_command(set);
            self.connection.send_in_a_row(key, &commands).await?
        };
        Ok(set.is_some())
    }
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let record = record::encode(&session)?;
        let key = keys::session(session.id);
        let created = self.store_new(&session, &key, record).await;
        let is_created = created.map_err(|error| self.writes.note(&key, error))?;
        Ok(if is_created { Created::Yes } else { Created::IdTaken })
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let key = keys::session(id);
        let mut get = cmd("GET");
        get.arg(&key);
        let bytes: Result<Option<Vec<u8>>, _> = self.connection.send(&key, get).await;
        let bytes = bytes.map_err(|error| unreadable_if_wrong_type(id, error))?;
        bytes.map(|bytes| record::decode(id, &bytes)).transpose()
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Deadline>,
    ) -> Result<Replaced, StoreError> {
        let Some(before) = session.revision.previous().map(Revision::get) else { return Ok(Replaced::No) };
        let record = record::encode(&session)?;
        let replacement = Replacement {
            id: session.id,
            part: self.parts.of(session.id),
            key: keys::session(session.id),
            before,
            replaces: session.replaces.get(),
            message: feed::message(session.id, &record),
            record,
            time_to_live_ms: self.time_to_live_ms(&session),
            deletes: false,
        };
        let outcome = self.replace_before(&replacement, deadline).await?;
        Ok(match outcome {
            DONE => Replaced::Yes,
            TOO_LATE => Replaced::TooLate,
            _ => Replaced::No,
        })
    }

    async fn delete(&self, session: Session, deadline: Option<Deadline>) -> Result<Deleted, StoreError> {
        let id = session.id;
        let deletion = Replacement {
            id,
            part: self.parts.of(id),
            key: keys::session(id),
            before: session.revision.get(),
            replaces: session.write.get(),
            message: feed::message(id, &[]),
            record: Vec::new(),
            time_to_live_ms: None,
            deletes: true,
        };
        match self.replace_before(&deletion, deadline).await? {
            DONE => {
                // If this fails, the entry stays behind, and is removed like that of an expired session.
                drop(self.index.remove(&self.connection, id).await);
                Ok(Deleted::Yes)
            }
            TOO_LATE => Ok(Deleted::TooLate),
            _ => Ok(Deleted::No),
        }
    }

    async fn list(&self, after: Option<SessionId>, limit: usize) -> Result<SessionPage, StoreError> {
        let (ids, next) = self.index.page(&self.connection, after, limit.max(1)).await?;
        let mut page = SessionPage { sessions: Vec::with_capacity(ids.len()), left_out: Vec::new(), next };
        for found in join_all(ids.into_iter().map(|id| self.find(id))).await {
            match found {
                Ok(session) => page.sessions.extend(session),
                Err(error) if error.is_temporary() => return Err(error),
                Err(error) => page.left_out.push(error),
            }
        }
        Ok(page)
    }

    /// The time at which the read begins. The master that answers carries it out after that.
    fn certain(&self, id: SessionId) -> Option<Timestamp> {
        self.promises.certain(self.parts.of(id))
    }

    fn terms(&self, id: SessionId) -> Terms {
        self.promises.terms(self.parts.of(id))
    }

    /// Redis expires sessions by itself.
    async fn remove_expired(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.connection.check().await
    }

    fn write_failure(&self) -> Option<StoreError> {
        self.writes.failure()
    }

    fn clock_distance(&self) -> Option<Duration> {
        self.promises.clock_distance()
    }

    fn vitals(&self) -> Vitals {
        let mut vitals = Vitals::default();
        vitals.nodes = self.connection.vitals();
        vitals.nodes.iter_mut().for_each(|node| self.promises.describe(node));
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

impl ChangeFeed for RedisStore {
    fn parts(&self) -> usize {
        self.parts.count()
    }

    fn part_of(&self, id: SessionId) -> FeedPart {
        self.parts.of(id)
    }

    fn subscribe(&self, subscriber: Weak<dyn Subscriber>) {
        let (address, parts) = (self.address.clone(), Arc::clone(&self.parts));
        let (promises, is_new) = (Arc::clone(&self.promises), self.connection.is_new());
        let panics = self.background.panics().clone();
        let feed = Feed { address, parts, promises, is_new, panics, subscriber };
        self.background.spawn(feed.run());
    }
}
