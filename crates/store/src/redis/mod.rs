//! Sessions in Redis, for several servers: one Redis, or a Redis Cluster, with TLS if wanted.
//!
//! A session is one string that holds the record; `keys` names it. Redis removes it by itself when the session has expired. A
//! compare-and-set is a script that sets the record and publishes it, in one step, on a channel that every server listens to.

mod address;
mod background;
mod clock_distance;
mod connection;
mod driver;
mod durability;
mod facts;
mod feed;
mod inspection;
mod keep_alive;
mod keys;
mod losses;
mod mistake;
mod monitor;
mod node_clock;
mod nodes;
mod parts;
mod promises;
mod replicas;
mod requests;
mod slot;
mod start;
mod step;
mod topology;
mod views;
mod write_fault;
mod write_probe;

use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_redis::redis::{Script, cmd};
use tickseed_session::{
    ChangeFeed, Clock, Created, Deadline, FeedPart, Replaced, Revision, Session, SessionId, SessionStore,
    StoreError, Subscriber, Terms, Timestamp, Vitals,
};

use self::background::Background;
use self::connection::SharedConnection;
use self::feed::Feed;
use self::node_clock::{Limits, NodeClocks, Reading};
use self::parts::Parts;
use self::promises::Promises;
use self::write_probe::{WriteProbe, unreadable_if_wrong_type};
use crate::record;

pub use self::address::{InvalidRedisAddress, RedisAddress};
pub use self::start::{ConnectError, RedisOptions};

/// How much longer than its session a record stays in Redis. The clocks of the servers and of Redis may differ, and no server must
/// miss a session that has not expired by its own clock.
const TTL_MARGIN: Duration = Duration::from_mins(1);

/// Replaces the record `KEYS[1]` by `ARGV[2]` and publishes `ARGV[5]` on `ARGV[4]`, if the record's revision is `ARGV[1]`, and
/// Redis keeps it for `ARGV[10]` milliseconds (empty: forever). A record that cannot be published is put back. Publishing can
/// fail, and the old expiry is not known; so the new one is set last.
///
/// With a deadline, `ARGV[3]` in microseconds (empty: none), this happens only if the clock of the node has not reached it but
/// has reached `ARGV[8]`, and if the node's name is `ARGV[9]` (`*`: any). Only the
/// nodes of a cluster (`ARGV[6]` is not empty) have names. Returns what has happened, the time of the node, and its name.
///
/// The script finds the revision without reading JSON, which is cheaper, and exact where Lua's numbers are not. In form 1 the
/// revision is the last field, in form 2 it is the 8 bytes after the first, with which `ARGV[7]`
/// begins. In form 3 the id of the write follows, so that a write which Redis has lost is not taken for another one with the same
/// revision: all of `ARGV[7]` must be there. A record in any other form is never
/// replaced.
///
/// When Redis is full, a session can still be stopped: its record grows by a few bytes only. Redis refuses SET as the first write
/// of a script then, but not DEL, which here finds nothing to delete; after that it lets the script finish.
const COMPARE_AND_SET: &str = r#"
local REFUSED, REPLACED, TOO_LATE = {0, 0, ''}, 1, 2
local stored = redis.call('GET', KEYS[1])
if not stored then return REFUSED end
local form = string.byte(stored)
if form == 1 then
  if string.match(string.sub(stored, -40), '"revision":(%d+)}$') ~= ARGV[1] then return REFUSED end
elseif form == 2 then
  if string.sub(stored, 2, 9) ~= string.sub(ARGV[7], 1, 8) then return REFUSED end
elseif form == 3 then
  if string.sub(stored, 2, 17) ~= ARGV[7] then return REFUSED end
else
  return REFUSED
end
local now, node = 0, ''
if ARGV[3] ~= '' then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
  local name = ARGV[6] ~= '' and redis.pcall('CLUSTER', 'MYID')
  if type(name) == 'string' then node = name end
  if (ARGV[9] ~= '*' and node ~= ARGV[9]) or now < tonumber(ARGV[8]) or now >= tonumber(ARGV[3]) then
    return {TOO_LATE, now, node}
  end
end
local set = redis.pcall('SET', KEYS[1], ARGV[2], 'KEEPTTL')
if set.err and string.find(set.err, 'OOM', 1, true) and redis.pcall('DEL', KEYS[1] .. ':none') == 0 then
  set = redis.pcall('SET', KEYS[1], ARGV[2], 'KEEPTTL')
end
if set.err then return set end
local published = redis.pcall('PUBLISH', ARGV[4], ARGV[5])
if type(published) == 'table' and published.err then
  redis.call('SET', KEYS[1], stored, 'KEEPTTL')
  return published
end
if ARGV[10] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[10])
end
return {REPLACED, now, node}
"#;

/// The first value that [`COMPARE_AND_SET`] returns if it has replaced the record.
const REPLACED: u8 = 1;

/// The first value that [`COMPARE_AND_SET`] returns if the deadline has passed, or the node's clock is not the one that was read.
const TOO_LATE: u8 = 2;

/// Sessions in Redis.
pub struct RedisStore {
    address: RedisAddress,
    clock: Arc<dyn Clock>,
    connection: SharedConnection,
    parts: Arc<Parts>,
    promises: Arc<Promises>,
    clocks: NodeClocks,
    compare_and_set: Script,
    writes: Arc<WriteProbe>,
    background: Background,
}

impl RedisStore {
    /// Connects, retrying if Redis cannot be reached, and logs what a crash of Redis can lose. Needs Redis 6 or newer.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if Redis cannot be reached in that time, or refuses this server.
    pub async fn connect(address: RedisAddress, options: RedisOptions) -> Result<Self, ConnectError> {
        let RedisOptions { wait, timeout, loss, clock } = options;
        let background = Background::start()?;
        let parts = Arc::new(Parts::new(address.is_cluster()));
        let promises = Arc::new(Promises::new(Arc::clone(&clock), Arc::clone(&parts), loss));
        let connection = start::connect(&background, &address, wait, timeout, &promises).await?;
        let (clocks, compare_and_set) = (NodeClocks::default(), Script::new(COMPARE_AND_SET));
        let writes = Arc::new(WriteProbe::new(connection.clone(), address.clone(), Arc::clone(&parts)));
        background.spawn(Arc::clone(&writes).keep_probing());
        Ok(Self { address, clock, connection, parts, promises, clocks, compare_and_set, writes, background })
    }

    /// Returns for how many milliseconds Redis has to keep a session; `None` means forever. The time left does not depend on what
    /// the clock of Redis shows.
    fn time_to_live_ms(&self, session: &Session) -> Option<i64> {
        let left = session.expires_at?.millis() - self.clock.now().millis();
        let margin = i64::try_from(TTL_MARGIN.as_millis()).unwrap_or(i64::MAX);
        Some(left.saturating_add(margin).max(1))
    }

    /// Converts a deadline to the clock of a node. Without a reading of that clock nothing may be written.
    fn limits(&self, deadline: Timestamp, reading: Option<&Reading>) -> Limits {
        // Ask for the uptime first, so that less time is left rather than more.
        let uptime = self.clock.uptime();
        let left_us = deadline.millis() * 1_000 - self.clock.now_us();
        reading.map(|reading| reading.limits(uptime, left_us)).unwrap_or_default()
    }

    /// Calls the script once. Returns what has happened, and the reading that the answer contains.
    async fn replace(
        &self,
        replacement: &Replacement,
        limits: Option<Limits>,
    ) -> Result<(u8, Reading), StoreError> {
        let Replacement { id, part, key, before, replaces, record, message, .. } = replacement;
        let has_deadline = limits.is_some();
        let Limits { node, earliest_us, deadline_us } = limits.unwrap_or_default();
        let deadline = if has_deadline { deadline_us.to_string() } else { String::new() };
        let time_to_live = replacement.time_to_live_ms.map(|millis| millis.to_string()).unwrap_or_default();
        let mut call = self.compare_and_set.key(key);
        call.arg(before).arg(record).arg(deadline);
        call.arg(self.address.channel()).arg(message);
        call.arg(if self.address.is_cluster() { "cluster" } else { "" })
            .arg([before.to_be_bytes(), replaces.to_be_bytes()].concat());
        call.arg(earliest_us).arg(node).arg(time_to_live);
        let answer = self.connection.call(key, &call).await;
        let (outcome, time_us, node) =
            answer.map_err(|error| unreadable_if_wrong_type(*id, self.writes.note(key, error)))?;
        let reading = Reading { node, time_us, answered_at: self.clock.uptime() };
        self.note(*part, &reading);
        Ok((outcome, reading))
    }

    /// Replaces a record before a deadline by the clock of the server.
    async fn replace_by_server(
        &self,
        replacement: &Replacement,
        deadline: Timestamp,
    ) -> Result<u8, StoreError> {
        let reading = self.clocks.reading(replacement.part, self.clock.uptime());
        let limits = self.limits(deadline, reading.as_ref());
        let (outcome, reading) = self.replace(replacement, Some(limits)).await?;
        if outcome != TOO_LATE {
            return Ok(outcome);
        }
        // There was no reading of the clock, or it does not fit.
        let limits = self.limits(deadline, Some(&reading));
        Ok(self.replace(replacement, Some(limits)).await?.0)
    }

    /// Replaces a record before a deadline by the clock of Redis. In a cluster, that is a clock which has been measured.
    async fn replace_by_store(
        &self,
        replacement: &Replacement,
        deadline: Timestamp,
    ) -> Result<u8, StoreError> {
        let node = self.promises.decider(replacement.part);
        let limits = Limits::of_node(node.clone(), deadline);
        let (outcome, reading) = self.replace(replacement, Some(limits)).await?;
        if outcome != TOO_LATE || reading.node == node || !self.promises.may_decide(&reading.node) {
            return Ok(outcome);
        }
        // The session is moving, and the other master's clock agrees as well.
        let limits = Limits::of_node(reading.node, deadline);
        Ok(self.replace(replacement, Some(limits)).await?.0)
    }

    /// Notes a reading of the clock that decides about the sessions of a part. Names distinguish the nodes of a cluster.
    fn note(&self, part: FeedPart, reading: &Reading) {
        if reading.time_us > 0 && !(self.address.is_cluster() && reading.node.is_empty()) {
            self.clocks.note(part, reading.clone());
        }
    }
}

/// A record that takes the place of another one.
struct Replacement {
    part: FeedPart,
    id: SessionId,
    key: String,
    /// The revision of the record to replace.
    before: u64,
    /// The write that is replaced.
    replaces: u64,
    record: Vec<u8>,
    message: Vec<u8>,
    time_to_live_ms: Option<i64>,
}

#[async_trait]
impl SessionStore for RedisStore {
    async fn create(&self, session: Session) -> Result<Created, StoreError> {
        let key = keys::session(session.id);
        let mut set = cmd("SET");
        set.arg(&key).arg(record::encode(&session)?).arg("NX");
        if let Some(millis) = self.time_to_live_ms(&session) {
            set.arg("PX").arg(millis);
        }
        let set: Result<Option<String>, _> = self.connection.send(&key, set).await;
        let set = set.map_err(|error| self.writes.note(&key, error))?;
        Ok(if set.is_some() { Created::Yes } else { Created::IdTaken })
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
        };
        let outcome = match deadline {
            None => self.replace(&replacement, None).await?.0,
            Some(Deadline::OfServer(deadline)) => self.replace_by_server(&replacement, deadline).await?,
            Some(Deadline::OfStore(deadline)) => self.replace_by_store(&replacement, deadline).await?,
        };
        Ok(match outcome {
            REPLACED => Replaced::Yes,
            TOO_LATE => Replaced::TooLate,
            _ => Replaced::No,
        })
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

    fn vitals(&self) -> Vitals {
        let mut vitals = Vitals::default();
        vitals.nodes = self.connection.vitals();
        vitals.nodes.iter_mut().for_each(|node| self.promises.describe(node));
        vitals
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
        let (address, parts) = (self.address.clone(), Arc::clone(&self.parts));
        let (promises, is_new) = (Arc::clone(&self.promises), self.connection.is_new());
        let panics = self.background.panics().clone();
        let feed = Feed { address, parts, promises, is_new, panics, subscriber };
        self.background.spawn(feed.run());
    }
}
