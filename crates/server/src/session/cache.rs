//! Sessions in memory, as good as the store: read from it once and kept while its news say that they still hold.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Notify;

use super::listeners::{Listener, Listeners};
use super::trust::{Generation, Trust};
use super::{Clock, Follower, News, ReadySession, Session, SessionId, SessionStore, StoreError};

/// How much memory the sessions may take that are kept in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSize {
    bytes: u64,
}

impl CacheSize {
    /// Takes megabytes of 2^20 bytes; 0 keeps nothing, so that every answer reads the store.
    #[must_use]
    pub const fn from_megabytes(megabytes: u32) -> Self {
        Self { bytes: (megabytes as u64) << 20 }
    }
}

/// A session that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The session.
    pub session: Arc<ReadySession>,
    /// How long ago it was certain to be so, if the store cannot be asked whether it still is.
    pub age: Option<Duration>,
}

impl Found {
    /// A session that is certain to be so.
    const fn now(session: Arc<ReadySession>) -> Self {
        Self { session, age: None }
    }
}

/// A session in memory, and how far it can be trusted.
#[derive(Debug, Clone)]
struct Entry {
    session: Arc<ReadySession>,
    generation: Generation,
    learned_at: Duration,
}

type Outcome = Result<Option<Found>, StoreError>;
type Read = Shared<BoxFuture<'static, Outcome>>;

/// A session that is being read from the store.
struct Reading {
    number: u64,
    /// Who asks in a later one must not be given what was read before it: they were not told of what came in between.
    generation: Generation,
    read: WeakShared<BoxFuture<'static, Outcome>>,
    /// The newest session that the store has told of meanwhile.
    told: Option<Arc<ReadySession>>,
}

/// The sessions in memory, and the way to the others.
pub(super) struct SessionCache {
    store: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
    trust: Trust,
    entries: Cache<SessionId, Entry, Weight>,
    /// One read of a session at a time. Also held while an entry is changed, so that none is replaced by an older one.
    readings: Mutex<HashMap<SessionId, Reading>>,
    next_number: AtomicU64,
    listeners: Arc<Listeners>,
    begun: Notify,
}

#[derive(Debug, Clone)]
struct Weight;

impl Weighter<SessionId, Entry> for Weight {
    fn weight(&self, _id: &SessionId, entry: &Entry) -> u64 {
        entry.session.bytes()
    }
}

impl SessionCache {
    /// A cache over a store. It still has to follow the store.
    pub(super) fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>, size: CacheSize) -> Self {
        // The number is only what the tables are laid out for.
        let number = usize::try_from(size.bytes / (8 * 1024)).unwrap_or(usize::MAX);
        Self {
            store,
            clock,
            trust: Trust::default(),
            entries: Cache::with_weighter(number, size.bytes, Weight),
            readings: Mutex::default(),
            next_number: AtomicU64::new(0),
            listeners: Arc::default(),
            begun: Notify::new(),
        }
    }

    /// The generation that it is: to be asked before the store is written, and told with what was written.
    pub(super) fn generation(&self) -> Generation {
        self.trust.generation()
    }

    /// The session of that id: from memory if that can be trusted, else from the store; and from memory again, with its
    /// age, if the store fails.
    pub(super) async fn find(self: &Arc<Self>, id: SessionId) -> Outcome {
        match self.entries.get(&id) {
            Some(entry) if self.trust.vouches_for(entry.generation, self.clock.uptime()) => {
                Ok(Some(Found::now(entry.session)))
            }
            _ => self.read(id).await,
        }
    }

    /// Keeps a session that this server has created, in a generation that had begun before.
    pub(super) fn created(&self, session: Session, generation: Generation) -> Arc<ReadySession> {
        let session = Arc::new(ReadySession::new(session));
        let learned_at = self.clock.uptime();
        let readings = self.lock();
        // Somebody may have stopped it already.
        if self.entries.peek(&session.session().id).is_none() {
            let entry = Entry { session: Arc::clone(&session), generation, learned_at };
            self.entries.insert(session.session().id, entry);
        }
        drop(readings);
        session
    }

    /// Takes in a session that this server has replaced.
    pub(super) fn replaced_here(&self, session: Session) -> Arc<ReadySession> {
        let session = Arc::new(ReadySession::new(session));
        self.learn(&session);
        session
    }

    /// Starts to listen to a session.
    pub(super) fn listen(&self, id: SessionId) -> Listener {
        self.listeners.listen(id)
    }

    /// Tells the listeners of a session that was found, in case it is new to them.
    pub(super) fn tell(&self, found: &Found) {
        self.listeners.tell(&found.session, found.age.is_none());
    }

    /// The sessions that somebody listens to.
    pub(super) fn listened_to(&self) -> Vec<SessionId> {
        self.listeners.sessions()
    }

    /// Waits until the store begins to tell anew.
    pub(super) async fn begun(&self) {
        self.begun.notified().await;
    }

    /// The session of that id as the store has it, give or take the time that reading takes: joins a read that is under way,
    /// or starts one.
    pub(super) fn read(self: &Arc<Self>, id: SessionId) -> Read {
        let mut readings = self.lock();
        let generation = self.trust.generation();
        let under_way = readings.get(&id).filter(|reading| reading.generation == generation);
        if let Some(read) = under_way.and_then(|reading| reading.read.upgrade()) {
            return read;
        }
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let read = Arc::clone(self).read_from_store(id, number).boxed().shared();
        if let Some(weak) = read.downgrade() {
            readings.insert(id, Reading { number, generation, read: weak, told: None });
        }
        read
    }

    async fn read_from_store(self: Arc<Self>, id: SessionId, number: u64) -> Outcome {
        let mut guard = ReadingGuard { cache: &self, id, number, ended: false };
        let asked_at = self.clock.uptime();
        let found = self.store.find(id).await;
        let mut readings = self.lock();
        let reading = guard.end(&mut readings);
        let outcome = match (found, reading) {
            (Ok(found), Some(reading)) => Ok(self.keep(id, found, reading, asked_at)),
            // Another read has begun since, in a later generation: what it finds is kept.
            (Ok(found), None) => Ok(found.map(|session| Found::now(Arc::new(ReadySession::new(session))))),
            (Err(error), _) => self.remembered(id).map(Some).ok_or(error),
        };
        drop(readings);
        if let Ok(Some(found)) = &outcome {
            self.tell(found);
        }
        outcome
    }

    /// Keeps what was read, or what was told meanwhile if that is newer.
    fn keep(
        &self,
        id: SessionId,
        found: Option<Session>,
        reading: Reading,
        learned_at: Duration,
    ) -> Option<Found> {
        let Some(found) = found else {
            self.entries.remove(&id);
            self.listeners.end(id);
            return None;
        };
        let remembered = self.entries.peek(&id).map(|entry| entry.session);
        let session = match reading.told.filter(|told| told.session().revision > found.revision) {
            Some(told) => told,
            // What was made ready before need not be made again.
            None => remembered
                .filter(|remembered| *remembered.session() == found)
                .unwrap_or_else(|| Arc::new(ReadySession::new(found))),
        };
        let entry = Entry { session: Arc::clone(&session), generation: reading.generation, learned_at };
        self.entries.insert(id, entry);
        Some(Found::now(session))
    }

    /// What is in memory, with its age.
    fn remembered(&self, id: SessionId) -> Option<Found> {
        let entry = self.entries.peek(&id)?;
        let certain_until = self.trust.certain_until(entry.generation, entry.learned_at);
        let age = self.clock.uptime().saturating_sub(certain_until);
        Some(Found { session: entry.session, age: Some(age) })
    }

    /// Takes in a session that may be newer than what is known, and tells the listeners. It is kept only in the place of an
    /// earlier one, and trusted as far as that: what is not in memory is read when it is asked for.
    fn learn(&self, session: &Arc<ReadySession>) {
        let (id, revision) = (session.session().id, session.session().revision);
        let mut readings = self.lock();
        if let Some(reading) = readings.get_mut(&id)
            && reading.told.as_ref().is_none_or(|told| told.session().revision < revision)
        {
            reading.told = Some(Arc::clone(session));
        }
        if let Some(known) = self.entries.peek(&id)
            && known.session.session().revision < revision
        {
            let (generation, learned_at) = (known.generation, self.clock.uptime());
            self.entries.insert(id, Entry { session: Arc::clone(session), generation, learned_at });
        }
        drop(readings);
        self.listeners.tell(session, true);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Reading>> {
        self.readings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower for SessionCache {
    fn begins(&self, news: News) {
        self.trust.begins(news);
        self.begun.notify_one();
    }

    fn told_until(&self, uptime: Duration) {
        self.trust.told_until(uptime);
    }

    fn replaced(&self, session: Session) {
        self.learn(&Arc::new(ReadySession::new(session)));
    }
}

/// Notes that a read has ended, also when everybody who waited for it has gone.
struct ReadingGuard<'cache> {
    cache: &'cache SessionCache,
    id: SessionId,
    number: u64,
    ended: bool,
}

impl ReadingGuard<'_> {
    /// Ends the read and gives it, unless another one has taken its place.
    fn end(&mut self, readings: &mut HashMap<SessionId, Reading>) -> Option<Reading> {
        self.ended = true;
        if readings.get(&self.id).is_some_and(|reading| reading.number == self.number) {
            return readings.remove(&self.id);
        }
        None
    }
}

impl Drop for ReadingGuard<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let cache = self.cache;
            self.end(&mut cache.lock());
        }
    }
}
