//! Tells listeners about changes of the session they listen to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{ReadySession, Session, SessionId};

/// All listeners of this server.
#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<HashMap<SessionId, watch::Sender<Newest>>>);

/// What is known of a session. Only the newest is kept, once for all of its listeners, so that a slow listener costs no memory.
#[derive(Debug, Clone, Default)]
enum Newest {
    #[default]
    Nothing,
    Session(Arc<ReadySession>),
    Unreadable,
    Deleted,
}

/// Where a session comes from, which decides whether it replaces what the listeners know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The store has it now.
    Store,
    /// A change, which may be reported late.
    Change,
    /// Memory, which may be outdated.
    Memory,
}

/// What a listener hears.
#[derive(Debug, Clone)]
pub enum Update {
    /// The session is this now.
    Session(Arc<ReadySession>),
    /// The session is now a record that only a later version understands.
    Unreadable,
    /// The store no longer has the session.
    Removed,
    /// The session has been deleted.
    Deleted,
}

/// Hears of the changes of one session until it is dropped.
#[derive(Debug)]
pub struct Listener {
    id: SessionId,
    /// `None` only while it is being dropped.
    newest: Option<watch::Receiver<Newest>>,
    listeners: Arc<Listeners>,
}

impl Listeners {
    /// Starts to listen to a session.
    pub(super) fn listen(self: &Arc<Self>, id: SessionId) -> Listener {
        let new = || watch::Sender::new(Newest::Nothing);
        let mut newest = self.lock().entry(id).or_insert_with(new).subscribe();
        if !matches!(*newest.borrow(), Newest::Nothing) {
            // A new receiver counts the current value as seen.
            newest.mark_changed();
        }
        Listener { id, newest: Some(newest), listeners: Arc::clone(self) }
    }

    /// Tells the listeners of a session about it, if it is new to them.
    pub(super) fn tell(&self, session: &Arc<ReadySession>, source: Source) {
        if let Some(newest) = self.lock().get(&session.session().id) {
            newest.send_if_modified(|known| {
                let is_new = match known {
                    Newest::Nothing | Newest::Unreadable => true,
                    // A deleted session never comes back.
                    Newest::Deleted => false,
                    Newest::Session(known) => is_new(session.session(), known.session(), source),
                };
                if is_new {
                    *known = Newest::Session(Arc::clone(session));
                }
                is_new
            });
        }
    }

    /// Tells the listeners of a session that this version cannot read it any more.
    pub(super) fn tell_unreadable(&self, id: SessionId) {
        if let Some(newest) = self.lock().get(&id) {
            newest.send_replace(Newest::Unreadable);
        }
    }

    /// Tells the listeners of a session that it is gone.
    pub(super) fn end(&self, id: SessionId) {
        drop(self.lock().remove(&id));
    }

    /// Tells the listeners of a session that it has been deleted.
    pub(super) fn end_deleted(&self, id: SessionId) {
        if let Some(newest) = self.lock().remove(&id) {
            newest.send_replace(Newest::Deleted);
        }
    }

    /// Returns whether somebody listens to a session.
    pub(super) fn has(&self, id: SessionId) -> bool {
        self.lock().contains_key(&id)
    }

    /// Returns the sessions that have listeners.
    pub(super) fn sessions(&self) -> Vec<SessionId> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, watch::Sender<Newest>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether a session replaces the known one. Revisions do not decide alone: a store that has lost a change gives the same
/// revision to another one, or still has an earlier revision.
fn is_new(session: &Session, known: &Session, source: Source) -> bool {
    match source {
        Source::Store => session != known,
        Source::Change => {
            session.revision > known.revision || session.revision == known.revision && session != known
        }
        Source::Memory => session.revision > known.revision,
    }
}

impl Listener {
    /// Waits for the next update. Several changes in a row may come as one update, with the last session.
    pub async fn next(&mut self) -> Update {
        let Some(newest) = self.newest.as_mut() else { return Update::Removed };
        loop {
            if newest.changed().await.is_err() {
                return Update::Removed;
            }
            match &*newest.borrow_and_update() {
                Newest::Nothing => {}
                Newest::Session(session) => return Update::Session(Arc::clone(session)),
                Newest::Unreadable => return Update::Unreadable,
                Newest::Deleted => return Update::Deleted,
            }
        }
    }
}

impl Drop for Listener {
    /// Forgets the session when its last listener goes.
    fn drop(&mut self) {
        let mut sessions = self.listeners.lock();
        // Drop under the lock, so that of two listeners that go at once the second sees that it is the last.
        drop(self.newest.take());
        if sessions.get(&self.id).is_some_and(|newest| newest.receiver_count() == 0) {
            sessions.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tickseed_engine::{Rules, Schedule, Seed};

    use super::*;
    use crate::{NewSession, Notice, TimeToLive, Timestamp, plain_schedule};

    fn session() -> Session {
        let new = NewSession {
            created_at: Timestamp::MAX,
            seed: None,
            schedule: plain_schedule(Schedule::new(0, 1).unwrap()),
            notice: Notice::NONE,
            rules: Rules::default(),
            metadata: None,
            time_to_live: None,
        };
        let (id, seed) = (SessionId::random(Timestamp::MAX), Seed::new("a").unwrap());
        Session::create(id, seed, new, TimeToLive::from_seconds(0))
    }

    fn hears(listener: &mut Listener, expected: &Arc<ReadySession>) {
        let update = listener.next().now_or_never().expect("the listener hears it at once");
        assert!(matches!(&update, Update::Session(session) if Arc::ptr_eq(session, expected)), "{update:?}");
    }

    #[tokio::test]
    async fn a_listener_hears_every_session_once_and_never_an_earlier_one() {
        let listeners = Arc::<Listeners>::default();
        let first = session();
        let second = first.stopped(Timestamp::MAX);
        let mut listener = listeners.listen(first.id);
        let (first, second) = (Arc::new(ReadySession::new(first)), Arc::new(ReadySession::new(second)));
        listeners.tell(&first, Source::Change);
        hears(&mut listener, &first);
        for session in [&first, &second, &second, &first] {
            listeners.tell(session, Source::Change);
        }
        hears(&mut listener, &second);
        assert!(listener.next().now_or_never().is_none(), "it waits");
        listeners.end(second.session().id);
        assert!(matches!(listener.next().await, Update::Removed));
    }

    #[tokio::test]
    async fn a_late_listener_hears_what_others_know_already() {
        let listeners = Arc::<Listeners>::default();
        let session = Arc::new(ReadySession::new(session()));
        let _first = listeners.listen(session.session().id);
        listeners.tell(&session, Source::Store);
        let mut second = listeners.listen(session.session().id);
        hears(&mut second, &session);
    }

    #[tokio::test]
    async fn a_listener_hears_of_a_stop_that_takes_the_place_of_a_lost_one() {
        let listeners = Arc::<Listeners>::default();
        let first = session();
        let mut listener = listeners.listen(first.id);
        let stop = |at| Arc::new(ReadySession::new(first.stopped(Timestamp::from_millis(at).unwrap())));
        let (lost, stored) = (stop(1), stop(2));
        for (session, source) in [(&lost, Source::Change), (&stored, Source::Change), (&lost, Source::Memory)]
        {
            listeners.tell(session, source);
        }
        hears(&mut listener, &stored);
    }

    #[tokio::test]
    async fn a_listener_hears_that_the_store_has_lost_the_stop() {
        let listeners = Arc::<Listeners>::default();
        let stored = session();
        let mut listener = listeners.listen(stored.id);
        let lost = Arc::new(ReadySession::new(stored.stopped(Timestamp::MAX)));
        let stored = Arc::new(ReadySession::new(stored));
        listeners.tell(&lost, Source::Change);
        hears(&mut listener, &lost);
        for source in [Source::Memory, Source::Change] {
            listeners.tell(&stored, source);
            assert!(listener.next().now_or_never().is_none(), "{source:?} may be outdated");
        }
        listeners.tell(&stored, Source::Store);
        hears(&mut listener, &stored);
    }

    #[tokio::test]
    async fn a_listener_hears_that_a_later_version_has_changed_its_session() {
        let listeners = Arc::<Listeners>::default();
        let session = Arc::new(ReadySession::new(session()));
        let mut listener = listeners.listen(session.session().id);
        listeners.tell(&session, Source::Store);
        listeners.tell_unreadable(session.session().id);
        assert!(matches!(listener.next().await, Update::Unreadable));
    }

    #[tokio::test]
    async fn a_listener_hears_once_that_its_session_has_been_deleted() {
        let listeners = Arc::<Listeners>::default();
        let session = Arc::new(ReadySession::new(session()));
        let id = session.session().id;
        let (mut listener, mut late) = (listeners.listen(id), listeners.listen(id));
        listeners.tell(&session, Source::Store);
        hears(&mut listener, &session);
        listeners.end_deleted(id);
        for listener in [&mut listener, &mut late] {
            assert!(matches!(listener.next().await, Update::Deleted));
            assert!(matches!(listener.next().await, Update::Removed));
        }
        assert!(!listeners.has(id));
    }

    #[test]
    fn a_session_is_forgotten_with_its_last_listener() {
        let listeners = Arc::<Listeners>::default();
        let id = SessionId::random(Timestamp::MAX);
        let (first, second) = (listeners.listen(id), listeners.listen(id));
        drop(first);
        assert_eq!(listeners.sessions(), [id]);
        drop(second);
        assert!(!listeners.has(id));
    }
}
