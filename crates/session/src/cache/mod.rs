//! Sessions in memory: read from the store once, and used while the change feed shows that they are current.

mod behind;
mod certainty;
mod changes;
mod entries;
mod entry;
mod in_flight;
mod lookup;
mod lookup_counts;
mod reading;
mod report;
mod second_look;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use self::behind::{Behind, Missed};
use self::entries::Entries;
use self::entry::Entry;
use self::in_flight::{CreationGuard, InFlightCreation, InFlightReads, Read};
use self::lookup_counts::LookupCounts;
use self::report::Report;
use self::second_look::SecondLooks;
use crate::freshness::{Freshness, Position};
use crate::listeners::{Listener, Listeners, Source};
use crate::{
    CacheStatistics, ChangeFeed, Clock, FeedPart, ReadySession, Revision, Session, SessionId, SessionStore,
    StoreError, Timestamp,
};

pub use self::lookup::Lookup;

/// How much memory the sessions in the cache may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSize {
    bytes: u64,
}

impl CacheSize {
    /// Takes megabytes of 2^20 bytes. With 0 nothing is cached and every answer reads the store.
    #[must_use]
    pub const fn from_megabytes(megabytes: u32) -> Self {
        Self { bytes: (megabytes as u64) << 20 }
    }
}

/// The moment before the store is read or written. Whatever comes back is certain from then on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    position: Position,
    uptime: Duration,
    certain: Option<Timestamp>,
}

/// A creation that this server has begun.
pub(super) struct Creation<'cache> {
    guard: CreationGuard<'cache>,
    moment: Moment,
}

type Outcome = Result<Option<Lookup>, StoreError>;

/// The sessions in memory, and the way to all others.
pub(super) struct SessionCache {
    store: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
    freshness: Freshness,
    entries: Entries,
    in_flight: InFlightReads,
    second_looks: SecondLooks,
    listeners: Arc<Listeners>,
    behind: Behind,
    lookups: LookupCounts,
    /// How many records of a later version were met.
    newer_records: AtomicU64,
}

impl SessionCache {
    /// Makes a cache over a store. It still has to subscribe to the store's change feed.
    pub(super) fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>, size: CacheSize) -> Self {
        let parts = store.change_feed().map_or(0, ChangeFeed::parts);
        Self {
            store,
            clock,
            freshness: Freshness::new(parts),
            entries: Entries::new(size),
            in_flight: InFlightReads::default(),
            second_looks: SecondLooks::default(),
            listeners: Arc::default(),
            behind: Behind::default(),
            lookups: LookupCounts::default(),
            newer_records: AtomicU64::new(0),
        }
    }

    /// Begins to count lookups.
    pub(super) fn count_lookups(&self) {
        self.lookups.start();
    }

    pub(super) fn statistics(&self) -> CacheStatistics {
        let (hits, misses) = self.lookups.totals();
        let (bytes, sessions) = (self.entries.bytes(), self.entries.len() as u64);
        CacheStatistics {
            hits,
            misses,
            bytes,
            sessions,
            newer_records: self.newer_records.load(Ordering::Relaxed),
        }
    }

    /// Returns whether the store reports changes.
    pub(super) fn has_feed(&self) -> bool {
        self.freshness.has_feed()
    }

    /// Returns the present moment for a session. Ask before the store is written, and pass it on with the result.
    pub(super) fn moment(&self, id: SessionId) -> Moment {
        let (uptime, certain) = (self.clock.uptime(), self.store.certain(id));
        let part_of = |id| self.store.change_feed().map_or(FeedPart::default(), |feed| feed.part_of(id));
        let mut part = part_of(id);
        loop {
            let position = self.freshness.position(part);
            // If the session has moved to another part meanwhile, this may be the position after the restart of its old part.
            let part_now = part_of(id);
            if part_now == part {
                return Moment { position, uptime, certain };
            }
            part = part_now;
        }
    }

    /// Finds a session: in memory if it is fresh there, else in the store. If the store fails, returns the stale entry with its age.
    pub(super) async fn find(self: &Arc<Self>, id: SessionId) -> Outcome {
        if let Some(lookup) = self.fresh(id) {
            return Ok(Some(lookup));
        }
        self.lookups.miss();
        self.read(id).await
    }

    /// Finds a session in memory if it is fresh there.
    pub(super) fn fresh(&self, id: SessionId) -> Option<Lookup> {
        let (entry, is_first_time) = self.entries.get(&id)?;
        let (entry, certain) = self.with_certainty(id, entry)?;
        if !self.is_fresh(&entry) {
            return None;
        }
        if is_first_time {
            let _table = self.in_flight.lock();
            self.entries.note_read(&id);
        }
        let session = self.newest(entry)?;
        self.lookups.hit();
        Some(Lookup::current(session, certain))
    }

    /// Begins the creation of a session. Call this before the store is written.
    pub(super) fn creating(&self, id: SessionId) -> Creation<'_> {
        let guard = CreationGuard::begin(&self.in_flight, id);
        Creation { guard, moment: self.moment(id) }
    }

    /// Adds a session that this server has created. Another server may have stopped it already.
    pub(super) fn created(&self, session: Session, creation: Creation<'_>) -> Lookup {
        let session = Arc::new(ReadySession::new(session));
        let Creation { guard, moment: Moment { position, uptime: read_at, certain } } = creation;
        let id = session.session().id;
        let mut table = self.in_flight.lock();
        let InFlightCreation { reported, is_outdated } = guard.end(&mut table);
        if self.entries.peek(&id).is_none() {
            let position = (!is_outdated).then_some(position);
            let entry = Entry { session: Arc::clone(&session), report: None, position, read_at, certain };
            let entry = match &reported {
                Some(report) => entry.changed(report),
                None => entry,
            };
            self.entries.insert_created(id, entry);
        }
        drop(table);
        Lookup::current(session, certain)
    }

    /// Takes in a session that this server has replaced, with the moment before.
    pub(super) fn replaced(&self, session: Session, moment: Moment) -> Lookup {
        let session = Arc::new(ReadySession::new(session));
        if self.learn(&Arc::new(Report::own(Arc::clone(&session))), Some(moment)) {
            self.tell(&session);
        } else {
            self.mark_outdated(session.session().id, session.session().revision);
        }
        Lookup::current(session, moment.certain)
    }

    /// Starts to listen to a session.
    pub(super) fn listen(&self, id: SessionId) -> Listener {
        self.listeners.listen(id)
    }

    /// Tells a new listener about the session that it has looked up. Others know at least as much already.
    pub(super) fn tell_first(&self, lookup: &Lookup) {
        self.listeners.tell(&lookup.session, Source::Memory);
    }

    /// Returns the sessions that have listeners.
    pub(super) fn listened_to(&self) -> Vec<SessionId> {
        self.listeners.sessions()
    }

    /// Waits until listeners may have missed a change. Tells them what has been reported, and returns the sessions to read for
    /// them, if any.
    pub(super) async fn behind(&self) -> Vec<SessionId> {
        let Missed { reports, mut unread } = self.behind.take(|| self.listeners.sessions()).await;
        for report in reports {
            match self.read_report(&report) {
                Some(session) => {
                    self.behind.tell(&report, || self.listeners.tell(&session, Source::Change));
                }
                // The read of the store says what is wrong with the record.
                None => self.behind.tell(&report, || unread.push(report.id())),
            }
        }
        unread
    }

    /// Reads a session from the store: joins the read in flight, or begins one.
    pub(super) fn read(self: &Arc<Self>, id: SessionId) -> Read {
        // Taken before the lock, because it can take a while. An earlier position is always safe.
        let Moment { position, .. } = self.moment(id);
        let mut table = self.in_flight.lock();
        match table.join(id, position) {
            Some(read) => read,
            None => self.begin_read(&mut table, id, position),
        }
    }

    /// Reads a session from the store, and joins no read that began earlier: the caller may know of a change since then.
    pub(super) fn read_anew(self: &Arc<Self>, id: SessionId) -> Read {
        let Moment { position, .. } = self.moment(id);
        let mut table = self.in_flight.lock();
        self.begin_read(&mut table, id, position)
    }

    /// Returns the newest session of an entry, or `None` if its record cannot be read.
    fn newest(&self, entry: Entry) -> Option<Arc<ReadySession>> {
        match entry.report {
            Some(report) => self.read_report(&report),
            None => Some(entry.session),
        }
    }

    /// Reads the record of a report, if nobody has needed it so far, and puts the session into the cache in its place. Returns
    /// `None` if the record cannot be read.
    fn read_report(&self, report: &Arc<Report>) -> Option<Arc<ReadySession>> {
        let session = report.session();
        let _table = self.in_flight.lock();
        if let Some(known) = self.entries.peek(&report.id()).filter(|known| known.holds(report)) {
            let entry = if session.is_some() { known.changed(report) } else { known.outdated() };
            self.entries.insert(report.id(), entry);
        }
        session.cloned()
    }

    /// Takes in a session that may be newer than the known one. In the cache it only replaces an earlier revision, and is as fresh
    /// as that: a session that nobody asks for is not cached. `moment` is the one before a write of this server. Returns false if the
    /// feed has restarted since then: the store may have lost the write, and may have been read since.
    fn learn(&self, report: &Arc<Report>, moment: Option<Moment>) -> bool {
        let mut table = self.in_flight.lock();
        // Under the lock: nothing is kept that was read at a later position.
        if moment.is_some_and(|moment| !self.freshness.is_current(moment.position)) {
            return false;
        }
        table.report(report);
        if let Some(known) =
            self.entries.peek(&report.id()).filter(|known| known.revision() < report.revision())
        {
            let read_at = moment.map_or(known.read_at, |moment| moment.uptime);
            let certain = moment.and_then(|moment| moment.certain).max(known.certain);
            self.entries.insert(report.id(), Entry { read_at, certain, ..known.changed(report) });
        }
        true
    }

    /// Tells the listeners of a session about a change.
    fn tell(&self, session: &Arc<ReadySession>) {
        let (id, revision) = (session.session().id, session.session().revision);
        self.behind.tell_instead(id, revision, || self.listeners.tell(session, Source::Change));
    }

    /// Returns whether somebody wants to know this revision: a listener, a caller in line, or the cache.
    fn is_interested(&self, id: SessionId, revision: Revision) -> bool {
        self.in_flight.lock().awaits(id, revision)
            || self.is_outdated_by(id, revision)
            || self.listeners.has(id)
    }

    fn is_outdated_by(&self, id: SessionId, revision: Revision) -> bool {
        self.entries.peek(&id).is_some_and(|known| known.revision() < revision)
    }

    /// Notes that the session has this revision now, which is not known yet.
    fn mark_outdated(&self, id: SessionId, revision: Revision) {
        let mut table = self.in_flight.lock();
        table.detach(id);
        if let Some(known) = self.entries.peek(&id).filter(|known| known.revision() < revision) {
            self.entries.insert(id, Entry { position: None, ..known });
        }
        drop(table);
        if self.listeners.has(id) {
            self.behind.add(id);
        }
    }

    /// Forgets a session that has been deleted, whichever server has done it.
    pub(super) fn deleted(&self, id: SessionId) {
        let mut table = self.in_flight.lock();
        // A read that has found it says nothing about the present.
        table.detach(id);
        self.entries.remove(&id);
        self.behind.tell_instead(id, Revision::MAX, || self.listeners.end_deleted(id));
    }

    fn forget(&self, id: SessionId) {
        self.entries.remove(&id);
        self.behind.tell_instead(id, Revision::MAX, || self.listeners.end(id));
    }
}
