//! Sessions in Redis, for several servers: one Redis, with TLS if need be, or a Redis Cluster.
//!
//! A session is one string, `session:{ID}`, whose value is the record that every store writes. Redis removes it by itself
//! when its time is over. Who replaces a session tells all servers of it in the same step: a script sets the record and
//! publishes it on a channel that every server listens to.

mod address;
mod background;
mod breaker;
mod durability;
mod feed;
mod link;
mod start;

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::{Script, cmd};
use uuid::Uuid;

use self::background::Background;
use self::link::Link;
use super::record;
use crate::session::{
    Clock, Created, Follower, Replaced, Session, SessionId, SessionStore, StoreError, Timestamp,
};

pub use self::address::{InvalidRedisAddress, RedisAddress};
pub use self::start::ConnectError;

/// How much longer than its session a record is kept: the clocks of the servers and of Redis need not run alike, and
/// nobody must miss a session that has not expired for them.
const KEPT_LONGER: Duration = Duration::from_mins(1);

/// Replaces the record `KEYS[1]` by `ARGV[2]` if its revision is `ARGV[1]` and it is before `ARGV[3]`, in milliseconds by the clock
/// of Redis (nothing: at any time), and then publishes `ARGV[5]` on `ARGV[4]`; what cannot be published is taken back. The
/// revision is the last field of form 1, which is much cheaper to find than JSON is to read, and exact where Lua's numbers
/// are not.
///
/// The connection to a cluster sends a call again if it loses the answer. So that this is not answered with a refusal, `KEYS[2]`
/// names for ten seconds the call that has replaced the record last: `ARGV[6]`.
const REPLACE: &str = r#"
if KEYS[2] and redis.call('GET', KEYS[2]) == ARGV[6] then return 1 end
local kept = redis.call('GET', KEYS[1])
if not kept or string.byte(kept) ~= 1 then return 0 end
if string.match(string.sub(kept, -40), '"revision":(%d+)}$') ~= ARGV[1] then return 0 end
if ARGV[3] ~= '' then
  local time = redis.call('TIME')
  if time[1] * 1000 + time[2] / 1000 >= tonumber(ARGV[3]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
local published = redis.pcall('PUBLISH', ARGV[4], ARGV[5])
if type(published) == 'table' and published.err then
  redis.call('SET', KEYS[1], kept, 'KEEPTTL')
  return published
end
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[6], 'PX', 10000) end
return 1
"#;

/// Asks what keeps `KEYS[1]` for its time. As a command, TIME would be answered by any node of a cluster.
const TIME: &str = "return {KEYS[1], redis.call('TIME')}";

/// Sessions in Redis.
pub struct RedisStore {
    address: RedisAddress,
    clock: Arc<dyn Clock>,
    link: Link,
    replace: Script,
    time: Script,
    background: Background,
}

impl RedisStore {
    /// Connects, trying again for up to `wait`, and logs what Redis promises to keep. Needs Redis 6 or newer.
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
        let link = start::connect(&background, &address, wait, &*clock).await?;
        let (replace, time) = (Script::new(REPLACE), Script::new(TIME));
        Ok(Self { address, clock, link, replace, time, background })
    }

    /// What a deadline is by the clock of Redis, which need not run like this server's: never later than it was meant.
    async fn by_the_clock_of_redis(&self, deadline: Timestamp, key: &str) -> Result<i64, StoreError> {
        let (_, (seconds, micros)): (String, (i64, i64)) = self.link.call(key, &self.time.key(key)).await?;
        let left = deadline.millis() - self.clock.now().millis();
        Ok(seconds * 1_000 + micros / 1_000 + left)
    }
}

/// Where a session is kept. What stands in braces decides which node of a cluster keeps it.
fn key(id: SessionId) -> String {
    format!("session:{{{id}}}")
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let key = key(session.id);
        let mut set = cmd("SET");
        set.arg(&key).arg(record::encode(&session)?).arg("NX");
        if let Some(expires_at) = session.expires_at {
            let left = u64::try_from(expires_at.millis() - self.clock.now().millis()).unwrap_or(0);
            set.arg("PX").arg(u128::from(left) + KEPT_LONGER.as_millis());
        }
        let set: Option<String> = self.link.ask(&key, set).await?;
        // The connection to a cluster sends it again if it loses the answer: then it is this session that has the id.
        let is_kept = set.is_some()
            || self.address.is_cluster() && self.find(session.id).await?.as_ref() == Some(&session);
        Ok(if is_kept { Created::Yes } else { Created::IdTaken })
    }

    async fn find(&self, id: SessionId) -> Result<Option<Session>, StoreError> {
        let key = key(id);
        let mut get = cmd("GET");
        get.arg(&key);
        let bytes: Option<Vec<u8>> = self.link.ask(&key, get).await?;
        bytes.map(|bytes| record::decode(id, &bytes)).transpose()
    }

    async fn replace(&self, session: Session, deadline: Option<Timestamp>) -> Result<Replaced, StoreError> {
        let Some(before) = session.revision.checked_sub(1) else { return Ok(Replaced::No) };
        let key = key(session.id);
        let deadline = match deadline {
            Some(deadline) => self.by_the_clock_of_redis(deadline, &key).await?.to_string(),
            None => String::new(),
        };
        let record = record::encode(&session)?;
        let mut call = self.replace.key(&key);
        call.arg(before).arg(&record).arg(deadline);
        call.arg(self.address.channel()).arg(feed::message(session.id, &record));
        if self.address.is_cluster() {
            call.key(format!("{key}:replaced-by")).arg(Uuid::new_v4().as_bytes());
        }
        let replaced: bool = self.link.call(&key, &call).await?;
        Ok(if replaced { Replaced::Yes } else { Replaced::No })
    }

    /// Redis does so by itself.
    async fn remove_expired(&self, _now: Timestamp) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.link.check().await
    }

    fn follow(&self, follower: Weak<dyn Follower>) {
        self.background.spawn(feed::follow(self.address.clone(), Arc::clone(&self.clock), follower));
    }
}
