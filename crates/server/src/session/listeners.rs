//! Who listens for the changes of which session.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{ReadySession, Session, SessionId};

/// What a listener sees: the newest session that is known, none at first. Only the newest is kept, once for all listeners of
/// a session, so that a slow one costs no memory.
type Newest = Option<Arc<ReadySession>>;

/// Everybody who listens.
#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<HashMap<SessionId, watch::Sender<Newest>>>);

/// Listens for the changes of one session, until it is dropped.
#[derive(Debug)]
pub struct Listener {
    id: SessionId,
    /// There until it is dropped.
    newest: Option<watch::Receiver<Newest>>,
    listeners: Arc<Listeners>,
}

impl Listeners {
    /// Starts to listen.
    pub(super) fn listen(self: &Arc<Self>, id: SessionId) -> Listener {
        let mut newest = self.lock().entry(id).or_insert_with(|| watch::Sender::new(None)).subscribe();
        if newest.borrow().is_some() {
            // What others were told before counts as seen otherwise.
            newest.mark_changed();
        }
        Listener { id, newest: Some(newest), listeners: Arc::clone(self) }
    }

    /// Tells the listeners of a session, if they know none, an earlier one, or another one of that revision: then the store
    /// has lost what they know.
    /// What is only remembered is no such news.
    pub(super) fn tell(&self, session: &Arc<ReadySession>, is_certain: bool) {
        if let Some(newest) = self.lock().get(&session.session().id) {
            newest.send_if_modified(|known| {
                let is_news = known
                    .as_ref()
                    .is_none_or(|known| is_news(session.session(), known.session(), is_certain));
                if is_news {
                    *known = Some(Arc::clone(session));
                }
                is_news
            });
        }
    }

    /// Tells the listeners of a session that it is gone.
    pub(super) fn end(&self, id: SessionId) {
        drop(self.lock().remove(&id));
    }

    /// The sessions that somebody listens to.
    pub(super) fn sessions(&self) -> Vec<SessionId> {
        self.lock().keys().copied().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, watch::Sender<Newest>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_news(session: &Session, known: &Session, is_certain: bool) -> bool {
    known.revision < session.revision || is_certain && known.revision == session.revision && known != session
}

impl Listener {
    /// Waits until there is a session that this has not given yet, and gives it; `None` if the store has it no more.
    /// Several changes at once may come as one, the last.
    pub async fn next(&mut self) -> Option<Arc<ReadySession>> {
        let newest = self.newest.as_mut()?;
        newest.changed().await.ok()?;
        newest.borrow_and_update().clone()
    }
}

impl Drop for Listener {
    /// Forgets the session with its last listener.
    fn drop(&mut self) {
        let mut sessions = self.listeners.lock();
        // Under the lock, so that of two that go at once the second sees that it is the last.
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
    use crate::session::{NewSession, Session, TimeToLive, Timestamp};

    fn session() -> Session {
        let new = NewSession {
            created_at: Timestamp::MAX,
            seed: None,
            schedule: Schedule::new(0, 1).unwrap(),
            rules: Rules::default(),
            metadata: None,
            time_to_live: None,
        };
        Session::create(
            SessionId::random(Timestamp::MAX),
            Seed::new("a").unwrap(),
            new,
            TimeToLive::from_seconds(0),
        )
    }

    #[tokio::test]
    async fn a_listener_is_given_every_session_once_and_never_an_earlier_one() {
        let listeners = Arc::<Listeners>::default();
        let first = session();
        let second = first.stopped(Timestamp::MAX);
        let mut listener = listeners.listen(first.id);
        let (first, second) = (Arc::new(ReadySession::new(first)), Arc::new(ReadySession::new(second)));
        listeners.tell(&first, true);
        assert!(Arc::ptr_eq(&listener.next().await.unwrap(), &first));
        for session in [&first, &second, &second, &first] {
            listeners.tell(session, true);
        }
        assert!(Arc::ptr_eq(&listener.next().await.unwrap(), &second));
        assert!(listener.next().now_or_never().is_none(), "it waits");
        listeners.end(second.session().id);
        assert!(listener.next().await.is_none());
    }

    #[tokio::test]
    async fn who_listens_later_is_given_what_others_know_already() {
        let listeners = Arc::<Listeners>::default();
        let session = Arc::new(ReadySession::new(session()));
        let _first = listeners.listen(session.session().id);
        listeners.tell(&session, true);
        let mut second = listeners.listen(session.session().id);
        assert!(Arc::ptr_eq(&second.next().await.unwrap(), &session));
    }

    #[tokio::test]
    async fn a_stop_that_takes_the_place_of_a_lost_one_is_news() {
        let listeners = Arc::<Listeners>::default();
        let first = session();
        let mut listener = listeners.listen(first.id);
        let stop = |at| Arc::new(ReadySession::new(first.stopped(Timestamp::from_millis(at).unwrap())));
        let (lost, kept) = (stop(1), stop(2));
        for (session, is_certain) in [(&lost, true), (&kept, true), (&lost, false)] {
            listeners.tell(session, is_certain);
        }
        assert!(Arc::ptr_eq(&listener.next().await.unwrap(), &kept));
    }

    #[test]
    fn a_session_is_forgotten_with_its_last_listener() {
        let listeners = Arc::<Listeners>::default();
        let id = SessionId::random(Timestamp::MAX);
        let (first, second) = (listeners.listen(id), listeners.listen(id));
        drop(first);
        assert_eq!(listeners.sessions(), [id]);
        drop(second);
        assert_eq!(listeners.sessions(), []);
    }
}
