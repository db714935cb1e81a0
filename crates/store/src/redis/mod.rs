//! Sessions in Redis, for several servers: one Redis, or a Redis Cluster, with TLS if wanted.
//!
//! A session is one string that holds the record; `keys` names it. Redis removes it by itself when the session has expired. A
//! compare-and-set is a script that sets the record and publishes it, in one step, on a channel that every server listens to.

mod address;
mod background;
mod breaker;
mod connection;
mod durability;
mod feed;
mod keys;
mod parts;
mod slot;
mod start;
mod topology;
mod views;

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::{Script, cmd};
use tickseed_session::{
    ChangeFeed, Clock, Created, FeedPart, Replaced, Revision, Session, SessionId, SessionStore, StoreError,
    Subscriber, Timestamp,
};
use uuid::Uuid;

use self::background::Background;
use self::connection::SharedConnection;
use self::feed::Feed;
use self::parts::Parts;
use crate::record;

pub use self::address::{InvalidRedisAddress, RedisAddress};
pub use self::start::ConnectError;

/// How much longer than its session a record stays in Redis. The clocks of the servers and of Redis may differ, and no server must
/// miss a session that has not expired by its own clock.
const TTL_MARGIN: Duration = Duration::from_mins(1);

/// Replaces the record `KEYS[1]` by `ARGV[2]` and publishes `ARGV[5]` on `ARGV[4]`, if the record's revision is `ARGV[1]` and
/// the clock of Redis has not reached `ARGV[3]`, in milliseconds (empty: no deadline). A record that cannot be published is put
/// back.
///
/// The script finds the revision without reading JSON, which is cheaper, and exact where Lua's numbers are not. In form 1 the
/// revision is the last field, in form 2 it is the 8 bytes `ARGV[7]` after the first. A record in any other form is never
/// replaced.
///
/// A connection to a cluster sends a call again if it loses the answer. So that the repetition is not refused, `KEYS[2]` names
/// for ten seconds the last call that replaced the record: `ARGV[6]`.
const COMPARE_AND_SET: &str = r#"
if KEYS[2] and redis.call('GET', KEYS[2]) == ARGV[6] then return 1 end
local stored = redis.call('GET', KEYS[1])
if not stored then return 0 end
local form = string.byte(stored)
if form == 1 then
  if string.match(string.sub(stored, -40), '"revision":(%d+)}$') ~= ARGV[1] then return 0 end
elseif form == 2 then
  if string.sub(stored, 2, 9) ~= ARGV[7] then return 0 end
else
  return 0
end
if ARGV[3] ~= '' then
  local time = redis.call('TIME')
  if time[1] * 1000 + time[2] / 1000 >= tonumber(ARGV[3]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
local published = redis.pcall('PUBLISH', ARGV[4], ARGV[5])
if type(published) == 'table' and published.err then
  redis.call('SET', KEYS[1], stored, 'KEEPTTL')
  return published
end
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[6], 'PX', 10000) end
return 1
"#;

/// Asks the node that keeps `KEYS[1]` for its time. Any node of a cluster would answer the command TIME.
const TIME: &str = "return {KEYS[1], redis.call('TIME')}";

/// Sessions in Redis.
pub struct RedisStore {
    address: RedisAddress,
    clock: Arc<dyn Clock>,
    connection: SharedConnection,
    parts: Arc<Parts>,
    compare_and_set: Script,
    time: Script,
    background: Background,
}

impl RedisStore {
    /// Connects, retrying for up to `wait`, and logs what a crash of Redis can lose. Needs Redis 6 or newer.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if Redis cannot be reached in that time, or refuses this server.
    pub async fn connect(
        address: RedisAddress,
        wait: Duration,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectError> {
        let background = Background::start()?;
        let connection = start::connect(&background, &address, wait, &*clock).await?;
        let parts = Arc::new(Parts::new(address.is_cluster()));
        let (compare_and_set, time) = (Script::new(COMPARE_AND_SET), Script::new(TIME));
        Ok(Self { address, clock, connection, parts, compare_and_set, time, background })
    }

    /// Converts a deadline from this server's clock to the clock of Redis. The result is never too late.
    async fn deadline_in_redis_time(&self, deadline: Timestamp, key: &str) -> Result<i64, StoreError> {
        let (_, (seconds, micros)): (String, (i64, i64)) =
            self.connection.call(key, &self.time.key(key)).await?;
        let left = deadline.millis() - self.clock.now().millis();
        Ok(seconds * 1_000 + micros / 1_000 + left)
    }
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let key = keys::session(session.id);
        let mut set = cmd("SET");
        set.arg(&key).arg(record::encode(&session)?).arg("NX");
        if let Some(expires_at) = session.expires_at {
            let left = u64::try_from(expires_at.millis() - self.clock.now().millis()).unwrap_or(0);
            set.arg("PX").arg(u128::from(left) + TTL_MARGIN.as_millis());
        }
        let set: Option<String> = self.connection.send(&key, set).await?;
        // A connection to a cluster sends the command again if it loses the answer. Then this session itself has taken the id.
        let is_stored = set.is_some()
            || self.address.is_cluster() && self.find(session.id).await?.as_ref() == Some(&session);
        Ok(if is_stored { Created::Yes } else { Created::IdTaken })
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let key = keys::session(id);
        let mut get = cmd("GET");
        get.arg(&key);
        let bytes: Option<Vec<u8>> = self.connection.send(&key, get).await?;
        bytes.map(|bytes| record::decode(id, &bytes)).transpose()
    }

    async fn compare_and_set(
        &self,
        session: Session,
        deadline: Option<Timestamp>,
    ) -> Result<Replaced, StoreError> {
        let Some(before) = session.revision.previous().map(Revision::get) else { return Ok(Replaced::No) };
        let key = keys::session(session.id);
        let deadline = match deadline {
            Some(deadline) => self.deadline_in_redis_time(deadline, &key).await?.to_string(),
            None => String::new(),
        };
        let record = record::encode(&session)?;
        let mut call = self.compare_and_set.key(&key);
        call.arg(before).arg(&record).arg(deadline);
        call.arg(self.address.channel()).arg(feed::message(session.id, &record));
        call.arg(Uuid::new_v4().as_bytes()).arg(&before.to_be_bytes());
        if self.address.is_cluster() {
            call.key(keys::replaced_by(&key));
        }
        let replaced: bool = self.connection.call(&key, &call).await?;
        Ok(if replaced { Replaced::Yes } else { Replaced::No })
    }

    /// Redis expires sessions by itself.
    async fn remove_expired(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.connection.check().await
    }

    async fn broken(&self) -> StoreError {
        self.background.panics().first().await
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
        let (address, clock) = (self.address.clone(), Arc::clone(&self.clock));
        let (parts, panics) = (Arc::clone(&self.parts), self.background.panics().clone());
        let feed = Feed { address, clock, parts, panics, subscriber };
        self.background.spawn(feed.run());
    }
}
